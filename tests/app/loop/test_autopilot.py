"""The autopilot's order: always the view with most unfinished area, no view twice for nothing."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from app.loop.autopilot import Autopilot, drain, viewpoints
from scenes.camera import Camera
from scenes.load import load_scene


class World:
    """Views as sets of texels; dreaming a view finishes all of them but the stubborn ones."""

    def __init__(self, views: list[set[int]], stubborn: set[int]) -> None:
        self.views, self.stubborn, self.finished = views, stubborn, set()
        self.cameras = [Camera(position=(float(i), 0.0, 0.0)) for i in range(len(views))]

    def measure(self, camera: Camera) -> tuple[int, int]:
        view = self.views[int(camera.position[0])]
        return len(view - self.finished), len(view)

    def dream(self, camera: Camera) -> None:
        self.finished |= self.views[int(camera.position[0])] - self.stubborn


@given(st.lists(st.sets(st.integers(0, 30), max_size=12), max_size=8), st.sets(st.integers(0, 30), max_size=5))
def test_it_takes_the_best_view_and_ends_when_nothing_is_left(views: list[set[int]], stubborn: set[int]) -> None:
    world = World(views, stubborn)
    pilot = Autopilot(world.cameras, world.measure)
    assert list(pilot.survey()) == list(range(1, len(views) + 1))
    visits: list[int] = []
    drain(pilot.choose())
    while pilot.current is not None:
        camera = pilot.current.camera
        assert pilot.current is pilot.plan[0] or pilot.current.gain == pilot.plan[0].gain
        index = int(camera.position[0])
        gains = [len(view - world.finished) for i, view in enumerate(views) if i not in visits]
        assert world.measure(camera)[0] == max(gains)
        visits.append(index)
        world.dream(camera)
        pilot.mark_done()
        drain(pilot.choose())
    assert len(visits) == len(set(visits))
    assert set().union(*views) - stubborn <= world.finished
    total = sum(map(len, views))
    left = sum(len(view & stubborn) for view in views)
    if total:
        assert pilot.coverage <= 1 - left / total + 1e-9  # stale figures never promise too much


def test_viewpoints_walk_all_paths_and_look_around(tiny_scene) -> None:
    scene = load_scene(tiny_scene)
    cameras = viewpoints(scene)
    assert len(cameras) == len(viewpoints(scene))
    positions = {camera.position for camera in cameras}
    assert len(cameras) > len(positions) > 4
    assert np.ptp([camera.yaw for camera in cameras]) > 180
