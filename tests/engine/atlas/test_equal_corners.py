"""What tells shaders that bilinear sampling touches one material only: as reading the four corners, which it replaces."""

from __future__ import annotations

import numpy as np

from engine.atlas.write_mask import LEVELS, RIM, find_equal_corners


def test_bits_tell_what_the_corners_show() -> None:
    rng = np.random.default_rng(1)
    material = np.kron(rng.integers(0, 3, (7, 5)), np.ones((9, 11), int))
    height, width = material.shape
    told = find_equal_corners(material)
    assert told.shape == (height + 2 * RIM, width + 2 * RIM, 2)

    def at(y: int, x: int) -> int:
        return int(material[np.clip(y, 0, height - 1), np.clip(x, 0, width - 1)])

    for _ in range(500):
        y, x = int(rng.integers(-RIM, height)), int(rng.integers(-RIM, width))
        label, bits = told[y + RIM, x + RIM]
        assert label == at(y, x)
        for level in range(LEVELS):
            far = (2 << level) - 1
            corners = {at(y + dy, x + dx) for dy in (0, far) for dx in (0, far)}
            assert bool(int(bits) >> level & 1) == (len(corners) == 1)
