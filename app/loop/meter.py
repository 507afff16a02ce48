"""The figures of `rayverie bench consistency` that can be had while one walks, of the view before one's eyes.

GL is read a piece a frame; the rest is done on a thread of its own, at most once a second, and only where something changed.
"""

from __future__ import annotations

import math
import weakref
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from app.fields import Size
from app.loop import measures
from app.loop.open_scene import OpenScene
from app.loop.painter import PIECE
from app.loop.quality_levels import level_of
from app.loop.view_framing import beside
from base.grid import CELL
from engine.atlas import policy
from engine.atlas.page import REVISION, SHRINK, STEPS, Page
from engine.atlas.views import GatheredView
from engine.atlas.visibility import locate_pixels
from engine.geometry.charts import Charts
from engine.geometry.pack import PAGE
from engine.gl.context import wait_for_gl
from engine.gl.time_sliced import TimeSlicedTask
from scenes.camera import Camera

PATIENCE = 1.0  # seconds between two readings
KEPT = 240  # readings
FINE = CELL // SHRINK  # overview texels along a texel


@dataclass(frozen=True)
class Reading:
    """What is nan could not be measured. painted, finished: shares of the view; changed: mean difference (0..255) of the paint that was
    finished when first seen and has not been dreamed anew since; kept: its share; seams: luminance steps at frontiers of paint ÷ inside;
    sharpness: fine detail ÷ that of the last dream, if it was of this view; calls: to the model so far."""

    painted: float
    finished: float
    changed: float
    kept: float
    seams: float
    sharpness: float
    calls: int


@dataclass(frozen=True)
class Sheet:
    """A page as it is. revision: float32 [PAGE,PAGE], of the painting, 0 where bare; colour: uint8 [PAGE,FINE,PAGE,FINE,4], the means of
    all its colours."""

    revision: np.ndarray
    colour: np.ndarray

    @staticmethod
    def of(page: Page) -> Sheet:
        """GL thread, after `finish`; the overview must be up to date."""
        state = page.read_state()
        colour = np.frombuffer(page.overview.read(), np.uint8).reshape(PAGE, FINE, PAGE, FINE, 4)
        return Sheet(np.where(state[..., STEPS] > 0, state[..., REVISION], 0), colour)


class Witness:
    """Remembers how paint looked when it was first seen finished. Pure, for one thread at a time."""

    def __init__(self) -> None:
        self._then: dict[int, tuple[np.ndarray, Sheet]] = {}  # page → which texels were finished, and how they looked

    def see(self, sheets: dict[int, Sheet], finished: np.ndarray) -> tuple[float, float]:
        """(mean difference of what is still the same paint, its share of what was finished), nan while there is nothing.

        finished: int [n,3] (page, y, x), texels that are finished now: they are remembered unless they are already.
        """
        moved = pixels = was = still = 0.0
        for number, sheet in sheets.items():
            known, then = self._then.get(number, (np.zeros((PAGE, PAGE), bool), None))
            if then is not None:
                there = known & (sheet.revision > 0)
                same = there & (sheet.revision == then.revision)
                before, now = (s.colour.swapaxes(1, 2)[same].astype(int) for s in (then, sheet))
                moved, pixels = moved + float(np.abs(now - before)[..., :3].sum()), pixels + before[..., :3].size
                was, still = was + float(there.sum()), still + float(same.sum())
            self._then[number] = self._with(known, then, sheet, finished[finished[:, 0] == number])
        return moved / pixels if pixels else math.nan, still / was if was else math.nan

    @staticmethod
    def _with(known: np.ndarray, then: Sheet | None, sheet: Sheet, finished: np.ndarray) -> tuple[np.ndarray, Sheet]:
        fresh = np.zeros_like(known)
        fresh[finished[:, 1], finished[:, 2]] = True
        fresh &= ~known
        if then is None:
            return fresh, sheet
        colour = np.where(fresh[:, None, :, None, None], sheet.colour, then.colour)
        return known | fresh, Sheet(np.where(fresh, sheet.revision, then.revision), colour)


@dataclass(frozen=True)
class _Sample:
    """What GL said of a view. dreamed: the last dream's picture, if it was of this view; steps: of a finished texel."""

    charts: Charts
    gathered: GatheredView
    chart: np.ndarray
    sheets: dict[int, Sheet]
    dreamed: np.ndarray | None
    within: tuple[int, int]
    steps: float
    calls: int


