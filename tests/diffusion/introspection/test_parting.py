"""Two runs are compared at equal noise, and part where their large shapes stay different."""

from __future__ import annotations

import numpy as np

from diffusion.introspection.parting import measure_parting, pair_steps


def shapes(seed: int) -> np.ndarray:
    """uint8 [24,24,3]: a random picture of 8×8 squares."""
    squares = np.random.default_rng(seed).integers(40, 216, (3, 3, 3))
    return squares.repeat(8, 0).repeat(8, 1).astype(np.uint8)


def test_steps_meet_at_the_nearest_noise_level() -> None:
    assert pair_steps((10, 5, 1, 0.1), (10, 5, 1, 0.1)) == (0, 1, 2, 3)
    assert pair_steps((4096, 3, 0.1), (4096, 20, 4, 1, 0.3, 0.05)) == (0, 2, 5)
    assert pair_steps((1, 0), (1, 0)) == (0, 1)


def test_equal_runs_never_part() -> None:
    steps = [shapes(i) for i in range(4)]
    same = measure_parting(steps, steps, range(4))
    assert np.allclose(same.coarse, 1) and np.allclose(same.fine, 1) and same.step is None


def test_runs_part_where_they_stay_different() -> None:
    one, other = (
        [shapes(0), shapes(1), shapes(0), shapes(2), shapes(3)],
        [shapes(0), shapes(9), shapes(0), shapes(8), shapes(7)],
    )
    found = measure_parting(one, other, range(5))
    assert found.step == 3 and found.coarse[1] < 0.8 < found.coarse[2]
    assert measure_parting(one[3:], other[3:], range(2)).step == 0


def test_only_what_counts_is_compared() -> None:
    a, b = shapes(1), shapes(1)
    b[:, 16:] = 255 - b[:, 16:]
    left = np.zeros((24, 24))
    left[:, :10] = 1
    assert measure_parting([a], [b], [0], left).coarse[0] > measure_parting([a], [b], [0]).coarse[0]
