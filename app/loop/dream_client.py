"""Sends requests to a worker and lays the returned dreams onto the surfaces of one volume."""

from __future__ import annotations

import itertools
import math
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum, auto
from functools import partial

from app.loop.messages import Begun, Failed, Finished, Message, ModelInfo, Preview, Request, Status, Worker
from app.loop.painted_prompts import PromptLog, Prompts, prompts_of
from app.loop.progress import LAYING, DreamTimes, Pace, Progress
from app.loop.quality_levels import Level
from app.loop.task_runner import TaskRunner
from diffusion.canvas import DREAM_PARTS, Canvas, Dreamed
from diffusion.settings import DreamSettings
from engine.atlas.views import GatheredSheet, GatheredView, PaintedView
from engine.atlas.visibility import TexelMasks
from engine.atlas.volume import LatentVolume
from scenes.camera import Camera
from scenes.prompt_masks import dreamed_materials
from scenes.scene import Scene

_IDS = itertools.count()  # of requests: rising over all clients, as several may follow one another at one worker
MOST_TIMES = 64  # of dreams that nobody asked for: a loop without a window never does
Take = Callable[[GatheredView, Dreamed], None]


@dataclass(frozen=True)
class Laid:
    """A dream was laid onto the surfaces; revision: the volume's after it."""

    gathered: GatheredView | GatheredSheet
    dreamed: Dreamed
    revision: int


class Outcome(Enum):
    """How a dream can end without being laid. OUTDATED: the surfaces that it started from were changed meanwhile."""

    FAILED = auto()
    OUTDATED = auto()


