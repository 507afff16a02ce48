"""The prediction of each region's prompt, as tiles with the region's colours and prompt."""

from __future__ import annotations

from imgui_bundle import imgui

from app.loop.messages import Part
from app.panels.context import PanelContext, hint, shorten_to_width, swatch
from app.panels.picture_view import fit_size
from engine.render.daylight import NOON
from scenes.scene import SKY, Colour, Scene

ABREAST = 3  # tiles in a row
MOST_SWATCHES = 3  # per tile


def draw_regions(ui: PanelContext, key: str, parts: tuple[Part, ...], width: float) -> None:
    """Draw tiles in rows, `width` points wide. key: prefix of the pictures' names, unique to the panel."""
    style = imgui.get_style()
    side = (width - (ABREAST - 1) * style.item_spacing.x) / ABREAST
    left = imgui.get_cursor_pos_x()
    for i, part in enumerate(parts):
        if i % ABREAST:
            imgui.same_line(left + i % ABREAST * (side + style.item_spacing.x))
        imgui.begin_group()
        _caption(part.prompt, display_colours(ui.scene, part.prompt), side)
        imgui.image(ui.picture(f"{key} part {i}", part.image), fit_size(part.image, side, side))
        imgui.end_group()
        hint(part.prompt)


def display_colours(scene: Scene, prompt: str) -> tuple[Colour, ...]:
    """Return the display colours of the materials, and of the sky, with this prompt. Empty for a prompt typed for a mask."""
    built = [material.display for i, material in enumerate(scene.materials) if scene.prompt(i)[0] == prompt]
    sky = [scene.background.display or NOON] if scene.prompt(SKY)[0] == prompt else []
    return tuple(dict.fromkeys([*built, *sky]))


def _caption(prompt: str, colours: tuple[Colour, ...], width: float) -> None:
    """Draw swatches, and as much of the prompt as fits beside them."""
    left = imgui.get_cursor_pos_x()
    for shade in colours[:MOST_SWATCHES] or (None,):
        swatch(shade)
        imgui.same_line()
    imgui.text_disabled(shorten_to_width(prompt, left + width - imgui.get_cursor_pos_x()))
