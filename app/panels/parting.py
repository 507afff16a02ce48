"""How alike two recorded dreams are, measured over frames, drawn as curves with the step from which they differ."""

from __future__ import annotations

from collections.abc import Generator

from app.panels.context import faint, hint
from app.panels.shares_plot import plot_shares
from app.state.timeline import Record
from diffusion.introspection.parting import Parting, measure_parting_slices, pair_steps

TALL = 52.0  # points of the plot
WORDS = "How alike both predictions are at equal noise. Bright line: large shapes. Faint line: details. Dot: from here on they differ."


class PartingPlot:
    """found: of the two dreams that were drawn last, None while it is measured."""

    def __init__(self) -> None:
        self.found: Parting | None = None
        self._of: tuple[int, int] | None = None
        self._work: Generator[None, None, Parting] | None = None

    def draw(self, record: Record, other: Record, place: int, scale: float) -> None:
        """place: of the step that is looked at."""
        self._follow(record, other)
        found = self.found
        if found is None:
            faint("Measuring…")
            return
        plot_shares("##parting", found.coarse, [found.fine], place, TALL * scale, found.step)
        hint(WORDS)
        step = found.step
        faint("They end alike in their large shapes." if step is None else f"They part at step {step + 1}.")

    def _follow(self, record: Record, other: Record) -> None:
        """Measure a pair of dreams, a step of it in each frame."""
        if self._of != (record.id, other.id):
            self._of, self.found = (record.id, other.id), None
            mine, theirs = ([step.sketch for step in one.shown] for one in (record, other))
            self._work = measure_parting_slices(mine, theirs, paired(record, other))
        if self._work is not None:
            try:
                next(self._work)
            except StopIteration as end:
                self.found, self._work = end.value, None


def paired(record: Record, other: Record) -> tuple[int, ...]:
    """For each step of a dream the place of the other dream's step of the same noise."""
    return pair_steps(*([step.preview.sigma for step in one.shown] for one in (record, other)))
