"""The sampler panel: all settings of a dream, in sections, drawn from their metadata."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path

from imgui_bundle import imgui

from app.files import presets
from app.panels.context import PanelContext, faint, hint
from app.panels.form import edit
from app.panels.mixing_curve import draw_mixing
from app.panels.prompts import PromptFields
from app.session import Session
from app.state.picture_form import SEEDS
from base.step_schedule import StepSchedule
from diffusion.denoisers.few_step import uses_few_step
from diffusion.settings import DreamSettings

# Section → its fields, in order. Fields that are not listed appear under "More", so a new one needs no line here.
SECTIONS: dict[str, tuple[str, ...]] = {
    "Sampler": (
        "steps", "few_step", "sampler", "spacing", "spacing_power", "timestep_max", "timestep_min", "start_at", "end_at",
        "eta", "noise", "seed",
    ),
    "Guidance": (
        "guidance", "scale", "further", "cfgpp_lambda", "residual_delta", "guidance_start", "guidance_end", "cfg_rescale",
        "norm_rescale", "naive_rescale", "threshold_scale", "threshold_percentile", "step_noise",
    ),
    "ControlNet": ("control_strength", "control_start", "control_end"),
    "Style picture": ("style_picture", "style_strength"),
    "Prompts": ("embedding_rank", "embedding_drop", "embedding_turn"),
    "Regions": ("execution", "batch", "softness", "bootstrap"),
    "Memory": ("memory", "refine", "match", "change_form", "strength", "capture"),
    "Mixing": (
        "mix", "mix_form", "mix_alpha", "mix_blend", "mix_start", "mix_stop", "mix_clamp", "mix_min", "mix_max",
        "mix_noise", "mix_perlin", "mix_perlin_mode", "mix_perlin_scale", "rewind_min", "rewind_max",
    ),
    "Large canvases": ("window", "window_overlap", "dilate"),
    "Anagrams": ("anagram_image",),
    "Correction": ("correct_clamp", "correct_centre", "correct_maximise", "correct_until"),
}  # fmt: skip
OPEN = ("Sampler", "Guidance")


class SamplerPanel:
    title = "Sampler"

    def __init__(self) -> None:
        self._name = ""
        self._remembered: DreamSettings | None = None
        self._before: DreamSettings | None = None  # settings before a preset was selected, while a repaint is offered
        self._fields = PromptFields()

    def draw(self, ui: PanelContext) -> Session:
        painter = ui.painter
        if painter is None or painter.client.model is None:
            # The tables of samplers import torch, which the worker is still loading: importing it here would block the window.
            faint("Loading the model.")
            return ui.session
        if not painter.client.model.dreams:
            faint("No model is loaded (--no-model): settings of dreams have no effect.")
            return ui.session
        faint(f"{painter.client.model.id} on {painter.client.model.device}. Changes apply from the next dream.")
        if ui.session.model.lora:
            faint(f"With LoRA {', '.join(Path(lora).name for lora in ui.session.model.lora)}.")
        if controls := ui.session.model.control:
            words = "With ControlNet" if painter.client.model.controls else "This model takes no ControlNet:"
            faint(f"{words} {', '.join(Path(control).name for control in controls)}.")
        if adapter := ui.session.model.ip_adapter:
            words = "With IP-Adapter" if painter.client.model.adapter else "This model takes no IP-Adapter:"
            faint(f"{words} {Path(adapter).name}.")
        if vae := ui.session.model.options.vae:
            faint(f"With the autoencoder {Path(vae).name}.")
        dream = self._presets(ui, ui.session.dream)
        self._offer_repaint(ui, dream)
        self._compare(ui, dream)
        few = painter.client.model.few_steps
        if uses_few_step(dream, few):
            faint(
                f"Fast {few}-step model in use; sampler, guidance and negative prompt are ignored. "
                f"Use {few + 1}+ steps to enable them."
            )
        silent = find_unused(dream, few, painter.client.model.controls, painter.client.model.adapter)
        for title, names in sections().items():
            flags = imgui.TreeNodeFlags_.default_open if title in OPEN else imgui.TreeNodeFlags_.none
            if imgui.collapsing_header(title, flags):
                if title == "Mixing":
                    draw_mixing(dream)
                dream = edit(dream, only=tuple(name for name in names if name != "further"), unused=silent)
                if "further" in names:
                    imgui.begin_disabled("further" in silent)
                    dream = self._further(dream)
                    imgui.end_disabled()
        imgui.spacing()
        if imgui.button("\uf01e  Repaint this view"):
            ui.do("dream")
        hint("Erase the paint in this view and dream it again with these settings.")
        return replace(ui.session, dream=dream)

    def _further(self, dream: DreamSettings) -> DreamSettings:
        """Draw the further prompts on one line, separated by bars."""
        bar = " | "
        changed, text = self._fields.line("##further", "Further prompts: moss:0.5 | rust:-0.3", bar.join(dream.further))
        if not changed:
            return dream
        return replace(dream, further=tuple(part.strip() for part in text.split(bar.strip()) if part.strip()))

    def _presets(self, ui: PanelContext, dream: DreamSettings) -> DreamSettings:
        """Draw a combo of presets that shows the current one, and a field to save the settings under a name."""
        table = preset_table(ui, dream)
        current = next((name for name, settings in table.items() if settings == dream), "")
        imgui.set_next_item_width(imgui.get_content_region_avail().x * 0.5)
        if imgui.begin_combo("##preset", current or "Custom"):
            for name, settings in table.items():
                if imgui.selectable(name, name == current)[0] and settings != dream:
                    self._before = self._before or dream
                    dream = settings
                hint(presets.PRESETS[name][0] if name in presets.PRESETS else "Your preset.")
            imgui.end_combo()
        hint("Presets. They do not change the seed.")
        imgui.same_line()
        if imgui.button("\uf0c7  Save as…"):
            self._name = "" if current in presets.PRESETS else current
            imgui.open_popup("save preset")
        if imgui.begin_popup("save preset"):
            if imgui.is_window_appearing():
                imgui.set_keyboard_focus_here()
            enter = imgui.InputTextFlags_.enter_returns_true
            done, self._name = imgui.input_text_with_hint("##name", "Preset name", self._name, enter)
            imgui.same_line()
            if (imgui.button("Save") or done) and self._name.strip():
                ui.do("save_preset", self._name)
                imgui.close_current_popup()
            imgui.end_popup()
        return dream

    def _offer_repaint(self, ui: PanelContext, dream: DreamSettings) -> None:
        """Offer a repaint after a preset was selected, until it is answered or the old settings are back."""
        painted = ui.open_scene is not None and bool(ui.open_scene.volume.atlas.bytes)
        if self._before is None or self._before == dream or not painted:
            self._before = None
            return
        faint("The paint so far was made with other settings.")
        if imgui.button("Repaint everything"):
            ui.do("repaint_all")
            self._before = None
        hint("Erase all paint that is not frozen, so that it is painted with these settings. Undo restores it.")
        imgui.same_line()
        if imgui.button("Keep the paint"):
            self._before = None

    def _compare(self, ui: PanelContext, dream: DreamSettings) -> None:
        """Draw the button that compares these settings with others."""
        imgui.begin_disabled(ui.comparison is not None)
        if imgui.button("\uf0db  Compare with…"):
            imgui.open_popup("compare with")
        imgui.end_disabled()
        hint("Dream this view with these and with other settings, compare them side by side and keep one.")
        imgui.same_line()
        if imgui.button("\uf08d  Remember settings"):
            self._remembered = dream
        hint("Remember these settings to compare others with them later.")
        if imgui.begin_popup("compare with"):
            remembered = {} if self._remembered is None else {"remembered": self._remembered}
            for name, settings in (remembered | variations(dream) | preset_table(ui, dream)).items():
                if imgui.selectable(f"Remembered settings##{name}" if settings is self._remembered else name, False)[0]:
                    ui.do("compare", name, settings)
                hint(difference(dream, settings))
            imgui.separator()
            if imgui.selectable("Another model…", False)[0]:
                ui.do("models")
            hint("Choose it in the Models panel, and compare it there.")
            imgui.end_popup()


def variations(dream: DreamSettings) -> dict[str, DreamSettings]:
    """Return the settings with one change each, to show the effect of a seed, a sampler and guidance."""
    other = "dpmpp_2m" if dream.sampler == "euler_ancestral" else "euler_ancestral"
    found = {
        "Another seed": replace(dream, seed=(dream.seed + 1) % SEEDS),
        f"Sampler {other}": replace(dream, sampler=other),
    }
    if not isinstance(dream.scale, StepSchedule):
        found["Twice the scale"] = replace(dream, scale=min(2 * dream.scale, 30.0))
    return found


def preset_table(ui: PanelContext, dream: DreamSettings) -> dict[str, DreamSettings]:
    """Return every preset by name, built-in ones first, as settings with the seed of `dream`."""
    model = None if ui.painter is None else ui.painter.client.model
    prefers = {} if model is None else model.defaults
    ours = {name: presets.apply(dream, values, prefers) for name, (_, values) in presets.PRESETS.items()}
    return ours | {name: presets.apply(dream, values) for name, values in ui.presets.items()}


def difference(one: DreamSettings, other: DreamSettings) -> str:
    """Return a line for each setting that differs."""
    pairs = ((f.name, getattr(one, f.name), getattr(other, f.name)) for f in fields(DreamSettings))
    lines = [f"{name.replace('_', ' ')}: {a} → {b}" for name, a, b in pairs if a != b]
    return "\n".join(lines) or "No difference."


def sections() -> dict[str, tuple[str, ...]]:
    """Return SECTIONS without unknown fields, and with a section for the fields in none of them."""
    known = {f.name: None for f in fields(DreamSettings)}
    table = {title: tuple(n for n in names if n in known) for title, names in SECTIONS.items()}
    placed = {name for names in SECTIONS.values() for name in names}
    more = tuple(name for name in known if name not in placed)
    return {**table, "More": more} if more else table


def find_unused(dream: DreamSettings, few_steps: int = 0, controls: int = 0, adapter: bool = False) -> dict[str, str]:
    """Return fields that have no effect now → why. Call it once torch is loaded, which the tables of samplers and guidances need.

    few_steps: as many as the model's few-step network needs, 0 without one; controls: number of its ControlNets;
    adapter: whether it has an IP-Adapter.
    """
    from diffusion.denoisers.inert import Situation, find_inert

    situation = Situation(few_steps, controls=controls > 0, adapter=adapter)
    return {name: f"No effect: {why}." for name, why in find_inert(dream, situation).items()}
