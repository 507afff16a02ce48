"""The painting loop: measures how much of a view is painted and requests a dream of the rest."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import partial

from app.fields import Size
from app.loop.dream_client import DreamClient, LaidDream, Outcome, Take
from app.loop.dream_requests import DreamRequests
from app.loop.messages import Message, Request, Worker
from app.loop.progress import about
from app.loop.quality_levels import Level, View, level_of
from app.loop.refined_view import RefinedView, describe_activity, may_look_ahead, seconds_left
from app.loop.refining import Piece, Refiner, refiner_of
from app.loop.sky import AROUND, SkyPainter
from app.loop.view_framing import has_left
from app.session import Session
from diffusion.canvas import Canvas
from diffusion.settings import DreamSettings
from engine.atlas.views import GatheredSheet, GatheredView, Part
from engine.atlas.volume import LatentVolume
from engine.gl.time_sliced import TimeSlicedTask
from scenes.camera import Camera
from scenes.scene import Scene

PIECE = 0.006  # seconds per frame for painting while the user walks
RESTING = 1.5  # times PIECE at rest: frames that lay paint take about twice as long as those that draw panels
WALKING = 0.3  # share of a frame's time for painting while the user walks, if that is more
CALM = 8.0  # times PIECE at rest while nobody touches anything
OPENING = 16.0  # times PIECE until the first paint is laid
LONG = 2.0  # seconds; the status shows the remaining time only if it is longer
LOOK_AROUND = 0.25  # seconds between gathers while the camera moves; each costs a fraction of a frame


class Painter:
    """Decides which views are dreamed, and how well. In a window, call `update` every frame; otherwise see `app.loop.paint_now`.

    session: may be replaced at any time; it applies to the next dream
    client: sends requests and lays the dreams that come back; requests: gathers views and asks for dreams of them
    coverage: 0..1, how much of the last view is painted
    """

    def __init__(
        self, volume: LatentVolume, worker: Worker, scene: Scene, session: Session, budget: float = math.inf
    ) -> None:
        self.client = DreamClient(volume, worker, scene, budget)
        self.requests = DreamRequests(self.client, session)
        self.sky = SkyPainter(self.client)
        self.coverage = 0.0
        self._begun = False  # whether a view was painted with all steps, or needed nothing
        self._camera: Camera | None = None
        self._moved_at = self._looked_at = self._updated = -math.inf
        self._sky_came_last = False  # while the user walks, faces of the sky and sketches of views take turns
        self._asked: tuple[View, ...] = ()  # requested parts of a view, at the revision after their dreams
        self._settled: set[View] = set()  # views that need nothing
        self._refining: RefinedView | None = None

    @property
    def session(self) -> Session:
        return self.requests.session

    @session.setter
    def session(self, session: Session) -> None:
        self.requests.session = session

    @property
    def volume(self) -> LatentVolume:
        return self.client.volume

    @property
    def scene(self) -> Scene:
        return self.client.scene

    def update(self, camera: Camera, size: Size, now: float, calm: bool = False) -> list[Message]:
        """One frame's work: process the worker's messages and request what this view lacks. Never waits for a dream.

        size: the window's; now: seconds on any steady clock; calm: whether frames may take longer at rest. Returns the worker's
        messages, for panels and log.
        """
        if self._camera not in (None, camera):  # the first view counts as one at rest
            self._moved_at = now
        frame, self._camera, self._updated = now - self._updated, camera, now
        live, resting = self.session.live, now - self._moved_at >= self.session.live.rest
        walking = max(1.0, min(WALKING * frame / PIECE, RESTING))
        at_rest = CALM if calm else RESTING
        messages = self.collect(OPENING if self.opening else at_rest if resting else walking)
        self.leave(camera)
        due = resting or (live.moving and now - self._looked_at >= LOOK_AROUND)
        if live.auto and due and self.consider(camera, size, resting and not self.opening):
            self._looked_at = now
        if live.auto and resting and self._refining and may_look_ahead(self.client, self._refining, camera):
            self._refine(self._refining)
        return messages

    def leave(self, camera: Camera) -> None:
        """Cancel the running dream if the camera, which is here now, has left its view."""
        if self.client.running and not self.client.tasks and self._abandons(camera):
            self.cancel()

    def collect(self, haste: float = RESTING) -> list[Message]:
        """Process the worker's messages; see `DreamClient.collect`. haste: see `TaskRunner`."""
        self.client.tasks.haste = haste
        messages = self.client.collect()
        self._take_outcomes()
        return messages

    def consider(self, camera: Camera, size: Size, resting: bool = True, refine: bool = True) -> bool:
        """Gather the view, and submit a dream if too little of it is painted. Returns whether it had to gather.

        resting: with all steps; else a sketch of a few steps is enough. refine: also at the window's own resolution, if that is set.
        """
        if self.client.model is None or self.client.busy or not self.client.model.dreams:
            return False
        self.requests.follow_seed()
        # in a window the first view comes before the sky, so that something is visible soon
        first = refine and (not self.client.dreams or (resting and not self._begun))
        turn = first or (self._sky_came_last and not resting)
        if not turn and self.sky.consider(self.session, self.sky.faces(camera, size)):
            return True
        level = level_of(self.session, self.client.model, size, resting)
        view = View(camera, size, level, self.session.dream.seed, self.volume.revision)
        if refine and self._refining is not None and self._refining.view == view:
            return self._refine(self._refining) or (resting and self._paint_sky_around(camera, size))
        self._refining = None
        for one in (view, view.behind):
            if one not in self._settled:
                gathering = self.requests.gather_task(camera, size, level, one.part)
                self.client.tasks.begin(gathering, partial(self._judge, one, refine, resting))
                return True
        return resting and refine and (self._begin_refining(view) or self._paint_sky_around(camera, size))

    def _judge(self, view: View, refine: bool, resting: bool, gathered: GatheredView) -> None:
        """Submit a dream if too little of the view is painted."""
        if gathered.revision != self.volume.revision:
            return  # painted or erased by hand meanwhile: the next frame gathers again
        self.sky.note_visible_faces(gathered)
        coverage = view.level.coverage(gathered, view.size)
        self.coverage = coverage if view.whole else self.coverage
        if coverage >= self.session.paint.coverage or view in self._asked:
            self._settle(view)  # also if a dream did not cover it all, as another would do no better
            if not self.volume.charts.see_through[gathered.chart].any():
                self._settle(view.behind)
            if view.whole and refine and not resting and self._refiner.follows_walker:
                full = level_of(self.session, self.requests.model, view.size, resting=True)
                self._begin_refining(replace(view, level=full))
        else:
            self._asked, self.client.problem = view.add_to(self._asked), ""
            self.requests.submit(gathered, view.dream_level)

    def _paint_sky_around(self, camera: Camera, size: Size) -> bool:
        """Paint a face of the sky that nobody sees yet, after everything in view. Returns False if none is left."""
        return self.sky.consider(self.session, (*self.sky.faces(camera, size), *AROUND))

    def _begin_refining(self, view: View) -> bool:
        """Find the parts of the view that lack something. Returns False if there is nothing to gain, or refining is off."""
        refiner = self._refiner
        if not (self.session.live.refine and refiner.gains(view)):
            return False
        finding = refiner.find_parts(view, *self.requests.frame_view(view.camera, view.size, view.level))
        self.client.tasks.begin(TimeSlicedTask(self.volume.ctx, finding), partial(self._divide, view, refiner))
        return True

    def _divide(self, view: View, refiner: Refiner, parts: tuple[Piece, ...]) -> None:
        """Begin with the parts of the view that lack something."""
        if view.revision != self.volume.revision:
            return
        self.coverage = 1 - sum(part.lacking for part in parts)
        self._refining = RefinedView(view, refiner, parts, self.client.clock())
        if refiner.follows_walker:  # at once: the next frame may show another view
            self._refine(self._refining)

    def _refine(self, refining: RefinedView) -> bool:
        """Examine the next part. Returns False if none is left."""
        if not refining.left:
            return False
        part = refining.left[0]
        self._refining = replace(refining, taken=refining.taken + 1)
        self.coverage += part.lacking
        gathering = TimeSlicedTask(self.volume.ctx, refining.refiner.gather(part))
        self.client.tasks.begin(gathering, partial(self._judge_part, self._refining))
        return True

    def _judge_part(self, refining: RefinedView, gathered: GatheredView | GatheredSheet) -> None:
        """Submit a dream of a part that is not fine enough yet."""
        if gathered.revision != self.volume.revision:
            return
        steps = refining.view.level.steps
        if refining.refiner.is_lacking(gathered, steps):
            self.client.problem = ""
            self.requests.submit(gathered, Level(f"refining this view, {refining.label}", steps, gathered.size[1]))

    @property
    def _refiner(self) -> Refiner:
        return refiner_of(self.volume, self.requests.model, self.session.paint.coverage)

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
        """Dream something that the user requested; it replaces the running dream. See `DreamClient.submit_job`. Moving doesn't
        abandon it; `cancel` does."""
        self.cancel()
        return self.client.submit_job(gathered, canvas, settings, status, take, beside, model)

    def cancel(self) -> None:
        """Abandon the running dream. If a dream is being laid, finish laying it now."""
        self.client.cancel()
        self._take_outcomes()
        self._asked, self._refining, self.sky.running = (), None, None

    def interrupt(self) -> None:
        """`cancel`, unless a dream is being laid over several frames: laying the rest at once would take 0.25 s."""
        if not self.client.laying:
            self.cancel()

    def drop(self) -> None:
        """Abandon everything, including a dream that is being laid. Leaves no reference cycle with the painter."""
        self.client.tasks.abandon()
        self.cancel()

    def reset_failures(self) -> None:
        """Try again after a failure, and gather finished views again (after an erase, for example)."""
        self.client.problem, self._asked, self._refining = "", (), None
        self.sky.reset()
        self._settled.clear()

    @property
    def status_text(self) -> str:
        """A short text about what the painter does, with the time that is left if it is long."""
        left = seconds_left(self.client, self._refining)
        return f"{self.activity} · {about(left)} left" if left is not None and left >= LONG else self.activity

    @property
    def activity(self) -> str:
        """A short text about what the painter does."""
        settled = any(self._camera in (None, view.camera) for view in self._settled)
        return describe_activity(self.client, self.session.live.auto, self._refining, settled)

    @property
    def refining(self) -> bool:
        """Whether parts of a view are being dreamed, after the whole view."""
        return self._refining is not None

    def _abandons(self, camera: Camera) -> bool:
        """Whether the running dream has become useless: close-ups fit one exact view, sheets any view; other dreams may lag behind."""
        running = self.client.running
        if running is None or self.client.has_job or not isinstance(running.gathered, GatheredView):
            return False
        if self.sky.running is not None:
            return self.sky.outdated
        live, then = self.session.live, running.gathered.camera
        if self._refining:
            return camera != self._refining.view.camera
        return has_left(then, camera, live.abandon_angle, live.abandon_distance)

    def _settle(self, view: View) -> None:
        self._begun, self._sky_came_last = True, False
        self._settled = {v for v in self._settled if v.revision == view.revision and v.camera == view.camera} | {view}

    @property
    def opening(self) -> bool:
        """Whether nothing is painted yet: a sketch then shows something at once."""
        live, client = self.session.live, self.client
        return live.auto and live.moving and not (client.dreams or client.problem or self.volume.revision)

    def _take_outcomes(self) -> None:
        for outcome in self.client.pop_outcomes():
            if isinstance(outcome, LaidDream):
                self._take_laid(outcome)
            elif self.sky.running is not None:
                self.sky.running = None
                if outcome is Outcome.FAILED:
                    self.sky.fail()
            elif outcome is Outcome.OUTDATED:
                self._asked = ()
            elif self._refining:
                self._refining = replace(self._refining, taken=len(self._refining.parts))
            elif self._asked:
                self._settle(self._asked[-1])  # this view would fail again; another one may not

    def _take_laid(self, laid: LaidDream) -> None:
        self._sky_came_last = isinstance(laid.gathered, GatheredView) and laid.gathered.part is Part.SKY
        if self._sky_came_last:
            self.sky.finish()
            self._follow_revision(laid.gathered.revision, laid.revision)
            return
        if self._refining:
            view = replace(self._refining.view, revision=laid.revision)
            self._refining = replace(self._refining, view=view)
            if self.client.running and self._camera != view.camera:
                self.cancel()  # the next sheet has only just begun, and the user looks elsewhere now
            return
        if isinstance(laid.gathered, GatheredView) and laid.gathered.part is not Part.BEHIND:
            self.client.dreamed, self.client.dreamed_at = laid.dreamed, laid.gathered.camera
            self._begun |= not self.client.level.sketch
        self._asked = tuple(replace(view, revision=laid.revision) for view in self._asked)

    def _follow_revision(self, before: int, after: int) -> None:
        """Follow a revision of the sky alone, which changes nothing that views need."""
        self._settled = {view.follow(before, after) for view in self._settled}
        self._asked = tuple(view.follow(before, after) for view in self._asked)
        if self._refining:
            self._refining = replace(self._refining, view=self._refining.view.follow(before, after))
