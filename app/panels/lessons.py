"""The lessons panel: a guided tour of how diffusion works, with a question at each station that a measurement answers."""

from __future__ import annotations

from imgui_bundle import imgui

from app.panels.context import PanelContext, choice, faint, hint
from app.panels.emergence import EmergencePlots
from app.session import Session
from app.state.inspection import lookable
from app.state.timeline import Record
from app.state.tour import trace_of
from diffusion.lessons.checks import CHECKS
from diffusion.lessons.stations import DEPTHS, STATIONS, Station
from diffusion.lessons.trace import Answer

CUTS = ("skips", "levels")  # stations whose check removes connections
WAITS = "The network is asked as soon as the running dream is finished."
RETURNS = "memory"  # the station whose check compares two visits


class LessonsPanel:
    title = "Lessons"

    def __init__(self) -> None:
        self.number = 0
        self._depth = 0
        self._guess: int | None = None
        self._answer: Answer | None = None
        self._fresh = False  # whether the answer wasn't drawn yet
        self._arrived = False  # whether the station wasn't drawn yet
        self._step = 0  # the inspected step, from 0
        self._set_up: int | None = None  # the station that the panels are set up for
        self._waiting = False
        self._asked: tuple[int, int] | None = (
            None  # dream and step of the pending inspection for the running measurement
        )
        self._emergence = EmergencePlots()

    @property
    def station(self) -> Station:
        return STATIONS[self.number]

    @property
    def answer(self) -> Answer | None:
        return self._answer

    def visit(self, number: int) -> None:
        """Go to a station; numbers wrap around."""
        self.number, self._set_up = number % len(STATIONS), None
        self._guess, self._answer, self._waiting, self._asked = None, None, False, None
        self._arrived = True

    def draw(self, ui: PanelContext) -> Session:
        ui.do("watch")  # the next dream is recorded in the detail that the stations show
        record = ui.timeline.choose_example(lambda r: r.image is not None and lookable(r))
        if self._arrived:
            imgui.set_scroll_y(0.0)
            self._arrived = False
        self._heading()
        for i, name in enumerate(DEPTHS):
            if i:
                imgui.same_line()
            if choice(name, self._depth == i):
                self._depth = i
        _paragraph(self.station.depths[self._depth])
        faint(self.station.look[0])
        if record is None:
            imgui.separator()
            _await_dream(ui)
            return ui.session
        if self._set_up != self.number:
            self._arrange(ui, record)
        self._emergence.follow(record)
        self._question(ui, record)
        return ui.session

    def _heading(self) -> None:
        if imgui.arrow_button("##previous", imgui.Dir.left):
            self.visit(self.number - 1)
        hint("Previous station.")
        imgui.same_line()
        if imgui.arrow_button("##next", imgui.Dir.right):
            self.visit(self.number + 1)
        hint("Next station.")
        imgui.same_line()
        imgui.align_text_to_frame_padding()
        imgui.text_unformatted(f"{self.number + 1} of {len(STATIONS)}: {self.station.title}")

    def _arrange(self, ui: PanelContext, record: Record) -> None:
        """Set the panels up for this station."""
        self._set_up, setting = self.number, self.station.setting
        self._step = round(setting.place * (len(record.shown) - 1))
        ui.do("set_up", setting)
        if setting.network:
            ui.do("look_inside", record, self._step, self.station.name in CUTS)
        if self.station.name == RETURNS:
            ui.do("note_view")

    def _question(self, ui: PanelContext, record: Record) -> None:
        imgui.separator()
        _paragraph(self.station.question)
        self._choices()
        last = len(record.shown) - 1
        if self.station.setting.network and last > 0:
            imgui.set_next_item_width(-1)
            caption = f"at step {min(self._step, last) + 1} of {last + 1}"
            changed, self._step = imgui.slider_int(
                "##step", min(self._step, last), 0, last, caption, imgui.SliderFlags_.always_clamp
            )
            self._answer = None if changed else self._answer
            hint("Step that is measured.")
        imgui.begin_disabled(self._waiting)
        if imgui.button("\uf1de  Measuring…" if self._waiting else "\uf1de  Check by measurement"):
            self._waiting, self._answer = True, None
            if self.station.name == RETURNS:
                ui.do("compare_noted")
        hint("" if self._answer else WAITS if self._waiting else "Measure it in the last dream.")
        imgui.end_disabled()
        if self._waiting:
            self._measure(ui, record)
        if self._answer is not None:
            self._show_answer(self._answer)

    def _choices(self) -> None:
        """Draw the choices, as many on a line as there is room for."""
        style, right = imgui.get_style(), imgui.get_cursor_screen_pos().x + imgui.get_content_region_avail().x
        for i, words in enumerate(self.station.choices):
            wide = imgui.get_frame_height() + style.item_inner_spacing.x + imgui.calc_text_size(words).x
            if i and imgui.get_item_rect_max().x + style.item_spacing.x + wide <= right:
                imgui.same_line()
            if imgui.radio_button(words, self._guess == i):
                self._guess = i

    def _measure(self, ui: PanelContext, record: Record) -> None:
        """Answer once all measurements are there; request missing ones from the network."""
        if self.station.name == RETURNS and ui.tour.noted is not None and ui.tour.counted is None:
            return
        if self.station.setting.network and not self._is_inside(ui, record):
            if ui.inspection.asked is None:
                self._ask_network(ui, record)
            return
        trace = trace_of(record, self._emergence.found, ui.inspection, ui.tour.counted)
        self._answer, self._waiting, self._asked = CHECKS[self.station.name](trace), False, None
        self._fresh = True

    def _ask_network(self, ui: PanelContext, record: Record) -> None:
        """Request an inspection once. If it fails, which the log explains, the measurement ends."""
        step = record.id, self._step
        if self._asked == step:
            self._waiting, self._asked = False, None
        else:
            self._asked = step
            ui.do("look_inside", record, self._step, self.station.name in CUTS)

    def _is_inside(self, ui: PanelContext, record: Record) -> bool:
        """Whether the network was inspected at this step in the detail that the station needs."""
        answer = ui.inspection.answer
        wanted = record.shown[min(self._step, len(record.shown) - 1)].number
        if answer is None or (answer.asked.dream, answer.asked.step) != (record.id, wanted):
            return False
        return bool(answer.ablation) or self.station.name not in CUTS

    def _show_answer(self, answer: Answer) -> None:
        if answer.choice is not None:
            right = self.station.choices[answer.choice]
            guessed = (
                ""
                if self._guess is None
                else "You guessed right"
                if self._guess == answer.choice
                else "You guessed differently"
            )
            imgui.push_style_color(imgui.Col_.text, imgui.get_style_color_vec4(imgui.Col_.check_mark))
            _paragraph(f"{guessed}: {right[:1].lower()}{right[1:]}." if guessed else f"{right}.")
            imgui.pop_style_color()
        _paragraph(answer.text)
        if self._fresh:
            imgui.set_scroll_here_y(1.0)  # in a small window it would lie below the edge
            self._fresh = False


def _await_dream(ui: PanelContext) -> None:
    """Say how the tour gets its first dream. Nothing would be dreamed of a view whose paint was loaded."""
    waits = ui.painter is not None and not ui.painter.client.busy and ui.session.live.auto
    begin = (
        "Stand still until this view is painted."
        if ui.session.live.auto
        else "Painting is paused: press Resume in the Preview panel."
    )
    faint(f"The tour begins when the first dream is finished. {'' if waits else begin}".rstrip())
    if waits:
        if imgui.button("\uf01e  Repaint this view"):
            ui.do("dream")
        hint("This view is painted already. Erase its paint and dream it again.")


def _paragraph(text: str) -> None:
    imgui.push_text_wrap_pos(0.0)
    imgui.text_unformatted(text)
    imgui.pop_text_wrap_pos()
