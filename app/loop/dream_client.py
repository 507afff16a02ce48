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

from app.loop.messages import (
    DreamFailed,
    DreamFinished,
    Message,
    ModelInfo,
    PartBegun,
    Preview,
    Request,
    Status,
    Worker,
    id_of,
)
from app.loop.painted_prompts import PromptLog, Prompts, prompts_of
from app.loop.progress import LAYING, DreamTimes, Pace, Progress
from app.loop.quality_levels import Level
from app.loop.task_runner import TaskRunner
from diffusion.canvas import DREAM_PARTS, Canvas, Dreamed
from diffusion.settings import DreamSettings
from engine.atlas.views import GatheredSheet, GatheredView, PaintedView
from engine.atlas.visibility import TexelMasks
from engine.atlas.volume import LatentVolume
from engine.geometry.sheet import Sheet
from scenes.camera import Camera
from scenes.prompt_masks import find_dreamed_materials
from scenes.scene import Scene

_IDS = itertools.count()  # of requests; shared by all clients, because several may use one worker in turn
# Requests that wait for the running one. A worker may dream the first beside it, and begin the second without waiting.
MOST_FOLLOWING = 2
MOST_TIMES = 64  # entries kept for `pop_times`, which loops without a window never call
Take = Callable[[GatheredView, Dreamed], None]


@dataclass(frozen=True)
class LaidDream:
    """A dream that was laid onto the surfaces. revision: of the volume afterwards."""

    gathered: GatheredView | GatheredSheet
    dreamed: Dreamed
    revision: int


@dataclass(frozen=True)
class _Next:
    """A request that follows the running one. prompts: of the scene when the request was made."""

    request: Request
    level: Level
    prompts: Prompts


class Outcome(Enum):
    """Ways in which a dream can end without being laid. OUTDATED: the surfaces changed since it was gathered."""

    FAILED = auto()
    OUTDATED = auto()


