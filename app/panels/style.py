"""The style of the scene: a prompt, a negative prompt and a light that are added to all materials."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from imgui_bundle import imgui

from app.panels.context import PanelContext, hint
from app.panels.prompts import PromptFields
from scenes import edit
from scenes.scene import Scene
from scenes.style import LIGHTS, Style

PROMPT = "Added to all prompts, such as watercolour"
NEGATIVE = "Added to all negative prompts"
HELP = "Words that are added to the prompts of all materials and of the sky."


def draw_style(ui: PanelContext, fields: PromptFields, scene: Scene) -> None:
    """A foldable section with the style's fields. Each change is an edit of the scene."""
    style = scene.style
    shown = imgui.collapsing_header(f"Style: {summary(style)}###style")
    hint(HELP)
    if not shown:
        return
    change: Callable[..., None] = partial(_change, ui)
    changed, prompt = fields.line("##style prompt", PROMPT, style.prompt)
    if changed:
        change(prompt=prompt)
    changed, negative = fields.line("##style negative", NEGATIVE, style.negative_prompt)
    if changed:
        change(negative_prompt=negative)
    imgui.align_text_to_frame_padding()
    imgui.text_unformatted("Light")
    imgui.same_line()
    imgui.set_next_item_width(-1)
    if imgui.begin_combo("##light", style.light or "as the prompts say"):
        for light in ("", *LIGHTS):
            if imgui.selectable(light or "as the prompts say", light == style.light)[0] and light != style.light:
                change(light=light)
        imgui.end_combo()
    hint("Time of day or weather. A prompt that names a light itself keeps its own.")


def summary(style: Style) -> str:
    """Describe the style in one line."""
    return ", ".join(text for text in (style.light, style.prompt) if text) or "none"


def _change(ui: PanelContext, **fields: Any) -> None:
    ui.do("edit_scene", lambda scene: edit.change_style(scene, **fields))
