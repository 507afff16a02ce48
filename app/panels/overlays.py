"""What lies over the scene: toasts, the first line of help, the list of keys, the question before leaving, the palette."""

from __future__ import annotations

from dataclasses import dataclass, field

from imgui_bundle import imgui

from app.actions.confirm_exit import Question
from app.gui.theme import colour
from app.panels.brush import BrushOverlay
from app.panels.compare import CompareOverlay
from app.panels.context import SILENT, PanelContext, faint
from app.panels.dialog import begin_dialog
from app.panels.files import FileDialogs
from app.panels.keys import KeysDialog
from app.panels.legend import draw_legend
from app.panels.palette import Palette
from app.state.keymap import ACTIONS, captions

Box = tuple[float, float, float, float]


@dataclass
class Overlays:
    """What is open. Toasts are (text, level, the time they end)."""

    help: bool = False
    palette: bool = False
    question: Question | None = None
    first_help: bool = False
    now: float = 0.0
    toasts: list[tuple[str, str, float]] = field(default_factory=list)
    _brush: BrushOverlay = field(default_factory=BrushOverlay)
    files: FileDialogs = field(default_factory=FileDialogs)
    _compare: CompareOverlay = field(default_factory=CompareOverlay)
    _keys: KeysDialog = field(default_factory=KeysDialog)
    _palette: Palette = field(default_factory=Palette)

    @property
    def open(self) -> bool:
        return self.help or self.palette or self.question is not None or bool(self.files.asked)

    @property
    def split_place(self) -> float:
        """Where the line of a comparison is, 0..1 of the scene's width."""
        return self._compare.place

    @split_place.setter
    def split_place(self, place: float) -> None:
        self._compare.place = place

    def close(self) -> None:
        self.help = self.palette = False
        self.question = None
        self.files.asked = ""

    def toast(self, text: str, level: str = "info", seconds: float = 4.0) -> None:
        self.toasts.append((text, level, self.now + seconds))

    def draw(self, ui: PanelContext, box: Box) -> None:
        self._brush.draw(ui)
        self._compare.draw(ui, box)
        draw_legend(ui, 46 * ui.scale if self.first_help else 0.0)
        self._draw_toasts(ui, box)
        if ui.stage is None:
            _opening(ui, box)
        if self.first_help:
            _first_help(ui, box)
        if self.help:
            self.help = self._keys.draw(ui)
        if self.palette:
            self.palette = self._palette.draw(ui)
        self.files.draw(ui)
        if self.question:
            self._ask(ui, self.question)

    def _draw_toasts(self, ui: PanelContext, box: Box) -> None:
        self.toasts = [toast for toast in self.toasts if toast[2] > self.now]
        tint = {"warning": ui.palette.warning, "error": ui.palette.bad}
        y = box[1] + 14 * ui.scale
        for i, (text, level, _) in enumerate(self.toasts[-4:]):
            imgui.set_next_window_pos(imgui.ImVec2(box[0] + box[2] / 2, y), pivot=imgui.ImVec2(0.5, 0))
            imgui.begin(f"##toast{i}", None, SILENT)[0]
            imgui.text_colored(colour(tint.get(level, ui.palette.good)), "●")
            imgui.same_line()
            imgui.push_text_wrap_pos(max(200.0, box[2] * 0.85))
            imgui.text_unformatted(text)
            imgui.pop_text_wrap_pos()
            y += imgui.get_window_size().y + 6 * ui.scale
            imgui.end()

    def _ask(self, ui: PanelContext, question: Question) -> None:
        begin_dialog(question.title, 0.4)
        if question.words:
            faint(question.words)
        for i, (label, _) in enumerate(question.answers):
            if imgui.button(label):
                ui.do("answer", i)
            imgui.same_line()
        if imgui.button("Cancel"):
            self.question = None
        imgui.end()


def _opening(ui: PanelContext, box: Box) -> None:
    """In the middle of the empty scene, while it is being built."""
    text = f"Opening {ui.scene.name}" + "." * (1 + int(ui.now * 3) % 3)
    size = imgui.calc_text_size(text)
    place = imgui.ImVec2(box[0] + (box[2] - size.x) / 2, box[1] + (box[3] - size.y) / 2)
    imgui.get_background_draw_list().add_text(place, imgui.get_color_u32(imgui.Col_.text_disabled), text)


def _first_help(ui: PanelContext, box: Box) -> None:
    keys = {a.name: captions(a, ui.bindings, ui.written).split(", ")[0] for a in ACTIONS}
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
