"""Draws over the scene: toasts, first help, key list, questions, command palette."""

from __future__ import annotations

from imgui_bundle import imgui

from app.gui.theme import colour
from app.panels.brush import BrushOverlay
from app.panels.builder import BuilderOverlay
from app.panels.compare import CompareOverlay
from app.panels.context import SILENT, PanelContext, faint
from app.panels.cover import Cover
from app.panels.dialog import begin_dialog
from app.panels.files import FileDialogs
from app.panels.keys import KeysDialog
from app.panels.legend import draw_legend
from app.panels.palette import Palette
from app.panels.start import StartPage
from app.session import Session
from app.state.keymap import ACTIONS, captions
from app.state.overlays import Overlays, Question

Box = tuple[float, float, float, float]


class OverlayPanels:
    """Draws `AppState.overlays`, the selected tools, a comparison and the legend."""

    def __init__(self) -> None:
        self.files, self.compare, self.cover = FileDialogs(), CompareOverlay(), Cover()
        self._brush, self._builder = BrushOverlay(), BuilderOverlay()
        self._keys, self._palette, self._start = KeysDialog(), Palette(), StartPage()

    def draw(self, ui: PanelContext, box: Box) -> Session:
        """Returns the session, changed or the same."""
        overlays = ui.overlays
        self._brush.draw(ui)
        self._builder.draw(ui)
        self.compare.draw(ui, box)
        self.cover.draw(ui, box)
        helps = overlays.first_help and not ui.scene_covered
        draw_legend(ui, 46 * ui.scale if helps else 0.0)
        _draw_toasts(ui, overlays, box)
        if ui.open_scene is None:
            _opening(ui, box)
        if helps:
            _first_help(ui, box)
        session = self._start.draw(ui) if overlays.start and not overlays.dialog else ui.session
        if overlays.help:
            overlays.help = self._keys.draw(ui)
        if overlays.palette:
            overlays.palette = self._palette.draw(ui)
        self.files.draw(ui)
        if overlays.question:
            _ask(ui, overlays.question)
        return session


def _draw_toasts(ui: PanelContext, overlays: Overlays, box: Box) -> None:
    overlays.toasts = [toast for toast in overlays.toasts if toast.until > overlays.now]
    tint = {"warning": ui.palette.warning, "error": ui.palette.bad}
    y = box[1] + 14 * ui.scale
    for i, (text, level, _) in enumerate(overlays.toasts[-4:]):
        imgui.set_next_window_pos(imgui.ImVec2(box[0] + box[2] / 2, y), pivot=imgui.ImVec2(0.5, 0))
        imgui.begin(f"##toast{i}", None, SILENT)[0]
        imgui.text_colored(colour(tint.get(level, ui.palette.good)), "●")
        imgui.same_line()
        imgui.push_text_wrap_pos(max(200.0, box[2] * 0.85))
        imgui.text_unformatted(text)
        imgui.pop_text_wrap_pos()
        y += imgui.get_window_size().y + 6 * ui.scale
        imgui.end()


def _ask(ui: PanelContext, question: Question) -> None:
    begin_dialog(question.title, 0.4)
    if question.words:
        faint(question.words)
    for i, (label, _) in enumerate(question.answers):
        if imgui.button(label):
            ui.do("answer", i)
        imgui.same_line()
    if imgui.button("Cancel"):
        ui.overlays.question = None
    imgui.end()


def _opening(ui: PanelContext, box: Box) -> None:
    """Draw a message in the middle of the empty scene while it is being built."""
    text = f"Opening {ui.scene.name}" + "." * (1 + int(ui.now * 3) % 3)
    size = imgui.calc_text_size(text)
    place = imgui.ImVec2(box[0] + (box[2] - size.x) / 2, box[1] + (box[3] - size.y) / 2)
    imgui.get_background_draw_list().add_text(place, imgui.get_color_u32(imgui.Col_.text_disabled), text)


def _first_help(ui: PanelContext, box: Box) -> None:
    keys = {a.name: captions(a, ui.bindings, ui.key_captions).split(", ")[0] for a in ACTIONS}
    walk, rise = (
        " ".join(keys[name] for name in names) for names in (("forward", "left", "back", "right"), ("up", "down"))
    )
    text = (
        f"{walk} to move · {rise} up and down · click, then move the mouse to look · stand still to paint · "
        f"{keys['help']} for all keys"
    )
    place = imgui.ImVec2(box[0] + box[2] / 2, box[1] + box[3] - 16 * ui.scale)
    imgui.set_next_window_pos(place, pivot=imgui.ImVec2(0.5, 1))
    imgui.set_next_window_bg_alpha(0.75)
    imgui.begin("##first", None, SILENT)
    imgui.push_text_wrap_pos(max(200.0, box[2] * 0.9))
    imgui.text_unformatted(text)
    imgui.pop_text_wrap_pos()
    imgui.end()
