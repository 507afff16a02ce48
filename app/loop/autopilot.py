"""Plans how to paint a whole scene: the views to dream, and which of them shows the largest unfinished area."""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from app.loop.painter import Painter
from engine.atlas import policy
from engine.atlas.views import Part
from scenes.camera import Camera
from scenes.paths import sample_path
from scenes.scene import Scene

SIZE = (16, 9)  # the aspect of its views
EVERY = 1.5  # seconds along a path between two viewpoints
TURNS = {"walk": (0.0, 90.0, 180.0, 270.0)}  # degrees: from a street one looks around, from an orbit inwards only

Measure = Callable[[Camera], tuple[int, int]]  # → latent pixels of the view that are not finished, and that could be


def viewpoints(scene: Scene) -> list[Camera]:
    """The cameras to paint a scene from: along all its paths, and in all directions from points of its walk."""
    found = []
    for name in sorted(scene.paths):
        path = scene.paths[name]
        for seconds in np.arange(0.0, path.seconds, EVERY):
            camera = sample_path(path, float(seconds))
            for turn in TURNS.get(name, (0.0,)):
                turned = Camera.from_angles(camera.position, camera.yaw + turn, camera.pitch, camera.fov)
                found.append(turned if turn else camera)
    return found


def make_measure(painter: Painter, camera: Camera) -> tuple[int, int]:
    """A `Measure` of the painter's volume. What is seen through see-through surfaces counts as well as these."""
    steps, open_, seen = painter.session.dream.steps, 0, 0
    for part in (Part.SOLID, Part.BEHIND):
        gathered = painter.requests.gather_task(camera, SIZE, part=part).run_to_end()
        could = policy.claimable_mask(gathered)
        open_, seen = open_ + int((could & ~policy.final_mask(gathered, steps)).sum()), seen + int(could.sum())
        if not painter.volume.charts.see_through[gathered.chart].any():
            break
    return open_, seen


@dataclass
class Viewpoint:
    """open, seen: the last result of `Measure`; given_up: the part of `open` that a dream left unpainted; dreams: so far."""

    camera: Camera
    open: int = 0
    seen: int = 0
    given_up: int = 0
    dreams: int = 0

    @property
    def gain(self) -> int:
        """Upper bound of the area that dreaming this view would finish."""
        return self.open - self.given_up


class Autopilot:
    """Which view is next. Greedy by unfinished area; since painting only lowers it, stale figures are upper bounds and
    only the front of the queue is measured again (lazy greedy).

    A measurement costs a look, so `survey` and `choose` make one for each step of their iterators: a window goes on between.
    """

    def __init__(self, cameras: Sequence[Camera], measure: Measure) -> None:
        self.views = [Viewpoint(camera) for camera in cameras]
        self.current: Viewpoint | None = None
        self._measure = measure
        self._queue: list[tuple[int, int]] = []  # (-gain, index)

    @property
    def coverage(self) -> float:
        """Share of the area of all views that is finished; a lower bound, as most measurements are old."""
        total = sum(view.seen for view in self.views)
        return 1.0 - sum(view.open for view in self.views) / total if total else 1.0

    @property
    def plan(self) -> list[Viewpoint]:
        """Views worth dreaming, the largest gain first. An estimate, as views share surfaces."""
        return sorted((view for view in self.views if view.gain > 0), key=lambda view: -view.gain)

    def survey(self) -> Iterator[int]:
        """Measure every view; yields the number measured so far."""
        for index, view in enumerate(self.views):
            view.open, view.seen = self._measure(view.camera)
            heapq.heappush(self._queue, (-view.gain, index))
            yield index + 1

    def choose(self) -> Iterator[Viewpoint]:
        """Find the view to dream next; yields each view that it measures. Sets `current` to it, or to None if no view would gain."""
        self.current = None
        while self._queue:
            index = heapq.heappop(self._queue)[1]
            view = self.views[index]
            view.open = self._measure(view.camera)[0]
            yield view
            if view.gain <= 0:
                continue
            if self._queue and view.gain < -self._queue[0][0]:
                heapq.heappush(self._queue, (-view.gain, index))
                continue
            self.current = view
            return

    def put_back(self, view: Viewpoint) -> None:
        """Let a view that was chosen be chosen again."""
        heapq.heappush(self._queue, (-view.gain, next(k for k, other in enumerate(self.views) if other is view)))

    def mark_done(self) -> None:
        """Record that the current view was dreamed, and measure what is left, which another dream would leave, too."""
        view = self.current
        assert view is not None
        view.open = view.given_up = self._measure(view.camera)[0]
        view.dreams += 1


def drain(work: Iterator[object]) -> None:
    """Run an iterator to its end."""
    deque(work, maxlen=0)
