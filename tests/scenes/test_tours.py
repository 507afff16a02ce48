"""The generated paths on random maps: the eye is never inside a wall, whatever the map."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scenes.extrude import Blocks
from scenes.ground import find_ground, label_pieces, measure_clearance
from scenes.paths import sample_path, sample_positions
from scenes.tours import EYE, make_orbit, make_walk


def heightfield(heights: np.ndarray, n: int = 2) -> Blocks:
    """Blocks whose columns are `heights` [Z,X] voxels high."""
    layers = max(1, int(heights.max()))
    return Blocks((np.arange(layers)[:, None, None] < heights).astype(np.uint8), n)


def check(blocks: Blocks) -> None:
    for path in (make_orbit(blocks), make_walk(blocks)):
        times = np.linspace(0, path.seconds, 1500)
        places = sample_positions(path, times)
        assert np.isfinite(places).all() and path.loop and len(path.keyframes) > 2
        assert not blocks.is_solid(places).any()
        first, last = path.keyframes[0].camera, path.keyframes[-1].camera
        assert np.allclose(first.pose, last.pose, atol=1e-9) and path.keyframes[0].time == 0


@settings(max_examples=60)
@given(
    seed=st.integers(0, 2**32 - 1),
    size=st.tuples(st.integers(2, 20), st.integers(2, 20)),
    share=st.floats(0, 1),
    steps=st.integers(0, 3),
)
def test_never_inside_on_random_maps(seed: int, size: tuple[int, int], share: float, steps: int) -> None:
    rng = np.random.default_rng(seed)
    walls = rng.random(size) < share
    check(heightfield(np.where(walls, rng.integers(2, 20, size), rng.integers(0, steps + 1, size))))


@settings(max_examples=40)
@given(seed=st.integers(0, 2**32 - 1), fill=st.floats(0, 0.5))
def test_never_inside_among_floating_things(seed: int, fill: float) -> None:
    rng = np.random.default_rng(seed)
    check(Blocks((rng.random((12, 14, 11)) < fill * np.linspace(0, 1, 12)[:, None, None]).astype(np.uint8), 2))


CASES = {
    "nothing": np.zeros((6, 6), int),
    "one block of wall": np.full((2, 2), 30),
    "roofs only": np.full((9, 9), 9),
    "pillars on every other cell": np.indices((9, 9)).sum(axis=0) % 2 * 40,
    "a corridor": np.pad(np.zeros((1, 12), int), 3, constant_values=20),
    "a stair": np.repeat(np.arange(12)[None], 5, axis=0),
}


@pytest.mark.parametrize("name", CASES)
def test_special_maps(name: str) -> None:
    check(heightfield(CASES[name]))


def test_the_walk_is_at_eye_height_on_open_ground_and_sees_some_of_it() -> None:
    heights = np.full((24, 24), 2)
    heights[[0, -1]] = heights[:, [0, -1]] = 16
    heights[8:14, 8:14] = 12
    blocks = heightfield(heights)
    path = make_walk(blocks)
    places = sample_positions(path, np.linspace(0, path.seconds, 600))
    np.testing.assert_allclose(places[:, 1], 1.0 + EYE, atol=1e-6)
    cells = {(int(x), int(z)) for x, _, z in places}
    assert len(cells) > 30 and np.ptp(places[:, 0]) > 10 and np.ptp(places[:, 2]) > 10
    speeds = np.linalg.norm(np.diff(places, axis=0), axis=1) / (path.seconds / 599)
    assert speeds.max() < 4.0
    turns = [sample_path(path, t).yaw for t in np.linspace(0, path.seconds, 600)]
    assert np.abs((np.diff(turns) + 180) % 360 - 180).max() < 25


def test_open_ground_is_preferred_to_roofs() -> None:
    heights = np.full((10, 20), 0)
    heights[:, 8:] = 20  # a roof larger than the ground
    ground = find_ground(heightfield(heights))
    assert ground.walkable[:, :8].all() and not ground.walkable[:, 8:].any()


def test_clearance_is_the_chessboard_distance_to_the_nearest_obstacle() -> None:
    mask = np.random.default_rng(3).random((12, 15)) < 0.9
    padded = np.pad(mask, 1)
    z, x = np.nonzero(~padded)
    cells = np.indices(padded.shape).reshape(2, -1)
    slow = np.maximum(abs(cells[0][:, None] - z), abs(cells[1][:, None] - x)).min(axis=1).reshape(padded.shape)
    np.testing.assert_array_equal(measure_clearance(mask, most=50), slow[1:-1, 1:-1])


def test_pieces_are_those_of_flood_filling() -> None:
    rng = np.random.default_rng(7)
    level, open_cells = rng.integers(0, 3, (14, 11)) * 0.5, rng.random((14, 11)) < 0.7
    labels, slow = label_pieces(level, open_cells), np.full(level.shape, -1)
    for number, start in enumerate(zip(*np.nonzero(open_cells), strict=True)):
        queue = [start] if slow[start] < 0 else []
        while queue:
            z, x = queue.pop()
            slow[z, x] = number
            for a, b in ((z + 1, x), (z - 1, x), (z, x + 1), (z, x - 1)):
                inside = 0 <= a < 14 and 0 <= b < 11
                if inside and open_cells[a, b] and slow[a, b] < 0 and abs(level[a, b] - level[z, x]) <= 0.5:
                    queue.append((a, b))
    pairs = set(zip(labels.ravel(), slow.ravel(), strict=True))
    assert len(pairs) == len({a for a, _ in pairs}) == len({b for _, b in pairs})
