"""The loop without a window: see how much of a view is painted, and have the rest dreamed."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import partial

from app.fields import Size
from app.loop.close_ups import HOLE, CloseUp, close_ups, unpainted
from app.loop.dream_client import Conversation
from app.loop.messages import Failed, Message, Worker
from app.loop.quality_levels import Level, View, level_of
from app.loop.view_framing import beside, canvas_size, left_behind, surrounding
from app.session import Session
from diffusion.canvas import Dreamed
from engine.atlas import policy
from engine.atlas.views import GatheredView
from engine.atlas.volume import LatentVolume
from engine.gl.time_sliced import TimeSlicedTask
from scenes.camera import Camera
from scenes.scene import Scene

PIECE = 0.006  # seconds of a frame in a window
LOOK_AROUND = 0.25  # seconds between two looks of a moving camera: a look costs a fraction of a frame


@dataclass(frozen=True)
class _Refining:
    """A view at rest that is refined: what of it is still to be looked at, the next first. of: how many parts it has."""

    view: View
    left: tuple[CloseUp, ...]
    of: int

    @property
    def words(self) -> str:
        return f"part {self.of - len(self.left)} of {self.of}"


class Painter(Conversation):
    """Which views are dreamed, and how well. Call `update` every frame, or `settle` without a window.

    For panels, besides what a conversation has: `coverage`, `words`.
    """

    def __init__(
        self, volume: LatentVolume, worker: Worker, scene: Scene, session: Session, budget: float = math.inf
    ) -> None:
        super().__init__(volume, worker, scene, session, budget)
        self.coverage = 0.0
        self._camera: Camera | None = None
        self._moved_at = self._looked_at = -math.inf
        self._asked: View | None = None  # what was last submitted, at the revision that its dream made
        self._settled: set[View] = set()  # these need nothing
        self._refining: _Refining | None = None
        self._seed = session.dream.seed

    def update(self, camera: Camera, size: Size, now: float) -> list[Message]:
        """One frame's work: take in what the worker did, and ask for what this view lacks. Never waits for a dream.

        size: the window's; now: seconds on any steady clock. Returns the worker's messages, for panels and log.
        """
        if self._camera not in (None, camera):  # who begins to look stands already
            self._moved_at = now
        self._camera = camera
        messages = self.collect()
        live = self.session.live
        if self.running and not self._under_way and self._abandons(camera):
            self.cancel()
        resting = now - self._moved_at >= live.rest
        due = resting or (live.moving and now - self._looked_at >= LOOK_AROUND)
        if live.auto and due and self.consider(camera, size, resting):
            self._looked_at = now
        return messages

    def consider(self, camera: Camera, size: Size, resting: bool = True, refine: bool = True) -> bool:
        """Look at the view and submit a dream if too little of it is painted. True when it had to look.

        resting: with all steps; else a sketch of a few steps is enough. refine: also at the window's own resolution, if that is set.
        """
        if self.model is None or self.busy:
            return False
        level = level_of(self.session, self.model.native, size, resting)
        view = View(camera, size, level, self.session.dream.seed, self.volume.revision)
        if refine and self._refining is not None and self._refining.view == view:
            return self._refine(self._refining)
        self._refining = None
        if view not in self._settled:
            self._under_way.begin(self.looking(camera, size, level), partial(self._judge, view))
            return True
        if not (resting and refine and self.session.live.refine and size[1] > level.height):
            return False
        self._begin_refining(view)
        return True

    def _judge(self, view: View, look: GatheredView) -> None:
        """Have the view dreamed if too little of it is painted."""
        if look.revision != self.volume.revision:
            return  # painted or erased by hand meanwhile: the next frame looks again
        level = view.level
        self.coverage = policy.coverage(look, level.steps, beside(view.size, level.height, look.size))
        if self.coverage >= self.session.paint.coverage or view == self._asked:
            self._settle(view)  # also when a dream could not cover it all: another would be the same
        else:
            self._asked, self.problem = view, ""
            self._submit(look, level)

    def _begin_refining(self, view: View) -> None:
        """See what the view lacks at the window's own resolution."""
        camera, whole = self.framed(view.camera, view.size, view.level)
        self._under_way.begin(self.volume.gathering(camera, whole, colours=False), partial(self._divide, view))

    def _divide(self, view: View, look: GatheredView) -> None:
        """Find the parts of the view that lack something."""
        if look.revision != self.volume.revision:
            return
        level = view.level
        enough = self.session.paint.coverage
        parts = close_ups(view.camera, view.size, look, level.height, level.steps, enough, self._side)
        self.coverage = 1 - sum(part.lacking for part in parts)
        self._refining = _Refining(view, parts, len(parts))

    def _refine(self, refining: _Refining) -> bool:
        """Have the next part dreamed that isn't fine enough yet."""
        if not refining.left:
            return False
        part, *left = refining.left
        self._refining = replace(refining, left=tuple(left))
        self.coverage += part.lacking
        work = self.volume.gathering(part.camera, (self._side, self._side))
        self._under_way.begin(work, partial(self._look_closer, self._refining))
        return True

    def _look_closer(self, refining: _Refining, look: GatheredView) -> None:
        """Have a part dreamed if it isn't fine enough yet, or has a hole, however small a share of it that is."""
        if look.revision != self.volume.revision:
            return
        steps = refining.view.level.steps
        if policy.coverage(look, steps) < self.session.paint.coverage or unpainted(look).sum() >= HOLE:
            self.problem = ""
            self._submit(look, Level(f"refining this view, {refining.words}", steps, self._side))

    @property
    def _side(self) -> int:
        """Pixels of a close-up's canvas: the model's own size, where it paints best."""
        assert self.model is not None
        return -(-self.model.native // self.model.multiple) * self.model.multiple

    def settle(self, camera: Camera, size: Size) -> int:
        """Dream the view until it is painted, not refined; for workers that dream inline. Returns the dreams it took.

        Raises RuntimeError with the worker's traceback when a dream fails.
        """
        before = self.dreams
        self.collect()
        while self.consider(camera, size, refine=False):
            while self.busy:
                for message in self.collect():
                    if isinstance(message, Failed):
                        raise RuntimeError(message.traceback)
        return self.dreams - before

    def look(self, camera: Camera, size: Size, level: Level | None = None) -> GatheredView:
        """What a dream of this view would start from, at the dream's size (None: as it is dreamed at rest). The model must be ready."""
        return self.looking(camera, size, level).whole()

    def looking(self, camera: Camera, size: Size, level: Level | None = None) -> TimeSlicedTask[GatheredView]:
        """`look`, in pieces."""
        assert self.model is not None
        if self.session.dream.seed != self._seed:  # a seed that was just chosen; a loaded world keeps its own till then
            self.volume.seed = self._seed = self.session.dream.seed
        return self.volume.gathering(*self.framed(camera, size, level))

    def framed(self, camera: Camera, size: Size, level: Level | None = None) -> tuple[Camera, Size]:
        """The camera and the size of what is dreamed for a view: a little more than it shows."""
        assert self.model is not None
        level = level or level_of(self.session, self.model.native, size, resting=True)
        canvas = canvas_size(size, level.height, self.model.multiple, level.around)
        return surrounding(camera, level.height, canvas[1]), canvas

    def cancel(self) -> None:
        super().cancel()
        self._asked = self._refining = None

    def forgive(self) -> None:
        """Try again after a problem, or look again at a view that was finished (after an erase, say)."""
        self.problem, self._asked, self._refining = "", None, None
        self._settled.clear()

    @property
    def words(self) -> str:
        """What is going on, in plain words."""
        if self.problem:
            what = "the model can't be loaded" if self.model is None else "the dream failed"
            return f"{what}: {self.problem}"
        if self.model is None:
            return self._status
        if self.running:
            step, steps = (self.preview.step, self.preview.steps) if self.preview else (0, self._level.steps)
            return f"{self._level.words}: step {step} of {steps}"
        if not self.session.live.auto:
            return "painting is paused"
        if self._refining and self._refining.left:
            return "refining this view"
        settled = any(self._camera in (None, view.camera) for view in self._settled)
        return "this view is finished" if settled else "checking this view"

    @property
    def refining(self) -> bool:
        """Whether what runs is a part of a view that was dreamed as a whole before."""
        return self._refining is not None

    def _abandons(self, camera: Camera) -> bool:
        """Whether the running dream isn't worth its time any more: refining is for the very view, others may lag behind."""
        assert self.running is not None
        if self._take:
            return False
        live, then = self.session.live, self.running.look.camera
        if self._refining:
            return camera != self._refining.view.camera
        return left_behind(then, camera, live.abandon_angle, live.abandon_distance)

    def _settle(self, view: View) -> None:
        self._settled = {v for v in self._settled if v.revision == view.revision and v.camera == view.camera} | {view}

    def _failed(self) -> None:
        if self._refining:
            self._refining = replace(self._refining, left=())
        elif self._asked:
            self._settle(self._asked)  # the same view would fail again; another one may not

    def _outdated(self) -> None:
        self._asked = None

    def _painted(self, look: GatheredView, dreamed: Dreamed, revision: int) -> None:
        if self._refining:
            view = replace(self._refining.view, revision=revision)
            self._refining = replace(self._refining, view=view)
            return
        self.dreamed, self.dreamed_at = dreamed, look.camera
        if self._asked:
            self._asked = replace(self._asked, revision=revision)
