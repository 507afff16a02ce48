"""What hands change on the surfaces, as strokes that undo takes back: the volume follows the user's history of them."""

from __future__ import annotations

import time
import weakref
from collections import deque
from collections.abc import Callable, Iterator, Mapping

from app.loop.open_scene import Stage
from engine.atlas.views import GatheredView, PaintedView
from engine.atlas.visibility import Masks
from engine.atlas.volume import LatentVolume
from engine.edits.orphaned_paint import Salvage, Shelf
from engine.edits.patch import OPERATIONS, Patch, Sheet, change, erase_all, put
from engine.gl.time_sliced import Pieces
from scenes.scene import Scene

LIMIT = 256 * 2**20  # bytes of what strokes have covered, dozens of views; the oldest are forgotten first
BUDGET = 0.006  # seconds of a frame
Job = Iterator[object]  # a piece a step, which yields CHANGED if other colours are on the surfaces
CHANGED = object()


class Stroke:
    """One change by hand, equal only to itself. patches: what the texels were before it, or, once taken back, after it;
    sweep: takes what it erases of surfaces that are gone, too; swept: that, None once taken back; charts: the fingerprint of
    those it was made on; lost: it was forgotten, and can't be taken back any more."""

    def __init__(self, charts: str) -> None:
        self.charts, self.lost = charts, False
        self.patches: list[Patch | Sheet] = []
        self.sweep: Callable[[], tuple[Salvage, ...]] = tuple
        self.swept: tuple[Salvage, ...] | None = ()

    @property
    def bytes(self) -> int:
        return sum(part.bytes for part in (*self.patches, *(self.swept or ())))

    def forget(self) -> None:
        self.patches, self.swept, self.lost = [], None, True