class DreamClient:
    """Sends requests to a worker and lays the returned dreams onto the surfaces in order.

    One request runs; others may follow it (`submit_next`), so that the worker goes on while its dream is laid.

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
        self._begun = False  # whether the worker has taken up the running request
        self._following: deque[_Next] = deque()
        self._held: list[Message] = []  # until the dreams before them are laid
        self._outcomes: list[LaidDream | Outcome] = []

    def collect(self) -> list[Message]:
        """Process the worker's messages: lay a finished dream if the surfaces haven't changed since, store previews and failures.
        Also run a slice of `tasks`."""
        self.tasks.begin_frame()
        messages = self.worker.poll()
        waiting, self._held = [*self._held, *messages], []
        for message in waiting:
            if self._must_wait(message):
                self._held.append(message)
            else:
                self._process(message)
        return messages

    def _must_wait(self, message: Message) -> bool:
        """Whether a message belongs to a dream that follows, or ends the running one while something is still being gathered."""
        if any(id_of(message) == one.request.id for one in self._following):
            return True
        ends = isinstance(message, DreamFinished) and self.running is not None and message.request.id == self.running.id
        return ends and bool(self.tasks)

    def _process(self, message: Message) -> None:
        mine = self.running is not None and id_of(message) == self.running.id
        if isinstance(message, Status):
            self.status, self.model = message.text, message.model or self.model
        elif isinstance(message, DreamFailed):
            self.cancel_gather()
            self._drop_following()
            self._stop()
            self.problem, self._take = message.problem, None
            self.model = self.model if message.request else None
            self._outcomes.append(Outcome.FAILED)
        elif mine and isinstance(message, Preview):
            self.preview, self._begun = message, True
            self.progress = self.progress and replace(self.progress, step=message.step)
        elif mine and isinstance(message, PartBegun):
            self._begun = True
            self.progress = self.progress and self.progress.enter(message.part, self.clock())
        elif mine and isinstance(message, DreamFinished):
            self._finish(message.dreamed)

    def forget_dreamed(self) -> None:
        """Stop showing the last dream, because undo or redo changed the surfaces."""
        self.dreamed = self.dreamed_at = None

    def submit_job(
        self,
        gathered: GatheredView,
        canvas: Canvas,
        settings: DreamSettings,
        status: str,
        take: Take,
        beside: bool = False,
        model: str = "",
    ) -> Request:
        """Dream something that the user requested; returns the request. The dream is passed to `take` instead of being laid onto
        the surfaces. status: text to show meanwhile; beside, model: see `Request`."""
        self.problem = ""
        self._take = take
        request = replace(make_request(gathered, canvas, settings), beside=beside, model=model)
        self._send(_Next(request, Level(status, settings.steps, gathered.size[1]), prompts_of(self.scene)))
        return request

    def pop_outcomes(self) -> list[LaidDream | Outcome]:
        """Return how dreams ended since the last call, oldest first, without those that the user requested."""
        outcomes, self._outcomes = self._outcomes, []
        return outcomes

    def pop_times(self) -> list[DreamTimes]:
        """Return the times of dreams that ended since the last call, oldest first, at most MOST_TIMES."""
        times = list(self._times)
        self._times.clear()
        return times

    @property
    def share(self) -> float:
        """Finished share of the running dream, 0..1. Without one: 1 if an earlier dream is complete, else 0."""
        if self.progress is None or self.running is None:
            return 1.0 if self.dreamed and not self.tasks else 0.0
        return self.progress.share(self._pace(self.running), self.clock())

    @property
    def seconds_left(self) -> float | None:
        """Seconds left of the running dream; None until a dream was timed."""
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
        self._take, self._held = None, []
        self._following.clear()

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
        return self.progress is not None and self.progress.part == LAYING and bool(self.tasks)

    @property
    def can_follow(self) -> bool:
        """Whether another request may follow the running dream (`submit_next`)."""
        room = len(self._following) < MOST_FOLLOWING
        return room and self._begun and self.running is not None and not (self.has_job or self.tasks)

    @property
    def unlaid(self) -> list[GatheredView | GatheredSheet]:
        """What the running dream and those that follow it were gathered from, in the order in which they will be laid."""
        requests = [*([self.running] if self.running else []), *(one.request for one in self._following)]
        return [request.gathered for request in requests]

    @property
    def ahead(self) -> int:
        """Number of dreams that follow the running one, with one that is being prepared."""
        return len(self._following) + (self.running is not None and bool(self.tasks) and not self.laying)

    def submit(
        self,
        gathered: GatheredView | GatheredSheet,
        canvas: Canvas,
        settings: DreamSettings,
        level: Level,
        only_texels: TexelMasks | None = None,
    ) -> None:
        """Send a request; it replaces the running one. only_texels: see `LatentVolume.scatter`."""
        self._send(_Next(make_request(gathered, canvas, settings), level, prompts_of(self.scene)), only_texels)

    def submit_next(
        self, gathered: GatheredView | GatheredSheet, canvas: Canvas, settings: DreamSettings, level: Level
    ) -> None:
        """Send a request that the worker takes up beside the running one or after it. Laying what is `unlaid` must not change what
        was gathered for this one. It is dropped if one of those dreams isn't laid."""
        request = replace(make_request(gathered, canvas, settings), follows=True)
        self._following.append(_Next(request, level, prompts_of(self.scene)))
        self.worker.submit(request)

    def _send(self, asked: _Next, only_texels: TexelMasks | None = None) -> None:
        self._run(asked, only_texels)
        self.worker.submit(asked.request)

    def _run(self, asked: _Next, only_texels: TexelMasks | None = None) -> None:
        """Make a request the running one."""
        self.running, self.level, self._asked = asked.request, asked.level, asked.prompts
        self.preview, self._only_texels, self._begun = None, only_texels, False
        self.progress = Progress(self.running.gathered.size, self.running.settings.steps, since=self.clock())

    def _drop_following(self) -> None:
        if self._following:
            self._following.clear()
            self._held = []
            self.worker.cancel()

    def _finish(self, dreamed: Dreamed) -> None:
        assert self.running is not None
        gathered, canvas, beside = self.running.gathered, self.running.canvas, self.running.beside
        take, self._take = self._take, None
        self.calls += dreamed.calls
        self.progress = self.progress and self.progress.enter(LAYING, self.clock())
        if take:
            self._note_times(dreamed)
            assert isinstance(gathered, GatheredView)  # nobody requests sheets
            self._stop()
            self.dreams += 1
            if not beside:
                self.dreamed, self.dreamed_at = dreamed, None
            take(gathered, dreamed)
            return
        if gathered.revision != self.volume.revision:
            self._drop_following()
            self._stop()
            self._outcomes.append(Outcome.OUTDATED)
            return
        if isinstance(gathered, GatheredSheet):
            laying = self.volume.write_sheet_task(gathered.sheet, dreamed.latents, dreamed.image, dreamed.steps)
        else:
            laying = self.volume.scatter_task(
                gathered, self._make_painted_view(gathered, canvas, dreamed), only_texels=self._only_texels
            )
        self.tasks.begin(laying, partial(self._note_laid, gathered, dreamed, self._asked))

    def lay_sheet(self, sheet: Sheet, dreamed: Dreamed) -> None:
        """Lay a sheet now that was dreamed at the same time as others, even if other dreams were laid since it was gathered."""
        written = self.volume.write_sheet_task(sheet, dreamed.latents, dreamed.image, dreamed.steps).run_to_end()
        self._count(dreamed, written)

    def lay_view(self, gathered: GatheredView, canvas: Canvas, dreamed: Dreamed) -> None:
        """As `lay_sheet`, for a view. canvas: that of its dream."""
        written = self.volume.scatter_task(gathered, self._make_painted_view(gathered, canvas, dreamed)).run_to_end()
        self._count(dreamed, written)

    def _count(self, dreamed: Dreamed, texels: int) -> None:
        self.calls += dreamed.calls
        self.dreams += 1
        if texels:
            self.prompts = self.prompts.note(self.volume.revision, prompts_of(self.scene))

    def _make_painted_view(self, gathered: GatheredView, canvas: Canvas, dreamed: Dreamed) -> PaintedView:
        return PaintedView(
            gathered.camera,
            gathered.size,
            dreamed.latents,
            dreamed.image,
            dreamed.steps,
            kept_mask=canvas.change == 0,
            shown_materials=find_dreamed_materials(gathered.material, self.scene),
        )

    def _note_laid(
        self, gathered: GatheredView | GatheredSheet, dreamed: Dreamed, prompts: Prompts, texels: int
    ) -> None:
        self._note_times(dreamed)
        self._stop()
        if texels:
            self.prompts = self.prompts.note(gathered.revision + 1, prompts)
        self.dreams += 1
        # the volume may already have a later revision, if it was erased immediately
        revision = gathered.revision + (texels > 0)
        self._outcomes.append(LaidDream(gathered, dreamed, revision))
        if self._following:
            asked = self._following.popleft()
            request = asked.request  # this dream did not change what was gathered for it
            self._run(replace(asked, request=replace(request, gathered=replace(request.gathered, revision=revision))))

    def _stop(self) -> None:
        self.running = self.preview = self.progress = None

    def _note_times(self, dreamed: Dreamed) -> None:
        """Record the running dream's times and update the pace."""
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


def make_request(gathered: GatheredView | GatheredSheet, canvas: Canvas, settings: DreamSettings) -> Request:
    """A request with the next id."""
    return Request(next(_IDS), gathered, canvas, settings)


def _kind(request: Request) -> str:
    """Key of the pace: sheets, views, jobs and models are dreamed or laid differently."""
    gathered = request.gathered
    kind = "sheet" if isinstance(gathered, GatheredSheet) else gathered.part.name
    return f"{kind} beside" if request.beside else kind
