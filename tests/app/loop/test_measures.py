"""Measures of persistence on pictures whose answers are known."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.loop import measures

RANDOM = np.random.default_rng(0)
NOISE = RANDOM.integers(40, 200, (48, 40, 3)).astype(np.uint8)
EVERYWHERE = np.ones(NOISE.shape[:2], bool)


@given(st.integers(1, 50))
def test_psnr_of_a_constant_offset_is_its_closed_form(offset: int) -> None:
    error = measures.squared_error(NOISE, NOISE.astype(float) + offset, EVERYWHERE)
    assert error == pytest.approx(offset**2)
    assert measures.psnr(error) == pytest.approx(20 * math.log10(255 / offset))
    assert measures.difference(NOISE, NOISE.astype(float) + offset, EVERYWHERE) == pytest.approx(offset)


def test_only_what_is_in_the_mask_counts() -> None:
    other = NOISE.copy()
    other[:, 20:] = 0
    left = EVERYWHERE.copy()
    left[:, 20:] = False
    assert measures.squared_error(NOISE, other, left) == 0
    assert measures.psnr(0.0) == math.inf
    assert measures.ssim(NOISE, other, left) == pytest.approx(1.0)
    assert measures.difference(NOISE, other, EVERYWHERE) > 20
    assert math.isnan(measures.ssim(NOISE, other, ~EVERYWHERE))
    assert math.isnan(measures.squared_error(NOISE, other, ~EVERYWHERE))


def test_ssim_is_one_for_the_same_and_near_zero_for_other_noise() -> None:
    other = RANDOM.integers(40, 200, NOISE.shape).astype(np.uint8)
    assert measures.ssim(NOISE, NOISE, EVERYWHERE) == pytest.approx(1.0)
    assert abs(measures.ssim(NOISE, other, EVERYWHERE)) < 0.1


def test_ssim_of_flat_pictures_is_the_luminance_term() -> None:
    a, b = np.full((30, 30, 3), 100.0), np.full((30, 30, 3), 150.0)
    c1 = (0.01 * 255) ** 2
    expected = (2 * 100 * 150 + c1) / (100**2 + 150**2 + c1)
    assert measures.ssim(a, b, np.ones((30, 30), bool)) == pytest.approx(expected, rel=1e-6)


def test_fine_energy_of_a_checkerboard_and_of_a_ramp() -> None:
    y, x = np.mgrid[:20, :20]
    board = np.where((x + y) % 2, 10.0, -10.0)[..., None].repeat(3, 2)
    surface = np.zeros((20, 20), int)
    total, count = measures.fine_energy(board, surface)
    assert count == 18 * 18
    assert total / count == pytest.approx(80.0**2)  # 4·10 + 4·10
    assert measures.fine_energy(np.stack([x + 2 * y] * 3, -1).astype(float), surface)[0] == pytest.approx(0, abs=1e-18)
    surface[:, 10:] = 1
    surface[:5] = -1
    assert measures.fine_energy(board, surface)[1] == (18 - 4 - 1) * (18 - 2)


def test_seams_are_found_at_frontiers_of_one_surface_only() -> None:
    ramp = np.broadcast_to(np.arange(20.0)[None, :, None], (12, 20, 3)).copy()
    ramp[:, 10:] += 9  # the paint of another dream, 9 brighter
    label = np.zeros((12, 20), int)
    label[:, 10:] = 1
    surface = np.zeros((12, 20), int)
    across, steps, inside, others = measures.seam_gradients(ramp, label, surface)
    assert (steps, across / steps) == (12, pytest.approx(10.0))
    assert inside / others == pytest.approx(12 * 18 / (12 * 18 + 11 * 20))  # steps of 1 along rows, 0 along columns
    surface[:, 10:] = 1  # a corner of a wall, not a seam
    assert measures.seam_gradients(ramp, label, surface)[1] == 0
    label[:, 10:] = -1
    assert measures.seam_gradients(ramp, label, np.zeros_like(surface))[1] == 0


def test_erosion_keeps_away_from_holes_but_not_from_the_border() -> None:
    mask = np.ones((9, 9), bool)
    mask[4, 4] = False
    found = measures.erode(mask, 2)
    assert found[0].all()
    assert not found[2:7, 2:7].any()
    assert found.sum() == 81 - 25
