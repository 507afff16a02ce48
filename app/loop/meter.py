"""Measures the current view while the program runs: figures of `rayverie bench consistency`, for the Volume panel.

GL is read in slices, one per frame; the rest runs on a thread, at most once a second and only after something changed.
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
from app.loop.paint_drift import DriftTracker, PageSnapshot
from app.loop.painter import PIECE
from app.loop.quality_levels import level_of
from app.loop.view_framing import border_width
from base.grid import CELL
from engine.atlas import policy
from engine.atlas.views import GatheredView
from engine.atlas.visibility import locate_pixels
from engine.geometry import sides
from engine.geometry.charts import Charts
from engine.gl.context import wait_for_gl
from engine.gl.time_sliced import TimeSlicedTask
from scenes.camera import Camera

PERIOD = 1.0  # seconds between two readings
MAX_READINGS = 240


@dataclass(frozen=True)
class Reading:
    """Figures of a view; nan where one could not be measured.

    painted, finished: shares of the view; changed: mean colour difference (0..255), since first seen finished, of paint that
    was not repainted; kept: its share; seams: luminance steps at borders of paint ÷ inside; sharpness: fine detail ÷ that of the
    last dream, if it was of this view; calls: model calls so far.
    """

    painted: float
    finished: float
    changed: float
    kept: float
    seams: float
    sharpness: float
    calls: int


@dataclass(frozen=True)
class _Sample:
    """Data read from GL for a reading. dreamed: the last dream's picture, if it was of this view; border: see `border_width`;
    steps: of a finished texel."""

    charts: Charts
    gathered: GatheredView
    chart: np.ndarray
    pages: dict[int, PageSnapshot]
    dreamed: np.ndarray | None
    border: tuple[int, int]
    steps: float
    calls: int


class Meter:
    """Call `update` once a frame, on the GL thread, while `readings` are shown (oldest first)."""

    def __init__(self) -> None:
        self.readings: deque[Reading] = deque(maxlen=MAX_READINGS)
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="meter")
        self._steps: Iterator[_Sample | None] | None = None
        self._result: Future[Reading] | None = None
        self._drift, self._charts, self._revision = DriftTracker(), "", 0
        self._read: object = None  # the view of the last reading
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
            self._continue(view)
        elif now - self._at >= PERIOD and view != self._read and painter.client.model and not open_scene.volume.busy:
            self._at, self._read = now, view
            self._reset_if_replaced(open_scene)
            self._steps = _sample(weakref.proxy(open_scene), camera, size)

    def _continue(self, view: object) -> None:
        assert self._steps is not None
        if view != self._read:  # the view or its paint changed meanwhile, so the slices don't fit together
            self._steps = self._read = None
            return
        sample = next(self._steps)
        if sample is not None:
            self._steps = None
            self._result = self._executor.submit(compute_reading, sample, self._drift)

    def _reset_if_replaced(self, open_scene: OpenScene) -> None:
        """Start anew if the scene was changed, or a world was loaded or reset: earlier readings don't apply to it."""
        charts, revision = open_scene.plan.charts.fingerprint, open_scene.volume.revision
        if charts != self._charts or revision < self._revision:
            self._drift = DriftTracker()
            self.readings.clear()
        self._charts, self._revision = charts, revision


def _sample(open_scene: OpenScene, camera: Camera, size: Size) -> Iterator[_Sample | None]:
    """Read GL in slices: gather the view as a dream would, find the charts of its pixels, read page after page. Yields None until
    the sample is complete.

    open_scene: a weak proxy; no part of it is kept between slices, so that a scene that was left can be freed.
    """
    work = open_scene.painter.requests.gather_task(camera, size)
    while not work.run_for(PIECE):
        yield None
    gathered = work.result
    yield None
    charting = TimeSlicedTask(open_scene.ctx, open_scene.volume.draw_charts_slices(gathered.camera, gathered.size))
    while not charting.run_for(PIECE):
        yield None
    chart = charting.result
    yield None
    pages: dict[int, PageSnapshot] = {}
    for number in np.unique(gathered.texel[..., 0]).tolist():
        if number in open_scene.volume.atlas:
            open_scene.volume.atlas.refresh_overview(number)
            wait_for_gl(open_scene.ctx)
            pages[number] = PageSnapshot.of(open_scene.volume.atlas[number])
            yield None
    painter = open_scene.painter
    dreamed = (
        painter.client.dreamed.image
        if painter.client.dreamed and painter.client.dreamed_at == gathered.camera
        else None
    )
    session = painter.session
    border = border_width(size, level_of(session, painter.requests.model, size, resting=True).height, gathered.size)
    steps = float(session.dream.steps)
    yield _Sample(open_scene.plan.charts, gathered, chart, pages, dreamed, border, steps, painter.client.calls)


def compute_reading(sample: _Sample, drift: DriftTracker) -> Reading:
    """Compute the figures and update `drift`. Runs on any thread."""
    gathered, charts = sample.gathered, sample.charts
    finished = gathered.texel[policy.final_mask(gathered, sample.steps)]
    changed, kept = drift.update(sample.pages, finished)
    painted = gathered.colours[..., 3] == 255
    label = find_revisions(locate_pixels(charts, gathered.camera, sample.chart), sample.pages)
    surface = np.where((label >= 0) & painted, number_planes(charts)[sample.chart], -1)
    columns, rows = sample.border
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
        finished=policy.coverage(gathered, sample.steps, sample.border),
        changed=changed,
        kept=kept,
        seams=(across / steps) / (inside / others) if steps and inside else math.nan,
        sharpness=sharpness,
        calls=sample.calls,
    )


def find_revisions(texel: np.ndarray, pages: dict[int, PageSnapshot]) -> np.ndarray:
    """int64 [H,W]: the revision that painted each texel [H,W,3] (page, y, x), −1 where unpainted."""
    label = np.full(texel.shape[:-1], -1, np.int64)
    for number, page in pages.items():
        here = texel[..., 0] == number
        label[here] = page.revision[texel[here][:, 1], texel[here][:, 2]]
    return np.where(label > 0, label, -1)


def number_planes(charts: Charts) -> np.ndarray:
    """int64 [N]: a number for each chart; charts of the same plane and material, or of one mesh, which look like one surface, share it."""
    normal = np.abs(np.cross(charts.u, charts.v)).argmax(axis=1)
    offset = np.where(charts.sky, 0, charts.corner[np.arange(len(charts)), normal])
    side = charts.side * ~charts.sky
    if charts.meshes is not None:  # a mesh looks like one surface, too
        own = charts.meshes.mesh >= 0
        side, offset = np.where(own, len(sides.NORMAL), side), np.where(own, charts.meshes.mesh, offset)
    table = np.stack([side, offset, charts.material], axis=1)
    return np.unique(table, axis=0, return_inverse=True)[1].reshape(-1)
