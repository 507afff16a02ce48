"""`rayverie dream`: paints a whole scene by itself, always going to the view that shows most of what is not finished."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Sequence

import numpy as np
from rich.console import Console

from app.cli.render import progress
from app.commands import Dream
from app.loop.studio import Studio, open_studio
from app.session import Session, open_scene
from engine import policy
from scenes.camera import Camera
from scenes.paths import sample
from scenes.scene import Scene

SIZE = (16, 9)  # the aspect of its views
EVERY = 1.5  # seconds along a path between two viewpoints
TURNS = {"walk": (0.0, 90.0, 180.0, 270.0)}  # degrees: from a street one looks around, from an orbit inwards only

Measure = Callable[[Camera], tuple[int, int]]  # → latent pixels of the view that are not finished, and that could be


def viewpoints(scene: Scene) -> list[Camera]:
    """The cameras that a scene is painted from: along all its paths, looking around where one walks."""
    found = []
    for name in sorted(scene.paths):
        path = scene.paths[name]
        for seconds in np.arange(0.0, path.seconds, EVERY):
            camera = sample(path, float(seconds))
            for turn in TURNS.get(name, (0.0,)):
                turned = Camera.look(camera.position, camera.yaw + turn, camera.pitch, camera.fov)
                found.append(turned if turn else camera)
    return found


class Autopilot:
    """Which view is next. Greedy by unfinished area; since painting only lowers it, stale figures are upper bounds and
    only the front of the queue is measured again (lazy greedy)."""

    def __init__(self, cameras: Sequence[Camera], measure: Measure) -> None:
        self._cameras, self._measure = list(cameras), measure
        self._open, self._seen = np.array([measure(camera) for camera in self._cameras], np.int64).reshape(-1, 2).T
        self._given_up = np.zeros_like(self._open)
        self._queue = [(-int(count), index) for index, count in enumerate(self._open)]
        heapq.heapify(self._queue)
        self._current = 0

    @property
    def coverage(self) -> float:
        """Share of the area of all views that is finished; at least so much, for most figures are from earlier."""
        total = int(self._seen.sum())
        return 1.0 - float(self._open.sum()) / total if total else 1.0

    def next(self) -> Camera | None:
        """The view to dream now, or None when none would gain anything. What a dreamed view leaves open is given up."""
        while self._queue:
            _, index = heapq.heappop(self._queue)
            self._open[index] = self._measure(self._cameras[index])[0]
            gain = int(self._open[index] - self._given_up[index])
            if gain <= 0:
                continue
            if self._queue and gain < -self._queue[0][0]:
                heapq.heappush(self._queue, (-gain, index))
                continue
            self._current = index
            return self._cameras[index]
        return None

    def done(self) -> None:
        """The view of the last `next` has been dreamed: measure what it left, which another dream would leave too."""
        index = self._current
        self._open[index] = self._given_up[index] = self._measure(self._cameras[index])[0]


def run(command: Dream) -> int:
    session = Session(command.scene, command.model, command.dream, command.paint, world=command.world)
    console = Console(stderr=True)
    with open_studio(session, open_scene(command.scene)) as studio, studio.keeping(command.world) as save:
        coverage = paint_all(studio, command, console, save)
    console.print(
        f"{coverage:.0%} of {studio.scene.name} is painted, with {studio.painter.calls} model calls.", soft_wrap=True
    )
    return 0


def paint_all(studio: Studio, command: Dream, console: Console, save: Callable[[], None]) -> float:
    """Dream view after view until `command.until` of the scene is finished or `command.views` are done. → coverage"""
    painter = studio.painter

    def measure(camera: Camera) -> tuple[int, int]:
        look = painter.look(camera, SIZE)
        could = policy.claimable(look)
        return int((could & ~policy.finished(look, command.dream.steps)).sum()), int(could.sum())

    with progress(console) as bar:
        task = bar.add_task("looking around", total=None, words="")
        pilot = Autopilot(viewpoints(studio.scene), measure)
        start = pilot.coverage
        bar.update(task, description="painting", total=round(100 * max(command.until - start, 0)))
        for _ in range(command.views):
            camera = pilot.next() if pilot.coverage < command.until else None
            if camera is None:
                break
            painter.settle(camera, SIZE)
            pilot.done()
            bar.update(task, completed=round(100 * (pilot.coverage - start)), words=f"{pilot.coverage:.1%} painted")
            save()
    return pilot.coverage
