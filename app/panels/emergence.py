"""Plots of when each region of a dream became what it is; a click selects the step."""

from __future__ import annotations

from collections.abc import Generator

from imgui_bundle import imgui

from app.panels.context import PanelContext, hint, shorten_to_width
from app.panels.shares_plot import plot_shares, was_clicked
from app.state.timeline import Record
from diffusion.introspection.emergence import Emergence, measure_emergence_slices, settling_step

TALL = 52.0  # points of a plot
MOST = 7  # maximum number of plots: the whole picture, and the largest regions
WHOLE = "The whole picture"
WORDS = (
    "Similarity to the final picture at each step. Bright line: large shapes and colours. Faint line: details. "
    "Dot: recognisable from here on. Click to go to a step."
)


class EmergencePlots:
    """A part of the Timeline panel. found: the curves of the last followed record."""

    def __init__(self) -> None:
        self.found: tuple[Emergence, ...] = ()
        self._of: tuple[int, int] | None = None
        self._work: Generator[None, None, tuple[Emergence, ...]] | None = None

    def follow(self, record: Record) -> None:
        """Measure a finished dream, one step per frame. Call once a frame."""
        which = record.id, len(record.shown)
        if self._of != which or record.image is None:
            self._of, self.found, self._work = which, (), _measuring(record)
            if record.image is None:
                self._of = None
        if self._work is not None:
            try:
                next(self._work)
            except StopIteration as end:
                self.found, self._work = end.value, None

    def draw(self, ui: PanelContext, place: int) -> int | None:
        """Draw the plots. place: of the selected step. Returns the step that was clicked, if any."""
        clicked = None
        for i, one in enumerate(self.found[:MOST]):
            if i == 1 and len(self.found) == 2:
                break  # a single region equals the whole picture
            imgui.text_disabled(shorten_to_width(one.prompt or WHOLE, imgui.get_content_region_avail().x))
            last, dot = len(one.coarse) - 1, settling_step(one.coarse)
            marked = dot if dot < last else None
            here = min(place, last)
            pointed = plot_shares(f"##emergence {i}", one.coarse, [one.fine], here, TALL * ui.scale, marked)
            clicked = pointed if was_clicked() else clicked
            hint(WORDS)
        return clicked


def _measuring(record: Record) -> Generator[None, None, tuple[Emergence, ...]] | None:
    if record.image is None or record.canvas is None or len(record.shown) < 2:
        return None
    pictures, canvas = [step.sketch for step in record.shown], record.canvas
    if any(picture.shape[:2] != canvas.change.shape for picture in pictures):
        return None
    return measure_emergence_slices(pictures, canvas.regions, canvas.change)
