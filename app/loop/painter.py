"""The loop without a window: see how much of a view is painted, have the rest dreamed, lay it onto the surfaces."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from app.fields import Size
from app.loop.closeups import CloseUp, close_ups
from app.loop.dreaming import canvas_from
from app.loop.framing import beside, canvas_size, left_behind, surrounding
from app.loop.levels import Level, View, level_of
from app.loop.messages import Failed, Finished, Message, ModelInfo, Preview, Request, Status, Worker
from app.loop.underway import UnderWay
from app.session import Session
from diffusion.canvas import Canvas, Dreamed, DreamSettings
from engine import policy
from engine.look import Look, Painting
from engine.pieces import Work
from engine.volume import LatentVolume
from scenes.camera import Camera
from scenes.scene import Scene

_IDS = itertools.count()  # of requests: rising over all painters, for several may follow one another at one worker
Take = Callable[[Look, Dreamed], None]
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


class Painter:
    """Owns the conversation with a worker about one volume. Call `update` every frame, or `settle` without a window.

    budget: seconds of a frame for looking and for laying a dream onto the surfaces, which then take several; infinite: what can be
    done is done at once. session: may be replaced at any time; it applies to the next dream. For panels: `preview`, `coverage`, `words`,
    `problem`, `model`, `dreamed` (the last dream of a whole view), `dreamed_at` (from
    where, None if it was asked for by hand), `calls` (to the model, so far), `dreams` (finished so far).
    """

    def __init__(
        self, volume: LatentVolume, worker: Worker, scene: Scene, session: Session, budget: float = math.inf
    ) -> None:
        self.volume, self.worker, self.scene, self.session = volume, worker, scene, session
        self.model: ModelInfo | None = None
        self.running: Request | None = None
        self.preview: Preview | None = None
        self.dreamed: Dreamed | None = None
        self.dreamed_at: Camera | None = None
        self.coverage, self.calls, self.dreams = 0.0, 0, 0
        self.problem = ""
        self._status = "loading the model"
        self._camera: Camera | None = None
        self._moved_at = self._looked_at = -math.inf
        self._asked: View | None = None  # what was last submitted, at the revision that its dream made
        self._settled: set[View] = set()  # these need nothing
        self._refining: _Refining | None = None
        self._level = Level("", 0, 0)  # of the running dream
        self._take: Take | None = None  # who gets it, if it was commissioned
        self._seed = session.dream.seed
        self._under_way = UnderWay(budget, self._fail)  # looking or, while a dream runs, laying it

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
        level = level_of(self.session, self.model.native, resting)
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

    def _judge(self, view: View, look: Look) -> None:
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

    def _divide(self, view: View, look: Look) -> None:
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

    def _look_closer(self, refining: _Refining, look: Look) -> None:
        """Have a part dreamed if it isn't fine enough yet."""
        if look.revision != self.volume.revision:
            return
        steps = refining.view.level.steps
        if policy.coverage(look, steps) < self.session.paint.coverage:
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

    def look(self, camera: Camera, size: Size, level: Level | None = None) -> Look:
        """What a dream of this view would start from, at the dream's size (None: as it is dreamed at rest). The model must be ready."""
        return self.looking(camera, size, level).whole()

    def looking(self, camera: Camera, size: Size, level: Level | None = None) -> Work[Look]:
        """`look`, in pieces."""
        assert self.model is not None
        if self.session.dream.seed != self._seed:  # a seed that was just chosen; a loaded world keeps its own till then
            self.volume.seed = self._seed = self.session.dream.seed
        return self.volume.gathering(*self.framed(camera, size, level))

    def framed(self, camera: Camera, size: Size, level: Level | None = None) -> tuple[Camera, Size]:
        """The camera and the size of what is dreamed for a view: a little more than it shows."""
        assert self.model is not None
        level = level or level_of(self.session, self.model.native, resting=True)
        canvas = canvas_size(size, level.height, self.model.multiple, level.around)
        return surrounding(camera, level.height, canvas[1]), canvas

    def cancel(self) -> None:
        """Abandon the running dream. What is dreamed already is laid onto the surfaces, now."""
        if self.laying:
            self._under_way.finish()
        self.look_away()
        self.worker.cancel()
        self.running = self.preview = self._asked = self._take = self._refining = None

    def interrupt(self) -> None:
        """`cancel`, but a dream that is being laid goes on beside the frames: to lay the rest at once takes a quarter of a second."""
        if not self.laying:
            self.cancel()

    def look_away(self) -> None:
        """Abandon a look, for what is seen is about to change; the next frame may look again."""
        if not self.laying:
            self._under_way.abandon()

    def commission(self, look: Look, canvas: Canvas, settings: DreamSettings, words: str, take: Take) -> None:
        """Dream something that was asked for by hand, in place of what runs. It isn't laid onto the surfaces but given to `take`,
        and moving on doesn't abandon it; `cancel` does. words: what is going on, in plain words."""
        self.cancel()
        self.problem = ""
        self._take = take
        self._send(look, canvas, settings, Level(words, settings.steps, look.size[1]))

    def forgive(self) -> None:
        """Try again after a problem, or look again at a view that was finished (after an erase, say)."""
        self.problem, self._asked, self._refining = "", None, None
        self._settled.clear()

    def collect(self) -> list[Message]:
        """Take in the worker's messages: scatter a finished dream that is still valid, note previews and failures. And do a part of
        what is under way."""
        self._under_way.frame()
        messages = self.worker.poll()
        for message in messages:
            if isinstance(message, Status):
                self._status, self.model = message.text, message.model or self.model
            elif isinstance(message, Failed):
                self.problem, self.running, self.preview, self._take = message.problem, None, None, None
                if self._refining:
                    self._refining = replace(self._refining, left=())
                elif self._asked:
                    self._settle(self._asked)  # the same view would fail again; another one may not
            elif self.running and isinstance(message, Preview) and message.id == self.running.id:
                self.preview = message
            elif self.running and isinstance(message, Finished) and message.request.id == self.running.id:
                self._finish(message)
        return messages

    @property
    def words(self) -> str:
        """What is going on, in plain words."""
        if self.problem:
            return f"the dream failed: {self.problem}"
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
        return "this view is finished" if settled else "looking at this view"

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

    @property
    def busy(self) -> bool:
        """Whether a view is looked at, dreamed or laid onto the surfaces."""
        return self.running is not None or bool(self._under_way)

    @property
    def laying(self) -> bool:
        """Whether a dream is being laid onto the surfaces."""
        return self.running is not None and bool(self._under_way)

    def _fail(self) -> None:
        self.running = self.preview = None

    def _submit(self, look: Look, level: Level) -> None:
        settings = replace(self.session.dream, steps=level.steps)
        canvas = canvas_from(look, self.scene, level.steps)
        if canvas.known is None:
            self._send(look, canvas, settings, level)
            return

        def send(taken: np.ndarray) -> None:
            if look.revision == self.volume.revision:
                self._send(look, replace(canvas, taken=taken), settings, level)

        self._under_way.begin(self.volume.taking(look, level.steps, canvas.change == 0), send)

    def _send(self, look: Look, canvas: Canvas, settings: DreamSettings, level: Level) -> None:
        self._level, self.preview = level, None
        self.running = Request(next(_IDS), look, canvas, settings)
        self.worker.submit(self.running)

    def _finish(self, message: Finished) -> None:
        look, dreamed = message.request.look, message.dreamed
        take, self._take = self._take, None
        self.calls += dreamed.calls
        if take:
            self.running = self.preview = None
            self.dreamed, self.dreamed_at, self.dreams = dreamed, None, self.dreams + 1
            take(look, dreamed)
            return
        if look.revision != self.volume.revision:
            self.running = self.preview = None
            self._asked = None  # erased, restored or painted by someone else: the dream started from what is no more
            return
        kept = message.request.canvas.change == 0
        painting = Painting(look.camera, look.size, dreamed.latents, dreamed.image, dreamed.steps, kept=kept)
        self._under_way.begin(self.volume.scattering(look, painting), partial(self._laid, look, dreamed))

    def _laid(self, look: Look, dreamed: Dreamed, texels: int) -> None:
        """The dream is on the surfaces."""
        revision = look.revision + (texels > 0)  # which the volume has left already if it was erased at once
        self.running = self.preview = None
        self.dreams += 1
        if self._refining:
            view = replace(self._refining.view, revision=revision)
            self._refining = replace(self._refining, view=view)
            return
        self.dreamed, self.dreamed_at = dreamed, look.camera
        if self._asked:
            self._asked = replace(self._asked, revision=revision)