class Retouch:
    """Changes the volume a piece at a time: call `follow` once a frame, on the GL thread. Nothing may be painted while `busy`."""

    def __init__(self, shelf: Shelf) -> None:
        self.shelf = shelf  # the paint of surfaces that are gone
        self._jobs: deque[Job] = deque()
        self._done: tuple[Stroke, ...] = ()  # what the volume shows
        self._kept: list[weakref.ref[Stroke]] = []  # oldest first

    @property
    def busy(self) -> bool:
        return bool(self._jobs)

    @property
    def bytes(self) -> int:
        """Of what strokes have covered, as far as it can be taken back or done again."""
        return sum(stroke.bytes for reference in self._kept if (stroke := reference()) is not None)

    def begin(self, stage: Stage) -> Stroke:
        stroke = Stroke(stage.plan.charts.fingerprint)
        self._kept.append(weakref.ref(stroke))
        return stroke

    def change(self, stage: Stage, stroke: Stroke, masks: Masks | Pieces[Masks], operation: str) -> None:
        """Apply an operation of `engine.edits.patch.OPERATIONS` to these texels, as a part of the stroke.

        masks: the texels, or an iterator that finds them over several frames.
        """
        self._jobs.append(_change(stage.volume, stroke, masks, operation))

    def lay(
        self,
        stage: Stage,
        stroke: Stroke,
        look: GatheredView,
        painting: PaintedView,
        masks: Masks | Pieces[Masks],
        freeze: bool = False,
    ) -> None:
        """Have a painting laid onto these texels in place of what they have, as a part of the stroke. look: what it was dreamed
        from; freeze: hold what was laid."""
        self._jobs.append(_lay(stage.volume, stroke, look, painting, masks, freeze))

    def do(self, job: Job) -> None:
        """Have this done, too, piece by piece, when all that was asked for so far is done."""
        self._jobs.append(job)

    def erase_all(self, stage: Stage, stroke: Stroke) -> None:
        stroke.patches += erase_all(stage.volume)
        stage.volume.revision += 1

    def sweep(self, stroke: Stroke, scene: Scene, material: int | None = None) -> None:
        """What is kept of surfaces that are gone is erased with the others: of one material of the scene, or all of it."""
        stroke.sweep = lambda: self.shelf.take(scene, material)
        stroke.swept = stroke.sweep()

    def then(self, act: Callable[[], None]) -> None:
        """Call `act` when all that was asked for so far is done."""

        def job() -> Job:
            act()
            yield

        self.do(job())

    def end(self, stroke: Stroke, strokes: tuple[Stroke, ...]) -> tuple[Stroke, ...]:
        """The strokes with this one, which the volume shows already; without it when it changed nothing."""
        self._done = (*strokes, stroke) if stroke.patches or stroke.swept else strokes
        self._trim()
        return self._done

    def follow(self, stage: Stage, wanted: tuple[Stroke, ...], settled: bool) -> bool:
        """One frame's work towards the strokes that are wanted. settled: the stage shows the scene that they belong to.

        Returns False when a stroke could not be taken back or done again because it was forgotten.
        """
        known = True
        if not self._jobs and self._done != wanted:
            known = self._turn(stage, wanted, settled)
        if self._jobs and not stage.painter.laying:  # a dream that is being laid comes first
            stage.painter.look_away()
            self._work(stage, time.perf_counter() + BUDGET)
        return known

    def forget(self) -> None:
        """The volume became another one: nothing of before can be taken back."""
        for reference in self._kept:
            if stroke := reference():
                stroke.forget()
        self._kept.clear()
        self._jobs.clear()

    def _work(self, stage: Stage, end: float) -> None:
        changed = False
        while self._jobs:
            done = next(self._jobs[0], self)
            changed |= done is CHANGED
            if done is self:
                self._jobs.popleft()
            if time.perf_counter() >= end:
                break
        stage.volume.revision += changed
        if not self._jobs:
            stage.painter.forgive()

    def _turn(self, stage: Stage, wanted: tuple[Stroke, ...], settled: bool) -> bool:
        """Begin to take the last stroke back that isn't wanted, or else to do the next one again."""
        done = self._done
        same = next((i for i, (a, b) in enumerate(zip(done, wanted, strict=False)) if a is not b), None)
        back = len(done) > len(wanted) or same is not None
        stroke = done[-1] if back else wanted[len(done)]
        fits = stroke.charts == stage.plan.charts.fingerprint
        if not fits and not settled:
            return True  # its surfaces are being built
        self._done = done[:-1] if back else (*done, stroke)
        if fits and not stroke.lost:
            self._jobs.append(self._swap(stage.volume, stroke))
        return fits and not stroke.lost

    def _swap(self, volume: LatentVolume, stroke: Stroke) -> Job:
        if stroke.swept is None:
            stroke.swept = stroke.sweep()
        else:
            self.shelf.put((*self.shelf.parts, *stroke.swept))
            stroke.swept = None
        patches, stroke.patches = stroke.patches, []
        for patch in reversed(patches):
            stroke.patches.append(put(volume, patch))
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


def _change(volume: LatentVolume, stroke: Stroke, masks: Masks | Pieces[Masks], name: str) -> Job:
    found, operation = (yield from _found(masks)), OPERATIONS[name]
    for patch in change(volume, found, name):
        if patch is not None:
            stroke.patches.append(patch)
        yield CHANGED if patch is not None and operation.changes else None


def _lay(
    volume: LatentVolume,
    stroke: Stroke,
    look: GatheredView,
    painting: PaintedView,
    masks: Masks | Pieces[Masks],
    freeze: bool,
) -> Job:
    found = yield from _found(masks)
    yield from _change(volume, stroke, found, "keep")
    yield from volume.scattering(look, painting, only=found).by_piece()  # it changes the revision itself
    if freeze:
        yield from _change(volume, stroke, found, "freeze")


def _found(masks: Masks | Pieces[Masks]) -> Pieces[Masks]:
    return masks if isinstance(masks, Mapping) else (yield from masks)
