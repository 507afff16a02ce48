"""Cells and pixels: one goes to 8 × 8 of the other, and back."""

from __future__ import annotations

import numpy as np

from base.grid import CELL, by_cell, to_pixels


def test_every_pixel_has_the_value_of_its_cell() -> None:
    plane = np.arange(6).reshape(2, 3)
    pixels = to_pixels(plane)
    assert pixels.shape == (2 * CELL, 3 * CELL)
    assert all(pixels[y, x] == plane[y // CELL, x // CELL] for y, x in np.ndindex(pixels.shape))


def test_cells_are_reduced_one_by_one() -> None:
    picture = np.random.default_rng(0).random((2 * CELL, 3 * CELL, 4))
    means = by_cell(picture).mean((1, 3))
    assert means.shape == (2, 3, 4)
    assert np.allclose(means[1, 2], picture[CELL:, 2 * CELL :].mean((0, 1)))


def test_cells_and_pixels_are_inverse() -> None:
    plane = np.random.default_rng(1).random((3, 2)) < 0.5
    assert np.array_equal(by_cell(to_pixels(plane)).all((1, 3)), plane)
    assert np.array_equal(by_cell(to_pixels(plane)).any((1, 3)), plane)
