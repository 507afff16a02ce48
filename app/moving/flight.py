"""Runs the autopilot in the window: dreams the whole scene, surface by surface or view by view, with or without moving the camera."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from functools import partial

from app.loop.autopilot import SIZE, Autopilot, Viewpoint, measure_view, viewpoints
from app.loop.mesh_views import mesh_views
from app.loop.open_scene import OpenScene
from app.loop.sky import AROUND
from app.loop.surface_pilot import SurfacePilot, plan_surfaces
from base.grid import CELL
from engine.gl.time_sliced import TimeSlicedTask
from scenes.camera import Camera
from scenes.paths import sample_path
from scenes.scene import CameraPath, Keyframe

UNTIL = 0.95  # default share to paint
GLIDE = 1.5  # seconds from one view to the next
RECENT = 8  # number of dreams from which the remaining time is estimated
FEWEST = 3  # minimum number of dreams for an estimate


class Flight:
    """Call `update` once a frame, on the GL thread. It never waits for a dream. follow: whether the camera goes along.

    A model that knows surfaces paints them straight on, all that the scene has; any other paints views, and what they show counts.
    coverage: 0..1, now; begun_at: coverage at the beginning; measured: how many views have been examined; surveyed: whether it is
    known what is to be painted; done: whether it has ended; status_text: why it ended, or what it is doing; noun: what it paints
    one of at a time.
    """

    def __init__(self, open_scene: OpenScene, until: float, follow: bool) -> None:
        model, cameras = open_scene.painter.client.model, viewpoints(open_scene.scene)
        by_surfaces = model is not None and model.knows_surfaces
        self.open_scene, self.until, self.follow = open_scene, until, follow
        self.noun = "surfaces" if by_surfaces else "views"
        self.pilot: Autopilot | SurfacePilot = Autopilot(
            [] if by_surfaces else cameras, partial(measure_view, open_scene.painter)
        )
        self.measured, self.begun_at, self.done, self.status_text = 0, 0.0, False, "looking around"
        self._plan, self._now, self.surveyed = open_scene.plan, 0.0, False
        self._pace: deque[tuple[float, float]] = deque(maxlen=RECENT)  # (seconds, what is painted) after each dream
        self._goal = until  # coverage at the end
        self._here = Camera()
        self._glide: tuple[CameraPath, float] | None = None
        self._life = self._fly_by_surfaces(cameras) if by_surfaces else self._fly_by_views(self.pilot)

    @property
    def current(self) -> Viewpoint | None:
        return self.pilot.current

    @property
    def coverage(self) -> float:
        return self.pilot.coverage if self.surveyed else 0.0

    @property
    def seconds_left(self) -> float | None:
        """Seconds until the end, at the pace of the last dreams; None while that is unknown."""
        if len(self._pace) <= FEWEST or self.done:
            return None
        (start, before), (end, after) = self._pace[0], self._pace[-1]
        gained = after - before
        return None if gained <= 0 else max(0.0, self._goal - after) / gained * (end - start)

    def update(self, camera: Camera, now: float) -> None:
        """One frame's work. camera: the present one; now: seconds on a steady clock."""
        if self.done or self.open_scene.painter.client.model is None or self.open_scene.painter.client.busy:
            return
        if self.open_scene.plan is not self._plan:
            self._end("the scene was changed; start again to see its new views")
            return
        self._now, self._here, before = now, camera, self.current
        next(self._life, None)
        if self.current is not before and self.current is not None:
            frames = Keyframe(camera, 0.0), Keyframe(self.current.camera, GLIDE)
            self._glide = CameraPath("glide", frames), now

    def camera(self, now: float) -> Camera | None:
        """Return the camera of the flight at this time, or None while it is free."""
        if not self.follow or self._glide is None:
            return None
        path, began = self._glide
        return sample_path(path, min(now - began, path.seconds))

    def _fly_by_surfaces(self, cameras: list[Camera]) -> Iterator[None]:
        painter, session = self.open_scene.painter, self.open_scene.painter.session
        self.status_text, painter.client.problem = "painting the sky", ""
        while painter.sky.consider(session, AROUND):
            yield  # `update` continues here after the dream
            if self._end_after_failure():
                return
        self.status_text = "planning surfaces"
        multiple = painter.requests.model.multiple // CELL
        slices = plan_surfaces(self.open_scene.volume, self._here, multiple, session.dream.steps, cameras)
        planning = TimeSlicedTask(self.open_scene.ctx, slices)
        while not planning.run_for(0.0):
            yield
        pilot = self.pilot = planning.result
        self.surveyed, self.begun_at = True, pilot.coverage
        painted, self._goal = pilot.work(self.until)
        self._pace.append((self._now, painted))
        while pilot.coverage < self.until and (sheet := pilot.choose()) is not None:
            self.status_text = f"painting {pilot.label}"
            revision = -1
            while self.open_scene.volume.revision != revision:  # gather again if the user painted meanwhile
                revision = self.open_scene.volume.revision
                painter.requests.begin_sheet(sheet, self.status_text)
                yield
                if self._end_after_failure():
                    return
            pilot.mark_done()
            self._pace.append((self._now, pilot.work(self.until)[0]))
        for camera in mesh_views(self.open_scene.scene):
            self.status_text = "painting meshes"
            while painter.consider(camera, SIZE, refine=False):
                yield
                if self._end_after_failure():
                    return
        self._end(f"{pilot.coverage:.0%} of the surfaces are painted")

    def _fly_by_views(self, pilot: Autopilot) -> Iterator[None]:
        painter = self.open_scene.painter
        if not pilot.views:
            self._end("the scene has no camera paths to look from")
            return
        for self.measured in pilot.survey():
            yield
        self.surveyed, self.begun_at = True, pilot.coverage
        self._pace.append((self._now, pilot.coverage))
        while pilot.coverage < self.until:
            self.status_text = "choosing the next view"
            for _ in pilot.choose():
                yield
            if pilot.current is None:
                self._end(f"all that its views can show is painted: {pilot.coverage:.0%}")
                return
            self.status_text = "painting a view"
            painter.client.problem = ""
            while painter.consider(pilot.current.camera, SIZE):
                yield
                if self._end_after_failure():
                    return
            yield
            pilot.mark_done()
            self._pace.append((self._now, pilot.coverage))
        self._end(f"{pilot.coverage:.0%} of what its views show is painted")

    def _end_after_failure(self) -> bool:
        """Whether the last dream failed, which ends the flight."""
        if problem := self.open_scene.painter.client.problem:
            self._end(f"a dream failed: {problem}")
        return bool(problem)

    def _end(self, words: str) -> None:
        self.done, self.status_text = True, words
