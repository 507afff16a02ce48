"""The models panel: lists this machine's models, loads another one, and chooses additions to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from imgui_bundle import imgui

from app.gui.theme import colour
from app.loop.memory_room import Room
from app.model_additions import parse_addition
from app.panels.context import PanelContext, begin_facts, fact, faint, hint, shorten_to_width
from app.panels.model_additions import draw_added, fitting
from app.session import ModelChoice, Session
from app.state.model_list import ModelList
from app.state.model_load import label_of
from base.files import expand_user
from diffusion.library.facts import Facts
from diffusion.library.listing import ListedModel
from diffusion.library.memory import estimate_bytes
from diffusion.library.read_facts import OURS
from diffusion.loaders.embedded import SHIPPED

MOST_ROWS = 7  # visible rows of the list
LATENTS = (
    "Paint belongs to its model's latents. With another autoencoder it is saved, and the surfaces are painted anew; it comes "
    "back with the model that made it."
)

COMPARE = "Load it beside the loaded model, dream this view with both, and see step by step where they part. Afterwards go on with either."


class ModelsPanel:
    title = "Models"

    def __init__(self) -> None:
        self._wish: ModelChoice | None = None  # the selection, not loaded yet
        self._seen: ModelChoice | None = None  # the session's choice at the time of the selection

    def draw(self, ui: PanelContext) -> Session:
        if self._seen != ui.session.model:
            self._seen, self._wish = ui.session.model, None
        _draw_present(ui)
        listed, wish = ui.models.get(), self._wish or ui.session.model
        if listed is None:
            faint(ui.models.problem or "Reading the list of models…")
            return ui.session
        chosen = find_named(listed.entries, wish.ref)
        self._draw_loading(ui, fitting(wish, chosen), chosen, listed)
        if ui.models.problem:
            faint(ui.models.problem)
        wish = _draw_list(ui, listed, wish, chosen)
        if chosen is not None:
            _draw_details(ui, chosen, listed.room)
        self._wish = draw_added(ui, listed.entries, wish, chosen)
        _draw_folders(ui, listed)
        return ui.session

    def _draw_loading(self, ui: PanelContext, wish: ModelChoice, chosen: ListedModel | None, listed: ModelList) -> None:
        """Draw the buttons that load the selection or compare it with the loaded model, or the progress of loading."""
        if ui.loading is not None:
            imgui.progress_bar(ui.loading.share, imgui.ImVec2(-1, 0), ui.loading.part or _stage(ui.loading.share))
            imgui.begin_disabled(ui.loading.cancelling or ui.loading.model is not None)
            if imgui.button("\uf00d  Cancel", imgui.ImVec2(-1, 0)):
                ui.do("cancel_load")
            imgui.end_disabled()
            hint("Stops before the next part is read. The model that was loaded before stays.")
            return
        model = None if ui.painter is None else ui.painter.client.model
        reason = why_not(wish, ui.session.model, chosen, model is not None)
        if model is not None and not model.dreams:
            reason = "The program was started with --no-model. Start it without to load one."
        imgui.begin_disabled(bool(reason))
        name = shorten_to_width(label_of(wish.ref or "embedded"), imgui.get_content_region_avail().x * 0.6)
        if imgui.button(f"\uf019  Load {name}###load", imgui.ImVec2(-1, 0)):
            ui.do("load_model", wish)
        imgui.end_disabled()
        hint(reason or LATENTS)
        needed = estimate_choice(wish, chosen, listed)
        reason = reason or why_not_beside(ui, needed, listed.room)
        imgui.begin_disabled(bool(reason))
        if imgui.button("\uf0db  Compare it with the loaded model", imgui.ImVec2(-1, 0)):
            ui.do("compare_models", wish)
        imgui.end_disabled()
        hint(reason or f"{COMPARE} It needs about {size_text(needed)}; {free_text(listed.room)}.")


def _stage(share: float) -> str:
    """What a loading says outside of any part."""
    return "starting" if share < 1 else "switching over"


def why_not(wish: ModelChoice, loaded: ModelChoice, chosen: ListedModel | None, ready: bool) -> str:
    """Return why a choice can't be loaded, or "". ready: whether `loaded` is ready; chosen: the entry of the choice, None if unknown."""
    if ready and wish == loaded:
        return "This model is loaded. Choose another one, or something beside it."
    if chosen is not None and not chosen.facts.usable:
        return f"It can't be loaded: {state_of(chosen.facts)}."
    return ""


def why_not_beside(ui: PanelContext, needed: int, room: Room) -> str:
    """Return why a choice that needs so many bytes can't be compared with the loaded model, or ""."""
    if ui.painter is None or ui.painter.client.model is None:
        return "No model is loaded to compare it with."
    if ui.comparison is not None:
        return "End the comparison over the scene first."
    if needed > room.free:
        return f"It does not fit beside the loaded model: it needs about {size_text(needed)}; {free_text(room)}."
    return ""


def estimate_choice(wish: ModelChoice, chosen: ListedModel | None, listed: ModelList) -> int:
    """Estimate the bytes of a choice: of its model and of what is given beside it. LoRAs become part of the model."""
    given = {parse_addition(text).file for text in (*wish.control, *filter(None, [wish.ip_adapter]))}
    parts = [*filter(None, [chosen]), *(one for one in listed.entries if one.name in given)]
    return sum(estimate_bytes(one.facts, listed.room.device) for one in parts)


def free_text(room: Room) -> str:
    return f"{size_text(room.free)} are free on {room.device}"


def state_of(facts: Facts) -> str:
    """Return what is wrong with an entry, or ""."""
    return facts.unsupported or (f"incomplete, {'; '.join(facts.missing)}" if facts.missing else "")