class DreamClient:
    """Sends one request at a time to a worker, and lays the dream that comes back onto the surfaces.

    volume, scene: may be replaced while nothing runs; tasks: the slices of work of a frame, at most `budget` seconds of each
    (infinite: everything is done at once). For panels: model (None until it is loaded), running, preview, problem (why the last
    dream failed, or ""), dreamed (the last dream of a whole view), dreamed_at (its camera, None if it was asked for by hand),
    prompts (which the volume was painted with), progress (of the running dream, None if none runs), last_times (what the last dream
    took),
    calls (to the model, so far), dreams (finished so far), status (the worker's), level (of the running dream).
    """

    def __init__(self, volume: LatentVolume, worker: Worker, scene: Scene, budget: float = math.inf) -> None:
        self.volume, self.worker, self.scene = volume, worker, scene
        self.model: ModelInfo | None = None
        self.running: Request | None = None
        self.preview: Preview | None = None
        self.dreamed: Dreamed | None = None
        self.dreamed_at: Camera | None = None
        self.calls, self.dreams = 0, 0
        self.problem, self.status = "", "loading the model"
        self.level = Level("", 0, 0)
        self.progress: Progress | None = None
        self.clock = time.perf_counter
        self._paces: dict[str, Pace] = {}
        self._times: deque[DreamTimes] = deque(maxlen=MOST_TIMES)
        self.last_times: DreamTimes | None = None
        self.tasks = TaskRunner(budget, self._stop)
        self.prompts = PromptLog()
        self._asked: Prompts = {}  # the prompts of the running request
        self._take: Take | None = None
        self._only_texels: TexelMasks | None = None
        self._outcomes: list[Laid | Outcome] = []

    def collect(self) -> list[Message]:
        """Process the worker's messages: lay a finished dream if the surfaces haven't changed since, store previews and failures.
        Also run a slice of `tasks`."""
        self.tasks.begin_frame()
        messages = self.worker.poll()
        for message in messages:
            if isinstance(message, Status):
                self.status, self.model = message.text, message.model or self.model
            elif isinstance(message, Failed):
                self._stop()
                self.problem, self._take = message.problem, None
                self.model = self.model if message.request else None
                self._outcomes.append(Outcome.FAILED)
            elif self.running and isinstance(message, Preview) and message.id == self.running.id:
                self.preview = message
                self.progress = self.progress and replace(self.progress, step=message.step)
            elif self.running and isinstance(message, Begun) and message.id == self.running.id:
                self.progress = self.progress and self.progress.enter(message.part, self.clock())
            elif self.running and isinstance(message, Finished) and message.request.id == self.running.id:
                self._finish(message)
        return messages

    def forget_dreamed(self) -> None:
        """Show the last dream no longer: the surfaces have become others, by undo or redo."""
        self.dreamed = self.dreamed_at = None

    def submit_job(
        self, gathered: GatheredView, canvas: Canvas, settings: DreamSettings, status: str, take: Take
    ) -> None:
        """Dream something that the user requested. The dream is passed to `take` instead of being laid onto the surfaces.
        status: text to show meanwhile."""
        self.problem = ""
        self._take = take
        self.submit(gathered, canvas, settings, Level(status, settings.steps, gathered.size[1]))

    def pop_outcomes(self) -> list[Laid | Outcome]:
        """How dreams ended since the last call, oldest first, without those that the user requested."""
        outcomes, self._outcomes = self._outcomes, []
        return outcomes

    def pop_times(self) -> list[DreamTimes]:
        """What the dreams took that ended since the last call, oldest first; of many the last MOST_TIMES."""
        times = list(self._times)
        self._times.clear()
        return times

    @property
    def share(self) -> float:
        """How much of the running dream is done, 0..1; without one 1 if there was one and nothing goes on, else 0."""
        if self.progress is None or self.running is None:
            return 1.0 if self.dreamed and not self.tasks else 0.0
        return self.progress.share(self._pace(self.running), self.clock())

    @property
    def seconds_left(self) -> float | None:
        """Of the running dream; None before one was timed."""
        if self.progress is None or self.running is None:
            return None
        return self.progress.seconds_left(self._pace(self.running), self.clock())

    @property
    def has_job(self) -> bool:
        """Whether the running dream was requested by the user."""
        return self._take is not None

    def cancel(self) -> None:
        """Abandon the running dream. If a dream is being laid, finish laying it now."""
        if self.laying:
            self.tasks.finish()
        self.cancel_gather()
        self.worker.cancel()
        self._stop()
        self._take = None

    def cancel_gather(self) -> None:
        """Abandon a gather, as the surfaces are about to change. The next frame may gather again."""
        if not self.laying:
            self.tasks.abandon()

    @property
    def busy(self) -> bool:
        """Whether a view is being gathered, dreamed or laid onto the surfaces."""
        return self.running is not None or bool(self.tasks)

    @property
    def laying(self) -> bool:
        """Whether a dream is being laid onto the surfaces."""
        return self.running is not None and bool(self.tasks)

    def submit(
        self,
        gathered: GatheredView | GatheredSheet,
        canvas: Canvas,
        settings: DreamSettings,
        level: Level,
        only_texels: TexelMasks | None = None,
    ) -> None:
        """Send a request; it replaces the running one. only_texels: see `LatentVolume.scatter`."""
        self.level, self.preview, self._only_texels = level, None, only_texels
        self._asked = prompts_of(self.scene)
        self.running = Request(next(_IDS), gathered, canvas, settings)
        self.progress = Progress(gathered.size, settings.steps, since=self.clock())
        self.worker.submit(self.running)

    def _finish(self, message: Finished) -> None:
        gathered, dreamed = message.request.gathered, message.dreamed
        take, self._take = self._take, None
        self.calls += dreamed.calls
        self.progress = self.progress and self.progress.enter(LAYING, self.clock())
        if take:
            self._note_times(dreamed)
            assert isinstance(gathered, GatheredView)  # nobody requests sheets
            self._stop()
            self.dreamed, self.dreamed_at, self.dreams = dreamed, None, self.dreams + 1
            take(gathered, dreamed)
            return
        if gathered.revision != self.volume.revision:
            self._stop()
            self._outcomes.append(Outcome.OUTDATED)
            return
        if isinstance(gathered, GatheredSheet):
            laying = self.volume.write_sheet_task(gathered, dreamed.latents, dreamed.image, dreamed.steps)
            self.tasks.begin(laying, partial(self._laid, gathered, dreamed, self._asked))
            return
        kept = message.request.canvas.change == 0
        materials = dreamed_materials(gathered.material, self.scene)
        painted = PaintedView(
            gathered.camera,
            gathered.size,
            dreamed.latents,
            dreamed.image,
            dreamed.steps,
            kept_mask=kept,
            shown_materials=materials,
        )
        self.tasks.begin(
            self.volume.scatter_task(gathered, painted, only_texels=self._only_texels),
            partial(self._laid, gathered, dreamed, self._asked),
        )

    def _laid(self, gathered: GatheredView | GatheredSheet, dreamed: Dreamed, prompts: Prompts, texels: int) -> None:
        self._note_times(dreamed)
        self._stop()
        if texels:
            self.prompts = self.prompts.note(gathered.revision + 1, prompts)
        self.dreams += 1
        # the volume may have a later revision already, if it was erased at once
        self._outcomes.append(Laid(gathered, dreamed, gathered.revision + (texels > 0)))

    def _stop(self) -> None:
        self.running = self.preview = self.progress = None

    def _note_times(self, dreamed: Dreamed) -> None:
        """Remember what the running dream took, and learn its pace."""
        if self.running is None or self.progress is None:
            return
        request, progress = self.running, self.progress
        seconds = {part: dreamed.seconds.get(part, 0.0) for part in DREAM_PARTS} | {
            LAYING: self.clock() - progress.since if progress.part == LAYING else 0.0
        }
        network = sum(dreamed.seconds.get(part, 0.0) for part in ("unet", "vae", "text"))
        steps = request.settings.steps
        times = DreamTimes(self.level.words, request.gathered.size, steps, dreamed.calls, seconds, network)
        self._paces[_kind(request)] = self._pace(request).learn(times)
        self.last_times = times
        self._times.append(times)

    def _pace(self, request: Request) -> Pace:
        return self._paces.get(_kind(request), Pace())


def _kind(request: Request) -> str:
    """What is laid differently."""
    gathered = request.gathered
    return "sheet" if isinstance(gathered, GatheredSheet) else gathered.part.name
