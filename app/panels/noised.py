"""A picture noised to the level of each step, as tiles; a dream can continue from any of them."""

from __future__ import annotations

from imgui_bundle import imgui

from app.loop.messages import NoisedSteps, NoisingRequest
from app.panels.context import PanelContext, choice, faint, hint, row_label
from app.panels.picture_view import fit_size
from app.state.inspection import lookable
from app.state.timeline import Record

ABREAST = 4  # tiles in a row
MOST = 50  # steps
ABOUT = (
    "Adds this dream's noise to the picture, as much as each step of a run starts with. Nothing is dreamed. The Sampler panel "
    "sets the spacing."
)
# Which picture is noised: False this dream's, True the opened one.
SOURCES = {
    "This picture": (False, "The picture that this dream came to."),
    "Opened picture": (True, "The picture in the Image panel. Open one there, or drop one on the window."),
}


class NoisedView:
    """A part of the Timeline panel."""

    def __init__(self) -> None:
        self.opened = False
        self.steps: int | None = None  # None: the session's number of steps
        self.first, self.end = 0, MOST
        self.chosen: int | None = None  # index in the sequence

    def draw(self, ui: PanelContext, record: Record, width: float) -> None:
        """width: points of the tiles together."""
        self._ask(ui, record)
        told = ui.inspection.find_noised(record)
        if told is None:
            faint(ABOUT)
            return
        noising, noised = told
        self._tiles(ui, noised, width)
        if self.chosen is not None and self.chosen < len(noised.steps):
            self._dream_on(ui, record, noising, noised)

    def _ask(self, ui: PanelContext, record: Record) -> None:
        """Draw the choice of picture and steps, and the button."""
        self.opened = self.opened and ui.source is not None
        for i, (name, (opened, words)) in enumerate(SOURCES.items()):
            if i:
                imgui.same_line()
            imgui.begin_disabled(opened and ui.source is None)
            if choice(name, self.opened == opened):
                self.opened = opened
            imgui.end_disabled()
            hint(words)
        clamp, steps = imgui.SliderFlags_.always_clamp, self.steps or min(MOST, ui.session.dream.steps)
        row_label("Steps", "Steps of a whole run, from noise to picture.")
        moved, steps = imgui.slider_int("##steps", steps, 1, MOST, "%d", clamp)
        self.steps = steps if moved else self.steps
        row_label("From, to", "The steps whose beginnings are the first and the last level. Drag each to change it.")
        first = min(self.first, steps - 1)
        end = min(max(self.end, first + 1), steps)
        moved, low, high = imgui.drag_int_range2("##part", first, end, 0.1, 0, steps, "step %d", "step %d", clamp)
        if moved:
            first, end = min(low, steps - 1), max(high, low + 1)
            self.first, self.end = first, end
        asked = ui.inspection.asked
        imgui.begin_disabled(asked is not None or record.image is None or not lookable(record))
        if imgui.button("\uf2f1  Noising…" if asked is not None and asked.noising else "\uf2f1  Noise it"):
            self.chosen = None
            ui.do("noise_picture", record, self.opened, steps, first, end)
        imgui.end_disabled()
        hint(ABOUT if lookable(record) else "Only dreams that ran while this panel was open can be noised.")

    def _tiles(self, ui: PanelContext, noised: NoisedSteps, width: float) -> None:
        gap, left = imgui.get_style().item_spacing.x, imgui.get_cursor_pos_x()
        side = (width - (ABREAST - 1) * gap) / ABREAST
        for i, picture in enumerate(noised.pictures):
            if i % ABREAST:
                imgui.same_line(left + i % ABREAST * (side + gap))
            imgui.begin_group()
            corner, size = imgui.get_cursor_screen_pos(), fit_size(picture, side, side)
            imgui.image(ui.picture(f"noised {i}", picture), size)
            if i == self.chosen:
                far, ink = (
                    imgui.ImVec2(corner.x + size.x, corner.y + size.y),
                    imgui.get_color_u32(imgui.Col_.check_mark),
                )
                imgui.get_window_draw_list().add_rect(corner, far, ink, 0.0, 2.0 * ui.scale)
            if imgui.is_item_clicked():
                self.chosen = i
            hint(f"Step {noised.steps[i]}, sigma {noised.sigmas[i]:.3g}. Click to choose it.")
            imgui.text_disabled(f"{noised.steps[i]}: {noised.sigmas[i]:.3g}")
            imgui.end_group()

    def _dream_on(self, ui: PanelContext, record: Record, noising: NoisingRequest, noised: NoisedSteps) -> None:
        assert self.chosen is not None
        step, own = noised.steps[self.chosen], noising.picture is record.image
        why = ""
        if step >= noising.settings.steps:
            why = "Nothing is left to dream at the last level."
        elif own and record.camera != ui.camera:
            why = "This dream shows another view than the present one."
        imgui.begin_disabled(bool(why))
        if imgui.button(f"\uf0d0  Dream on from step {step}"):
            ui.do("dream_on", noising, step)
        imgui.end_disabled()
        hint(why or "Dream this view from the chosen level. You can undo it.")
