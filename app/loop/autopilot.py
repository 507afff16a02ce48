"""Plans how to paint a whole scene: the views to dream, and which of them shows the largest unfinished area."""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from app.loop.mesh_views import mesh_views
from app.loop.painter import Painter
from engine.atlas import policy
from engine.atlas.views import Part
from scenes.camera import Camera
from scenes.paths import sample_path
from scenes.scene import Scene

SIZE = (16, 9)  # aspect ratio of its views
EVERY = 1.5  # seconds between viewpoints along a path
TURNS = {"walk": (0.0, 90.0, 180.0, 270.0)}  # degrees: from a street one looks around, from an orbit inwards only

Measure = Callable[[Camera], tuple[int, int]]  # → latent pixels of the view that are not finished, and that could be


def viewpoints(scene: Scene) -> list[Camera]:
    """Return the cameras to paint a scene from: along all its paths, looking around at points of its walk, and around its meshes."""
    found = []
    for name in sorted(scene.paths):
        path = scene.paths[name]
        for seconds in np.arange(0.0, path.seconds, EVERY):
            camera = sample_path(path, float(seconds))
            for turn in TURNS.get(name, (0.0,)):
                turned = Camera.from_angles(camera.position, camera.yaw + turn, camera.pitch, camera.fov)
                found.append(turned if turn else camera)
    return found + mesh_views(scene)


def measure_view(painter: Painter, camera: Camera) -> tuple[int, int]:
    """Measure a view of the painter's volume, as a `Measure` does. See-through surfaces count, and so does what lies behind them."""
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
    """A camera with what is known of its view.

    open, seen: last result of `Measure`; given_up: the part of `open` that a dream could not paint; dreams: number so far
    """

    camera: Camera
    open: int = 0
    seen: int = 0
    given_up: int = 0
    dreams: int = 0

    @property
    def gain(self) -> int:
        """Upper bound of the area that a dream of this view would finish."""
        return self.open - self.given_up


class Autopilot:
    """Chooses the view to dream next: the one with the largest unfinished area.

    Painting only lowers that area, so old measurements are upper bounds, and only the front of the queue needs to be measured
    again (lazy greedy). A measurement gathers a view. `survey` and `choose` therefore yield after each one, so that a window can draw
    frames in between.
    """

    def __init__(self, cameras: Sequence[Camera], measure: Measure) -> None:
        self.views = [Viewpoint(camera) for camera in cameras]
        self.current: Viewpoint | None = None
        self._measure = measure
        self._queue: list[tuple[int, int]] = []  # (-gain, index)

    @property
    def coverage(self) -> float:
        """Finished share of the area of all views; a lower bound, as most measurements are old."""
        total = sum(view.seen for view in self.views)
        return 1.0 - sum(view.open for view in self.views) / total if total else 1.0

    @property
    def plan(self) -> list[Viewpoint]:
        """Views worth dreaming, the largest gain first. An estimate, as views share surfaces."""
        return sorted((view for view in self.views if view.gain > 0), key=lambda view: -view.gain)

    def survey(self) -> Iterator[int]:
        """Measure every view; yield the number measured so far."""
        for index, view in enumerate(self.views):
            view.open, view.seen = self._measure(view.camera)
            heapq.heappush(self._queue, (-view.gain, index))
            yield index + 1

    def choose(self) -> Iterator[Viewpoint]:
        """Set `current` to the view to dream next, or to None if no view would gain; yield each view that is measured."""
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
        """Put a chosen view back into the queue."""
        heapq.heappush(self._queue, (-view.gain, next(k for k, other in enumerate(self.views) if other is view)))

    def mark_done(self) -> None:
        """Record that the current view was dreamed, and measure what is left: another dream would not paint it either."""
        view = self.current
        assert view is not None
        view.open = view.given_up = self._measure(view.camera)[0]
        view.dreams += 1


def drain(work: Iterator[object]) -> None:
    """Run an iterator to its end."""
    deque(work, maxlen=0)
