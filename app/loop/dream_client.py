"""The conversation with a worker about one volume: looks and canvases go out, dreams come back and are laid onto the surfaces."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np

from app.loop.messages import Failed, Finished, Message, ModelInfo, Preview, Request, Status, Worker
from app.loop.quality_levels import Level
from app.loop.task_runner import UnderWay
from app.loop.view_canvas import canvas_from, dreamed_materials
from app.session import Session
from diffusion.canvas import Canvas, Dreamed, DreamSettings
from engine.atlas.views import GatheredView, PaintedView
from engine.atlas.volume import LatentVolume
from scenes.camera import Camera
from scenes.scene import Scene

_IDS = itertools.count()  # of requests: rising over all painters, for several may follow one another at one worker
Take = Callable[[GatheredView, Dreamed], None]


class Conversation:
    """One dream at a time. Who has views dreamed overrides what happens when one is `_painted`, `_failed` or `_outdated`.

    budget: seconds of a frame for looking and for laying a dream onto the surfaces, which then take several; infinite: what can be
    done is done at once. session: may be replaced at any time; it applies to the next dream. For panels: `preview`,
    `problem`, `model`, `dreamed` (the last dream of a whole view), `dreamed_at` (from where, None if it was asked for by hand),
    `calls` (to the model, so far), `dreams` (finished so far).
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
        self.calls, self.dreams = 0, 0
        self.problem = ""
        self._status = "loading the model"
        self._level = Level("", 0, 0)  # of the running dream
        self._take: Take | None = None  # who gets it, if it was commissioned
        self._under_way = UnderWay(budget, self._stop)  # looking or, while a dream runs, laying it

    def collect(self) -> list[Message]:
        """Take in the worker's messages: scatter a finished dream that is still valid, note previews and failures. And do a part of
        what is under way."""
        self._under_way.frame()
        messages = self.worker.poll()
        for message in messages:
            if isinstance(message, Status):
                self._status, self.model = message.text, message.model or self.model
            elif isinstance(message, Failed):
                self._stop()
                self.problem, self._take = message.problem, None
                self._failed()
            elif self.running and isinstance(message, Preview) and message.id == self.running.id:
                self.preview = message
            elif self.running and isinstance(message, Finished) and message.request.id == self.running.id:
                self._finish(message)
        return messages

    def commission(self, look: GatheredView, canvas: Canvas, settings: DreamSettings, words: str, take: Take) -> None:
        """Dream something that was asked for by hand, in place of what runs. It isn't laid onto the surfaces but given to `take`,
        and moving on doesn't abandon it; `cancel` does. words: what is going on, in plain words."""
        self.cancel()
        self.problem = ""
        self._take = take
        self._send(look, canvas, settings, Level(words, settings.steps, look.size[1]))

    def cancel(self) -> None:
        """Abandon the running dream. What is dreamed already is laid onto the surfaces, now."""
        if self.laying:
            self._under_way.finish()
        self.look_away()
        self.worker.cancel()
        self._stop()
        self._take = None

    def interrupt(self) -> None:
        """`cancel`, but a dream that is being laid goes on beside the frames: to lay the rest at once takes a quarter of a second."""
        if not self.laying:
            self.cancel()

    def drop(self) -> None:
        """Abandon everything, also what is being laid, for the volume is left; nothing refers to this in a circle then."""
        self._under_way.abandon()
        self.cancel()

    def look_away(self) -> None:
        """Abandon a look, for what is seen is about to change; the next frame may look again."""
        if not self.laying:
            self._under_way.abandon()

    @property
    def busy(self) -> bool:
        """Whether a view is looked at, dreamed or laid onto the surfaces."""
        return self.running is not None or bool(self._under_way)

    @property
    def laying(self) -> bool:
        """Whether a dream is being laid onto the surfaces."""
        return self.running is not None and bool(self._under_way)

    def _failed(self) -> None:
        """The running dream failed; `problem` says why."""

    def _outdated(self) -> None:
        """The running dream started from what is no more: erased, restored or painted by someone else."""

    def _painted(self, look: GatheredView, dreamed: Dreamed, revision: int) -> None:
        """The running dream is on the surfaces, which makes this revision of them."""

    def _submit(self, look: GatheredView, level: Level) -> None:
        """Have a view dreamed."""
        settings = replace(self.session.dream, steps=level.steps)
        canvas = canvas_from(look, self.scene, level.steps)
        if canvas.known is None:
            self._send(look, canvas, settings, level)
            return

        def send(taken: np.ndarray) -> None:
            if look.revision == self.volume.revision:
                self._send(look, replace(canvas, taken=taken), settings, level)

        dreamed = dreamed_materials(look.material, self.scene)
        self._under_way.begin(self.volume.taking(look, level.steps, canvas.change == 0, dreamed), send)

    def _send(self, look: GatheredView, canvas: Canvas, settings: DreamSettings, level: Level) -> None:
        self._level, self.preview = level, None
        self.running = Request(next(_IDS), look, canvas, settings)
        self.worker.submit(self.running)

    def _finish(self, message: Finished) -> None:
        look, dreamed = message.request.look, message.dreamed
        take, self._take = self._take, None
        self.calls += dreamed.calls
        if take:
            self._stop()
            self.dreamed, self.dreamed_at, self.dreams = dreamed, None, self.dreams + 1
            take(look, dreamed)
            return
        if look.revision != self.volume.revision:
            self._stop()
            self._outdated()
            return
        kept = message.request.canvas.change == 0
        materials = dreamed_materials(look.material, self.scene)
        painting = PaintedView(
            look.camera, look.size, dreamed.latents, dreamed.image, dreamed.steps, kept=kept, dreamed=materials
        )
        self._under_way.begin(self.volume.scattering(look, painting), partial(self._laid, look, dreamed))

    def _laid(self, look: GatheredView, dreamed: Dreamed, texels: int) -> None:
        self._stop()
        self.dreams += 1
        # which the volume has left already if it was erased at once
        self._painted(look, dreamed, look.revision + (texels > 0))

    def _stop(self) -> None:
        self.running = self.preview = None
