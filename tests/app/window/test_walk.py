"""Moving about: the same at any frame rate, never through a wall, never through a floor."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.loop.ground import BlockGround
from app.moving.walk import CLIMB, EYES, PITCH, RADIUS, SPEEDS, Movement, Walker, change_speed, step, turn
from scenes.camera import Camera

unit = st.floats(-1, 1)


@dataclass(frozen=True)
class FakeBlocks:
    solid: np.ndarray
    voxels_per_block: int


def ground(columns: np.ndarray, height: int = 12, fine: int = 4) -> BlockGround:
    """Columns of the given heights, in voxels."""
    solid = (np.arange(height * fine)[:, None, None] < columns[None]).astype(np.uint8)
    return BlockGround(FakeBlocks(solid, fine))  # type: ignore[arg-type]


@given(unit, unit, unit, st.floats(0.001, 0.3), st.floats(-180, 180))
def test_flying_is_the_same_at_any_frame_rate(f: float, r: float, u: float, seconds: float, yaw: float) -> None:
    start = Walker(yaw=yaw, velocity=(1.0, -2.0, 0.5))
    wish = Movement(f, r, u)
    once = step(start, wish, seconds)
    parts = start
    for _ in range(7):
        parts = step(parts, wish, seconds / 7)
    np.testing.assert_allclose(once.position, parts.position, atol=1e-9)
    np.testing.assert_allclose(once.velocity, parts.velocity, atol=1e-9)


@pytest.mark.parametrize(("yaw", "direction"), [(0, (0, 0, -1)), (90, (-1, 0, 0)), (180, (0, 0, 1)), (-90, (1, 0, 0))])
def test_forward_is_where_the_camera_looks(yaw: float, direction: tuple[float, float, float]) -> None:
    walker = Walker(yaw=yaw, pitch=60)  # looking up doesn't lift off: forward stays on the ground plane
    for _ in range(100):
        walker = step(walker, Movement(forward=1.0, speed=5.0), 1 / 60)
    np.testing.assert_allclose(np.array(walker.velocity) / 5.0, direction, atol=1e-3)
    np.testing.assert_allclose(np.subtract(walker.position, (0, EYES, 0))[1], 0, atol=1e-9)


def test_diagonals_are_no_faster_and_shift_is() -> None:
    def far(wish: Movement) -> float:
        return float(np.linalg.norm(np.subtract(step(Walker(), wish, 1.0).position, Walker().position)))

    assert far(Movement(1, 1)) == pytest.approx(far(Movement(1, 0)))
    assert far(Movement(1, fast=True)) == pytest.approx(4 * far(Movement(1)))


def test_letting_go_comes_to_rest() -> None:
    walker = step(Walker(), Movement(1), 1.0)
    assert not walker.still
    assert step(walker, Movement(), 1.0).still


@given(st.lists(st.tuples(st.floats(-500, 500), st.floats(-500, 500)), max_size=8))
def test_looking_never_tips_over(moves: list[tuple[float, float]]) -> None:
    walker = Walker()
    for dx, dy in moves:
        walker = turn(walker, dx, dy)
    assert -PITCH <= walker.pitch <= PITCH
    assert -180 <= walker.yaw <= 180


def test_mouse_right_looks_right_and_mouse_up_looks_up() -> None:
    walker = turn(Walker(), 10, -10)
    assert walker.yaw < 0  # yaw 90 looks along -x, which is left of -z
    assert walker.pitch > 0


@given(st.floats(*SPEEDS), st.floats(-100, 100))
def test_wheel_keeps_to_sensible_speeds(speed: float, clicks: float) -> None:
    assert SPEEDS[0] <= change_speed(speed, clicks) <= SPEEDS[1]


def test_walker_and_camera_are_inverse() -> None:
    camera = Camera.from_angles((1, 2, 3), 30, -20, fov=70)
    back = Walker.at(camera).camera(70)
    np.testing.assert_allclose(back.axes, camera.axes, atol=1e-9)
    assert back.position == camera.position


@settings(max_examples=30)
@given(st.integers(0, 2**31), st.integers(0, 2**31))
def test_walker_never_enters_a_wall_nor_sinks(seed: int, keys: int) -> None:
    columns = np.random.default_rng(seed).choice([0, 1, 2, 8, 20], size=(6, 6))
    columns[2:4, 2:4] = 0
    world = ground(columns)
    walker = Walker((3.0, EYES, 3.0))
    random = np.random.default_rng(keys)
    for _ in range(40):
        wish = Movement(*random.integers(-1, 2, 3), speed=8.0, fast=bool(random.integers(2)))
        walker = step(replace(walker, yaw=float(random.uniform(-180, 180))), wish, float(random.uniform(0, 0.1)), world)
        x, eyes, z = walker.position
        assert eyes >= EYES - 1e-6
        for px, pz in ((x - RADIUS, z - RADIUS), (x + RADIUS, z + RADIUS)):
            assert not world.solid(px, pz, eyes - EYES + CLIMB, eyes)


def test_walker_climbs_a_kerb_and_stops_at_a_wall() -> None:
    columns = np.zeros((8, 3), dtype=int)
    columns[4:6] = 2  # half a block: a step
    columns[:4] = 8  # two blocks: a wall
    walker = Walker((1.5, EYES, 7.0))
    for _ in range(240):
        walker = step(walker, Movement(forward=1.0, speed=3.0), 1 / 60, ground(columns))
    assert walker.position[1] == pytest.approx(EYES + 0.5, abs=0.02)
    assert walker.position[2] == pytest.approx(4.0 + RADIUS, abs=0.06)


def test_jump_rises_over_a_block_and_lands() -> None:
    world = ground(np.full((3, 3), 4))
    walker = Walker((1.5, 1 + EYES, 1.5))
    heights = []
    for _ in range(120):
        walker = step(walker, Movement(up=1.0 if len(heights) < 3 else 0.0), 1 / 60, world)
        heights.append(walker.position[1] - 1 - EYES)
    assert 1.0 < max(heights) < 1.5
    assert heights[-1] == pytest.approx(0, abs=1e-3)
