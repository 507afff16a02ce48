"""Runs the autopilot in the window: dreams the whole scene view by view, with or without moving the camera."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from functools import partial

from app.loop.autopilot import SIZE, Autopilot, Viewpoint, unfinished, viewpoints
from app.loop.open_scene import OpenScene
from scenes.camera import Camera
from scenes.paths import sample_path
from scenes.scene import CameraPath, Keyframe

UNTIL = 0.95  # of what the views show, when nobody asks for another share
GLIDE = 1.5  # seconds from one view to the next
RECENT = 8  # views, from whose pace the end is estimated
FEWEST = 3  # from fewer, the end would be guessed


class Flight:
    """Call `update` once a frame, on the GL thread. It never waits for a dream. follow: whether the camera goes along.

    coverage: 0..1, now; begun_at: coverage at the beginning; measured: how many views have been examined; done: whether it has
    ended; status_text: why it ended, or what it is doing.
    """

    def __init__(self, open_scene: OpenScene, until: float, follow: bool) -> None:
        self.open_scene, self.until, self.follow = open_scene, until, follow
        self.pilot = Autopilot(viewpoints(open_scene.scene), partial(unfinished, open_scene.painter))
        self.measured, self.begun_at, self.done, self.status_text = 0, 0.0, False, "looking around"
        self._plan, self._now = open_scene.plan, 0.0
        self._pace: deque[tuple[float, float]] = deque(maxlen=RECENT)  # (seconds, coverage) after each view
        self._glide: tuple[CameraPath, float] | None = None
        self._life = self._fly()

    @property
    def current(self) -> Viewpoint | None:
        return self.pilot.current

    @property
    def coverage(self) -> float:
        return self.pilot.coverage if self.measured == len(self.pilot.views) else 0.0

    @property
    def seconds_left(self) -> float | None:
        """Seconds until the end, at the pace of the last views; None while that is unknown."""
        if len(self._pace) <= FEWEST or self.done:
            return None
        (start, before), (end, after) = self._pace[0], self._pace[-1]
        gained = after - before
        return None if gained <= 0 else max(0.0, self.until - after) / gained * (end - start)

    def update(self, camera: Camera, now: float) -> None:
        """One frame's work. camera: the present one; now: seconds on a steady clock."""
        if self.done or self.open_scene.painter.client.model is None or self.open_scene.painter.client.busy:
            return
        if self.open_scene.plan is not self._plan:
            self._end("the scene was changed; start again to see its new views")
            return
        self._now, before = now, self.current
        next(self._life, None)
        if self.current is not before and self.current is not None:
            frames = Keyframe(camera, 0.0), Keyframe(self.current.camera, GLIDE)
            self._glide = CameraPath("glide", frames), now

    def camera(self, now: float) -> Camera | None:
        """Where the camera is taken to, or None while it is free."""
        if not self.follow or self._glide is None:
            return None
        path, began = self._glide
        return sample_path(path, min(now - began, path.seconds))

    def _fly(self) -> Iterator[None]:
        pilot, painter = self.pilot, self.open_scene.painter
        if not pilot.views:
            self._end("the scene has no camera paths to look from")
            return
        for self.measured in pilot.survey():
            yield
        self.begun_at = pilot.coverage
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
                yield  # `update` continues here when it is dreamed
                if painter.client.problem:
                    self._end(f"a dream failed: {painter.client.problem}")
                    return
            yield
            pilot.done()
            self._pace.append((self._now, pilot.coverage))
        self._end(f"{pilot.coverage:.0%} of what its views show is painted")

    def _end(self, words: str) -> None:
        self.done, self.status_text = True, words
