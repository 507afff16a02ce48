"""Meshes are in the way of who walks, and carry who stands on them."""

from __future__ import annotations

import pytest

from app.loop.ground import BlockGround
from app.moving.walk import Movement, Walker, step
from scenes.extrude import extrude_scene
from scenes.obstacles import find_obstacles
from tests.scenes.mesh_files import drum_on_lawn


def test_a_walker_goes_around_a_mesh_and_can_stand_on_it() -> None:
    scene = drum_on_lawn()
    blocks = extrude_scene(scene)
    ground = BlockGround(blocks, find_obstacles(scene))
    walker = free = Walker((4.0, 0.5 + 1.7, 7.5))
    for _ in range(200):
        walker = step(walker, Movement(forward=1.0), 0.02, ground)
        free = step(free, Movement(forward=1.0), 0.02, BlockGround(blocks))
    assert 5.0 < walker.position[2] < 5.6 and free.position[2] < 1
    assert ground.top(4.0, 4.0, 10.0) == pytest.approx(2.5, abs=0.25) and ground.top(4.0, 4.0, 0.6) == 0.5
    assert ground.solid(4.0, 4.0, 2.0, 3.0) and not ground.solid(1.0, 4.0, 0.6, 3.0)
