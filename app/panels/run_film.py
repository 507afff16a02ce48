"""A training run over the scene: its sheets of samples as a film to play and scrub, beside its loss and its figures."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from imgui_bundle import imgui, implot

from app.panels.context import PanelContext, faint, hint, make_accent_spec, shorten_to_width
from app.panels.dialog import close_button
from app.panels.picture_view import fit_size
from diffusion.training.film import first_curves
from diffusion.training.run_log import Curve, RunLog

SECONDS = 1.0  # that a sheet is shown while the film plays
LONGEST = 0.3  # of them between two frames: more has passed while it was closed
SHARE = 0.6  # of the width, or of the height, for the sheet
FLAGS = implot.Flags_.no_legend | implot.Flags_.no_menus | implot.Flags_.no_box_select | implot.Flags_.no_mouse_text


class RunFilm:
    """place: of the film, in sheets from 0; the part behind the point is how far the curves are on the way to the next sheet."""

    def __init__(self) -> None:
        self.place, self.playing = 0.0, False
        self._name, self._last = "", 0.0
        self._curves: tuple[RunLog, dict[str, np.ndarray]] | None = None

    def draw(self, ui: PanelContext, run: RunLog) -> None:
        if run.name != self._name:
            self._name, self.place, self.playing = run.name, 0.0, True
        self._move(ui.now, len(run.sheets))
        number = min(int(self.place), len(run.sheets) - 1)
        imgui.align_text_to_frame_padding()
        title = f"{run.name}: samples of step {run.sheets[number][0]:,} of {run.last:,}"
        imgui.text_unformatted(shorten_to_width(title, imgui.get_content_region_avail().x * 0.7))
        self._again(ui, run)
        close_button(ui)
        self._scrub(run, number)
        room, below = imgui.get_content_region_avail(), self._sheet(ui, run, number)
        if not below:
            imgui.same_line()
        imgui.begin_child("curves")
        if self._curves is None or self._curves[0] is not run:
            self._curves = run, {name: known_values(curve) for name, curve in first_curves(run).items()}
        curves, now = self._curves[1], step_at(run, self.place)
        draw = _draw_abreast if below else _draw_stacked
        draw(curves, now, run.last, imgui.get_content_region_avail() if below else imgui.ImVec2(-1, room.y), ui.scale)
        imgui.end_child()

    def _move(self, now: float, count: int) -> None:
        """Play on, to the end of the last sheet."""
        passed, self._last = min(now - self._last, LONGEST), now
        if self.playing:
            self.place += passed / SECONDS
            if self.place >= count:
                self.place, self.playing = float(count), False

    def _again(self, ui: PanelContext, run: RunLog) -> None:
        imgui.same_line()
        if imgui.button("\uf021"):
            ui.do("open_run", run.sheets[0][1].parent.parent)
        hint("Read the run again, which may still go on.")

    def _scrub(self, run: RunLog, number: int) -> None:
        """Play, one sheet back or on, and the whole run on a slider."""
        count = len(run.sheets)
        if imgui.button("\uf04c" if self.playing else "\uf04b"):
            self.place = 0.0 if self.place >= count else self.place
            self.playing = not self.playing
        hint("Play the run from its first sheet to its last.")
        for icon, step, words in (("\uf048", -1, "The sheet before."), ("\uf051", 1, "The next sheet.")):
            imgui.same_line()
            imgui.begin_disabled(not 0 <= number + step < count)
            if imgui.button(icon):
                self.place, self.playing = float(number + step), False
            imgui.end_disabled()
            hint(words)
        imgui.same_line()
        imgui.set_next_item_width(-1)
        clamp, words = imgui.SliderFlags_.always_clamp, f"sheet {number + 1} of {count}"
        moved, place = imgui.slider_float("##sheet", self.place, 0.0, float(count), words, clamp)
        if moved:
            self.place, self.playing = place, False

    def _sheet(self, ui: PanelContext, run: RunLog, number: int) -> bool:
        """Draw it as large as there is room for; returns whether the curves fit below it, instead of beside it."""
        sheets, files = ui.pictures.sheets, [file for _, file in run.sheets[number : number + 2]]
        known = [sheets.get(file) for file in files]  # the next one is read ahead
        room = imgui.get_content_region_avail()
        if known[0] is None:
            imgui.begin_child("sheet", imgui.ImVec2(SHARE * room.x, room.y))
            faint("Reading the sheet…" if files[0] in sheets.wanted else f"{files[0].name} can't be read.")
            imgui.end_child()
            return False
        beside, above = fit_size(known[0], SHARE * room.x, room.y), fit_size(known[0], room.x, SHARE * room.y)
        imgui.image(ui.picture("sheet", known[0]), max(beside, above, key=lambda size: size.x))
        return above.x > beside.x


def _draw_stacked(curves: Mapping[str, np.ndarray], now: float, last: int, room: imgui.ImVec2, scale: float) -> None:
    line = imgui.get_text_line_height_with_spacing()
    tall = max(60 * scale, room.y / len(curves) - line - imgui.get_style().item_spacing.y)
    if implot.begin_aligned_plots("curves", True):
        for name, curve in curves.items():
            draw_curve(name, curve, now, last, imgui.ImVec2(-1, tall))
        implot.end_aligned_plots()


def _draw_abreast(curves: Mapping[str, np.ndarray], now: float, last: int, room: imgui.ImVec2, scale: float) -> None:
    wide = (room.x - (len(curves) - 1) * imgui.get_style().item_spacing.x) / len(curves)
    tall = max(60 * scale, room.y - imgui.get_text_line_height_with_spacing())
    for number, (name, curve) in enumerate(curves.items()):
        if number:
            imgui.same_line()
        imgui.begin_group()
        draw_curve(name, curve, now, last, imgui.ImVec2(wide, tall))
        imgui.end_group()


def step_at(run: RunLog, place: float) -> float:
    """The step that the curves have reached at a place of the film: they go on to the step of the next sheet, at last to the end."""
    steps = [step for step, _ in run.sheets]
    return float(np.interp(place, range(len(steps) + 1), [*steps, max(run.last, steps[-1])]))


def known_values(curve: Curve) -> np.ndarray:
    """float64 [2,n]: the steps and the values of a curve, without those that are no numbers."""
    known = np.array([(step, value) for step, value in curve if math.isfinite(value)], np.float64).reshape(-1, 2)
    return np.ascontiguousarray(known.T)


def draw_curve(name: str, curve: np.ndarray, now: float, last: int, size: imgui.ImVec2) -> None:
    """A curve [2,n] with its value at step `now`: all of it faint, the part until then bright. A wide range is on a scale of powers."""
    steps, values = curve
    past = int(np.searchsorted(steps, now, side="right"))
    imgui.text_unformatted(name.replace("_", " ") + (f" {values[past - 1]:.4g}" if past else ""))
    if not len(values):
        return
    margin = imgui.get_font_size()  # half of the longest number below the plot, which may end at its edge
    implot.push_style_var(implot.StyleVar_.plot_padding, imgui.ImVec2(margin, implot.get_style().plot_padding.y))
    if not implot.begin_plot(f"##{name}", size, FLAGS):
        implot.pop_style_var()
        return
    implot.setup_axes("", "", implot.AxisFlags_.none, implot.AxisFlags_.none)
    low, high = values.min(), values.max()
    powers, rim = low > 0 and high > 10 * low, 0.05 * ((high - low) or 1.0)
    if powers:
        implot.setup_axis_scale(implot.ImAxis_.y1, implot.Scale_.log10)
    limits = (low / 1.2, high * 1.2) if powers else (low - rim, high + rim)
    implot.setup_axes_limits(0, 1.05 * max(1, last), *limits, implot.Cond_.always)
    pale = implot.Spec(line_color=imgui.get_style_color_vec4(imgui.Col_.text_disabled))
    implot.plot_inf_lines("##now", np.array([now]), spec=pale)
    implot.plot_line("##whole", steps, values, spec=pale)
    if past:
        implot.plot_line("##past", steps[:past].copy(), values[:past].copy(), spec=make_accent_spec())
    implot.end_plot()
    implot.pop_style_var()  # the plot is laid out with its first line