def find_named(entries: Sequence[ListedModel], ref: str | None) -> ListedModel | None:
    """Return the entry that a value of --model means."""
    name = ref or "embedded"
    path = None if name in SHIPPED else expand_user(name).absolute()
    return next((one for one in entries if one.name == name or Path(one.name) == path), None)


def size_text(count: float) -> str:
    return (
        f"{count / 1e9:.1f} GB"
        if count >= 1e9
        else f"{count / 1e6:.0f} MB"
        if count >= 1e6
        else f"{count / 1e3:.0f} kB"
    )


def short_family(facts: Facts) -> str:
    return "knows surfaces" if facts.family == OURS else facts.family.replace("Stable Diffusion", "SD")


def _draw_present(ui: PanelContext) -> None:
    model = None if ui.painter is None else ui.painter.client.model
    if model is None:
        problem = "" if ui.painter is None else ui.painter.client.problem
        faint(f"No model is loaded: {problem}" if problem else "Loading the model.")
        return
    imgui.text_colored(colour(ui.palette.good), "\uf00c")
    imgui.same_line()
    imgui.text_unformatted(shorten_to_width(f"{model.id} on {model.device}", imgui.get_content_region_avail().x))
    hint(f"{model.id} on {model.device}.\nIts latents: {model.space}.")


def _draw_list(ui: PanelContext, listed: ModelList, wish: ModelChoice, chosen: ListedModel | None) -> ModelChoice:
    """Draw a row for each model; a click selects it."""
    imgui.separator_text("Models")
    models = [entry for entry in listed.entries if entry.facts.kind == "model"]
    height = min(len(models), MOST_ROWS) * (imgui.get_text_line_height() + 2 * imgui.get_style().cell_padding.y) + 2
    flags = imgui.TableFlags_.sizing_stretch_prop | imgui.TableFlags_.scroll_y
    if not imgui.begin_table("models", 3, flags, imgui.ImVec2(0, height)):
        return wish
    for name, share in (("name", 3.0), ("family", 2.0), ("size", 1.0)):
        imgui.table_setup_column(name, imgui.TableColumnFlags_.width_stretch, share)
    for number, one in enumerate(models):
        imgui.table_next_row()
        imgui.table_next_column()
        if not one.facts.usable:
            imgui.push_style_color(imgui.Col_.text, imgui.get_style_color_vec4(imgui.Col_.text_disabled))
        text = shorten_to_width(label_of(one.name), imgui.get_content_region_avail().x)
        if imgui.selectable(f"{text}##{number}", one is chosen, imgui.SelectableFlags_.span_all_columns)[0]:
            wish = replace(wish, ref=None if one.name == "embedded" else one.name)
        hint("\n".join(filter(None, (one.name, f"{ORIGINS[one.origin]}", state_of(one.facts)))))
        imgui.table_next_column()
        imgui.text_disabled(shorten_to_width(short_family(one.facts), imgui.get_content_region_avail().x))
        imgui.table_next_column()
        imgui.text_disabled(size_text(one.facts.bytes) if one.facts.parts else "")
        if not one.facts.usable:
            imgui.pop_style_color()
    imgui.end_table()
    return wish


ORIGINS = {
    "included": "Comes with the program.",
    "registered": "In a folder that you added.",
    "hub": "In the hub's cache.",
}


def _draw_details(ui: PanelContext, one: ListedModel, room: Room) -> None:
    """Draw the facts about the selected model that are known without loading it."""
    facts = one.facts
    if problem := state_of(facts):
        imgui.push_style_color(imgui.Col_.text, colour(ui.palette.warning))
        imgui.text_wrapped(f"{problem[:1].upper()}{problem[1:]}.")
        imgui.pop_style_color()
    if not facts.parts or not begin_facts("details"):
        return
    needed = estimate_bytes(facts, room.device)
    fact("Family", facts.family)
    fact("Weights", f"{facts.parameters / 1e6:.3g} million, {facts.precision}, {size_text(facts.bytes)}")
    hint("\n".join(f"{part.name}: {part.parameters / 1e6:.3g} million" for part in facts.parts))
    if facts.native:
        fact("Picture size", f"{facts.native} pixels")
    fits = needed <= room.free
    fact("Memory", f"about {size_text(needed)}; {size_text(room.free)} free on {room.device}")
    hint("An estimate for weights and decoding. " + ("" if fits else TIGHT))
    imgui.end_table()
    if not fits:
        faint(TIGHT)


TIGHT = "It needs more memory than is free: the present model is unloaded first, and loaded again if that fails."


def _draw_folders(ui: PanelContext, listed: ModelList) -> None:
    imgui.separator_text("Where models are looked for")
    for path in listed.folders:
        if imgui.small_button(f"\uf00d##{path}"):
            ui.do("remove_models", path)
        hint("Stop listing its models. Its files stay.")
        imgui.same_line()
        imgui.text_unformatted(shorten_to_width(str(path), imgui.get_content_region_avail().x))
        hint(str(path))
    imgui.text_disabled(shorten_to_width(f"Hub cache: {listed.cache}", imgui.get_content_region_avail().x))
    hint(f"{listed.cache}\n`rayverie models download owner/name` adds to it; nothing is downloaded here.")
    if imgui.button("\uf067  Add a folder…"):
        ui.do("ask_models")
    hint("List the models, LoRAs, ControlNets and IP-Adapters of a folder, too.")
    imgui.same_line()
    imgui.begin_disabled(ui.models.busy)
    if imgui.button("\uf021  Look again"):
        ui.do("list_models")
    imgui.end_disabled()