class Meter:
    """Call `update` once a frame, on the GL thread, while somebody looks at `readings` (oldest first)."""

    def __init__(self) -> None:
        self.readings: deque[Reading] = deque(maxlen=KEPT)
        self._hand = ThreadPoolExecutor(1, thread_name_prefix="meter")
        self._steps: Iterator[_Sample | None] | None = None
        self._result: Future[Reading] | None = None
        self._witness, self._of, self._revision = Witness(), "", 0
        self._read: object = None  # what the last reading was of
        self._at = -math.inf

    def update(self, open_scene: OpenScene, camera: Camera, size: Size, now: float) -> None:
        """size: of the view, points or pixels; now: seconds on any steady clock."""
        if self._result is not None:
            if self._result.done():
                result, self._result = self._result, None
                self.readings.append(result.result())
            return
        painter = open_scene.painter
        view = open_scene.plan.charts.fingerprint, open_scene.volume.revision, camera, size
        if self._steps is not None:
            self._go_on(view)
        elif now - self._at >= PATIENCE and view != self._read and painter.client.model and not open_scene.volume.busy:
            self._at, self._read = now, view
            self._remember(open_scene)
            self._steps = _sample(weakref.proxy(open_scene), camera, size)

    def _go_on(self, view: object) -> None:
        assert self._steps is not None
        if view != self._read:  # painted or walked on meanwhile: what was read doesn't belong together
            self._steps = self._read = None
            return
        sample = next(self._steps)
        if sample is not None:
            self._steps = None
            self._result = self._hand.submit(reading, sample, self._witness)

    def _remember(self, open_scene: OpenScene) -> None:
        """Another scene, or a world that was loaded or taken back: what was seen before is of another one."""
        charts, revision = open_scene.plan.charts.fingerprint, open_scene.volume.revision
        if charts != self._of or revision < self._revision:
            self._witness = Witness()
            self.readings.clear()
        self._of, self._revision = charts, revision


def _sample(open_scene: OpenScene, camera: Camera, size: Size) -> Iterator[_Sample | None]:
    """A piece for each step: the view as a dream would begin it, its pixels' surfaces, page after page; at last all of it.

    open_scene: a weak proxy, nothing of which is held between two steps: nobody may go on once the panel is closed and the scene left.
    """
    work = open_scene.painter.gather_task(camera, size)
    while not work.run_for(PIECE):
        yield None
    gathered = work.result
    yield None
    charting = TimeSlicedTask(open_scene.ctx, open_scene.volume.draw_charts_slices(gathered.camera, gathered.size))
    while not charting.run_for(PIECE):
        yield None
    chart = charting.result
    yield None
    sheets: dict[int, Sheet] = {}
    for number in np.unique(gathered.texel[..., 0]).tolist():
        if number in open_scene.volume.atlas:
            open_scene.volume.atlas.refresh_overview(number)
            wait_for_gl(open_scene.ctx)
            sheets[number] = Sheet.of(open_scene.volume.atlas[number])
            yield None
    painter = open_scene.painter
    dreamed = (
        painter.client.dreamed.image
        if painter.client.dreamed and painter.client.dreamed_at == gathered.camera
        else None
    )
    session = painter.session
    assert painter.client.model is not None
    within = beside(size, level_of(session, painter.client.model.native, size, resting=True).height, gathered.size)
    steps = float(session.dream.steps)
    yield _Sample(open_scene.plan.charts, gathered, chart, sheets, dreamed, within, steps, painter.client.calls)


def reading(sample: _Sample, witness: Witness) -> Reading:
    """Any thread."""
    gathered, charts = sample.gathered, sample.charts
    finished = gathered.texel[policy.final_mask(gathered, sample.steps)]
    changed, kept = witness.see(sample.sheets, finished)
    painted = gathered.colours[..., 3] == 255
    label = labels(locate_pixels(charts, gathered.camera, sample.chart), sample.sheets)
    surface = np.where((label >= 0) & painted, planes(charts)[sample.chart], -1)
    columns, rows = sample.within
    height, width = gathered.density.shape
    inner = np.s_[rows * CELL : (height - rows) * CELL, columns * CELL : (width - columns) * CELL]
    across, steps, inside, others = measures.seam_gradients(
        gathered.colours[inner], np.where(painted, label, -1)[inner], surface[inner]
    )
    sharpness = math.nan
    if sample.dreamed is not None and sample.dreamed.shape[:2] == surface.shape:
        ours, theirs = (measures.fine_energy(p[inner], surface[inner])[0] for p in (gathered.colours, sample.dreamed))
        sharpness = math.sqrt(ours / theirs) if theirs else math.nan
    return Reading(
        painted=float(painted[inner].mean()),
        finished=policy.coverage(gathered, sample.steps, sample.within),
        changed=changed,
        kept=kept,
        seams=(across / steps) / (inside / others) if steps and inside else math.nan,
        sharpness=sharpness,
        calls=sample.calls,
    )


def labels(texel: np.ndarray, sheets: dict[int, Sheet]) -> np.ndarray:
    """int64 [H,W]: the revision that painted each texel [H,W,3] (page, y, x), −1 where nothing did."""
    label = np.full(texel.shape[:-1], -1, np.int64)
    for number, sheet in sheets.items():
        here = texel[..., 0] == number
        label[here] = sheet.revision[texel[here][:, 1], texel[here][:, 2]]
    return np.where(label > 0, label, -1)


def planes(charts: Charts) -> np.ndarray:
    """int64 [N]: the same number for charts of one plane and material, which look like one surface."""
    normal = np.abs(np.cross(charts.u, charts.v)).argmax(axis=1)
    offset = np.where(charts.sky, 0, charts.corner[np.arange(len(charts)), normal])
    table = np.stack([charts.side * ~charts.sky, offset, charts.material], axis=1)
    return np.unique(table, axis=0, return_inverse=True)[1].reshape(-1)
