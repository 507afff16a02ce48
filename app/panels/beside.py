"""Two recorded dreams of one view side by side, step by step: how similar they are, and where they diverge."""

from __future__ import annotations

from collections.abc import Generator

from imgui_bundle import imgui

from app.panels.context import PanelContext, faint, hint
from app.panels.picture_view import fit_size
from app.panels.sampler import difference
from app.panels.shares_plot import plot_shares
from app.panels.split import Split
from app.state.timeline import Record
from diffusion.introspection.parting import Parting, measure_parting_slices, pair_steps

TALL = 52.0  # points of the plot
HOW = (
    "Dream this view again to compare: use “Compare with…” in the Sampler panel, or change a prompt, seed or setting and "
    "repaint the view."
)
WORDS = "Similarity of the two predictions at equal noise. Bright line: large shapes. Faint line: details. Dot: they differ from here on."


class BesideView:
    """A part of the Timeline panel. found: the comparison of the two dreams shown, None while it is being measured."""

    def __init__(self) -> None:
        self.other: int | None = None  # the other dream's id; None: the latest comparable one
        self.found: Parting | None = None
        self._of: tuple[int, int] | None = None
        self._work: Generator[None, None, Parting] | None = None
        self._split = Split()

    def draw(self, ui: PanelContext, record: Record, place: int, width: float, tall: float) -> None:
        """place: of the selected step."""
        others = comparable(ui.timeline.records, record)
        if not others or record.image is None:
            faint(HOW)
            return
        other = next((one for one in others if one.id == self.other), others[-1])
        self._follow(record, other)
        if len(others) > 1:
            self._choose(others, other)
        place = min(place, len(record.shown) - 1)
        pairs = pair_steps(sigmas_of(record), sigmas_of(other))
        left, right = record.shown[place].preview.image, other.shown[pairs[place]].preview.image
        size, corner = fit_size(left, width, tall), imgui.get_cursor_screen_pos()
        box = corner.x + (width - size.x) / 2, corner.y, size.x, size.y
        pictures = ui.picture("timeline", left), ui.picture("timeline beside", right)
        self._split.draw(pictures, box, ui.scale, (f"dream {record.id + 1}", f"dream {other.id + 1}"))
        if self.found is not None:
            found = self.found
            plot_shares("##beside", found.coarse, [found.fine], place, TALL * ui.scale, found.step)
            hint(WORDS)
            step = self.found.step
            faint("Their large shapes end up alike." if step is None else f"They diverge at step {step + 1}.")
        faint(what_differs(record, other))

    def _choose(self, others: list[Record], chosen: Record) -> None:
        imgui.set_next_item_width(-1)
        if imgui.begin_combo("##beside", f"beside dream {chosen.id + 1}"):
            for one in others:
                if imgui.selectable(f"dream {one.id + 1}", one is chosen)[0]:
                    self.other = one.id
            imgui.end_combo()
        hint("The dream to compare with.")

    def _follow(self, record: Record, other: Record) -> None:
        """Compare a pair of dreams, one step per frame."""
        if self._of != (record.id, other.id):
            self._of, self.found = (record.id, other.id), None
            pairs = pair_steps(sigmas_of(record), sigmas_of(other))
            mine, theirs = ([step.sketch for step in one.shown] for one in (record, other))
            self._work = measure_parting_slices(mine, theirs, pairs)
        if self._work is not None:
            try:
                next(self._work)
            except StopIteration as end:
                self.found, self._work = end.value, None


def comparable(records: tuple[Record, ...], record: Record) -> list[Record]:
    """Return the other finished dreams with pictures of the same size from the same camera."""
    return [
        one
        for one in records
        if one is not record and one.image is not None and one.shown and record.shown
        and one.camera == record.camera and one.shown[0].sketch.shape == record.shown[0].sketch.shape
    ]  # fmt: skip


def sigmas_of(record: Record) -> list[float]:
    return [step.preview.sigma for step in record.shown]


def what_differs(one: Record, other: Record) -> str:
    """Return a line for each setting and prompt that differs between two dreams."""
    if one.settings is None or other.settings is None or one.canvas is None or other.canvas is None:
        return ""
    lines = [] if one.settings == other.settings else [difference(one.settings, other.settings)]
    pairs = zip(one.canvas.regions, other.canvas.regions, strict=False)
    lines += [f"prompt: {a.prompt} → {b.prompt}" for a, b in pairs if a.prompt != b.prompt]
    return "\n".join(lines) or "Both have the same settings and prompts."
