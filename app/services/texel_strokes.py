"""Strokes: changes that the user makes to painted texels, with undo and redo."""

from __future__ import annotations

import time
import weakref
from collections import deque
from collections.abc import Callable, Iterator, Mapping

from app.loop.open_scene import OpenScene
from app.state.app_state import AppState
from app.state.stroke import LIMIT, Stroke
from engine.atlas.views import GatheredView, PaintedView
from engine.atlas.visibility import TexelMasks
from engine.atlas.volume import LatentVolume
from engine.edits.orphaned_paint import PaintStash
from engine.edits.patch import OPERATIONS, apply_operation, apply_patch, erase_all
from engine.gl.time_sliced import Slices
from scenes.scene import Scene

BUDGET = 0.006  # seconds of a frame
Job = Iterator[object]  # one piece per step; yields CHANGED if the surfaces' colours changed
CHANGED = object()


class TexelStrokes:
    """Changes the volume in small pieces: call `follow` once a frame, on the GL thread. Nothing may be painted while `busy`."""

    def __init__(self, stash: PaintStash) -> None:
        """stash: paint of removed surfaces."""
        self.stash = stash
        self._jobs: deque[Job] = deque()
        self._shown: tuple[Stroke, ...] = ()  # the strokes that the volume shows
        self._kept: list[weakref.ref[Stroke]] = []  # oldest first

    @property
    def busy(self) -> bool:
        return bool(self._jobs)

    @property
    def bytes(self) -> int:
        """Memory kept for undoing and redoing strokes."""
        return sum(stroke.bytes for reference in self._kept if (stroke := reference()) is not None)

    def begin(self, open_scene: OpenScene) -> Stroke:
        """Create a stroke for `change` or `lay`; end it with `finish`."""
        stroke = Stroke(open_scene.plan.charts.fingerprint)
        self._kept.append(weakref.ref(stroke))
        return stroke

    def change(
        self, open_scene: OpenScene, stroke: Stroke, masks: TexelMasks | Slices[TexelMasks], operation: str
    ) -> None:
        """Apply an operation of `engine.edits.patch.OPERATIONS` to these texels, as a part of the stroke.

        masks: the texels, or an iterator that finds them over several frames.
        """
        self._jobs.append(_change(open_scene.volume, stroke, masks, operation))

    def lay(
        self,
        open_scene: OpenScene,
        stroke: Stroke,
        gathered: GatheredView,
        painted: PaintedView,
        masks: TexelMasks | Slices[TexelMasks],
        freeze: bool = False,
    ) -> None:
        """Lay a painted view onto these texels in place of what they have, as part of the stroke. gathered: the view that it was dreamed
        from; freeze: freeze what was laid."""
        self._jobs.append(_lay(open_scene.volume, stroke, gathered, painted, masks, freeze))

    def do(self, job: Job) -> None:
        """Queue a job; it runs in slices after all earlier jobs."""
        self._jobs.append(job)

    def erase_all(self, open_scene: OpenScene, stroke: Stroke) -> None:
        """Erase all paint, now."""
        stroke.patches += erase_all(open_scene.volume)
        open_scene.volume.revision += 1

    def sweep(self, stroke: Stroke, scene: Scene, material: int | None = None) -> None:
        """Erase stashed paint of removed surfaces as part of the stroke: of one material, or all."""
        stroke.sweep = lambda: self.stash.pop_items(scene, material)
        stroke.swept = stroke.sweep()

    def then(self, act: Callable[[], None]) -> None:
        """Call `act` after all queued jobs."""

        def job() -> Job:
            act()
            yield

        self.do(job())

    def add(self, state: AppState, stroke: Stroke) -> None:
        """Add a stroke that the volume already shows to the undo history, unless it changed nothing."""
        state.strokes = self._shown = (*state.strokes, stroke) if stroke.patches or stroke.swept else state.strokes
        self._trim()

    def finish(self, state: AppState, stroke: Stroke) -> None:
        """`add` the stroke after all queued jobs."""
        self.then(lambda: self.add(state, stroke))

    def follow(self, open_scene: OpenScene, wanted: tuple[Stroke, ...], settled: bool) -> bool:
        """One frame's work towards the state of the undo history. settled: the open scene shows the scene that the strokes belong to.

        Returns False if a stroke can't be undone or redone because it was forgotten.
        """
        known = True
        if not self._jobs and self._shown != wanted:
            known = self._turn(open_scene, wanted, settled)
        if self._jobs and not open_scene.painter.client.laying:  # a dream that is being laid comes first
            open_scene.painter.client.cancel_gather()
            self._work(open_scene, time.perf_counter() + BUDGET)
        return known

    def forget(self) -> None:
        """Drop the undo data, as the volume was replaced: earlier strokes can't be undone."""
        for reference in self._kept:
            if stroke := reference():
                stroke.forget()
        self._kept.clear()
        self._jobs.clear()

    def reset(self) -> None:
        """Drop all jobs and strokes, as another scene was opened."""
        self._jobs, self._shown, self._kept = deque(), (), []

    def _work(self, open_scene: OpenScene, end: float) -> None:
        changed, jobs = False, self._jobs
        while jobs:
            done = next(jobs[0], self)
            changed |= done is CHANGED
            if done is self:
                jobs.popleft()
            if time.perf_counter() >= end:
                break
        open_scene.volume.revision += changed
        if not jobs:
            open_scene.painter.reset_failures()

    def _turn(self, open_scene: OpenScene, wanted: tuple[Stroke, ...], settled: bool) -> bool:
        """Begin to undo the last stroke that isn't wanted, or else to redo the next one."""
        done = self._shown
        same = next((i for i, (a, b) in enumerate(zip(done, wanted, strict=False)) if a is not b), None)
        back = len(done) > len(wanted) or same is not None
        stroke = done[-1] if back else wanted[len(done)]
        fits = stroke.charts == open_scene.plan.charts.fingerprint
        if not fits and not settled:
            return True  # its surfaces are being rebuilt
        self._shown = done[:-1] if back else (*done, stroke)
        if fits and not stroke.lost:
            self._jobs.append(self._swap(open_scene.volume, stroke))
        return fits and not stroke.lost

    def _swap(self, volume: LatentVolume, stroke: Stroke) -> Job:
        if stroke.swept is None:
            stroke.swept = stroke.sweep()
        else:
            self.stash.replace_items((*self.stash.items, *stroke.swept))
            stroke.swept = None
        patches, stroke.patches = stroke.patches, []
        for patch in reversed(patches):
            stroke.patches.append(apply_patch(volume, patch))
            yield CHANGED

    def _trim(self) -> None:
        strokes = [stroke for reference in self._kept if (stroke := reference()) is not None]
        total = sum(stroke.bytes for stroke in strokes)
        for stroke in strokes[:-1]:
            if total <= LIMIT:
                break
            total -= stroke.bytes
            stroke.forget()
        self._kept = [weakref.ref(stroke) for stroke in strokes if not stroke.lost]


def _change(volume: LatentVolume, stroke: Stroke, masks: TexelMasks | Slices[TexelMasks], name: str) -> Job:
    found, operation = (yield from _run_search(masks)), OPERATIONS[name]
    for patch in apply_operation(volume, found, name):
        if patch is not None:
            stroke.patches.append(patch)
        yield CHANGED if patch is not None and operation.changes else None


def _lay(
    volume: LatentVolume,
    stroke: Stroke,
    gathered: GatheredView,
    painted: PaintedView,
    masks: TexelMasks | Slices[TexelMasks],
    freeze: bool,
) -> Job:
    found = yield from _run_search(masks)
    yield from _change(volume, stroke, found, "keep")
    yield from volume.scatter_task(
        gathered, painted, only_texels=found
    ).remaining_slices()  # it changes the revision itself
    if freeze:
        yield from _change(volume, stroke, found, "freeze")


def _run_search(masks: TexelMasks | Slices[TexelMasks]) -> Slices[TexelMasks]:
    return masks if isinstance(masks, Mapping) else (yield from masks)
