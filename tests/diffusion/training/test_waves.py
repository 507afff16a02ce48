"""Waves of patterns: stripes whose length and place are known."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st
from torch import Tensor

from diffusion.training.evaluation.waves import agreement

SIDE = 128


def place(blocks: float, begin: float) -> Tensor:
    """v [SIDE,SIDE] of a wall of which a picture shows so many blocks."""
    return (begin + blocks * (torch.arange(SIDE) + 0.5) / SIDE).view(-1, 1).expand(SIDE, SIDE)


def stripes(v: Tensor, wave: float, turn: float = 0.0, joint: float = 0.2) -> Tensor:
    """A picture with a dark joint at the start of each of `wave` courses in 8 blocks, moved by `turn` of a course."""
    course = torch.remainder(v * wave / 8 - turn, 1)
    return torch.where(course < joint, 60.0, 180.0).expand(3, -1, -1)


@given(st.integers(8, 30), st.floats(0, 8), st.floats(4, 10))
def test_a_picture_agrees_with_itself(wave: int, begin: float, blocks: float) -> None:
    assume(SIDE / (blocks * wave / 8) > 6)
    v = place(blocks, begin)
    found = agreement(stripes(v, wave), stripes(v, wave), v)
    assert found.wave == found.truth and abs(found.truth - wave) <= 1
    assert found.period_right() and found.phase_right()
    assert found.strength == pytest.approx(1) and found.turn == pytest.approx(0, abs=1e-4)


@given(st.integers(8, 30), st.floats(-0.45, 0.45))
def test_the_phase_error_of_a_pattern_is_measured(wave: int, turn: float) -> None:
    v = place(6.0, 1.3)
    found = agreement(stripes(v, wave, turn), stripes(v, wave), v)
    assert math.remainder(found.turn + turn, 1) == pytest.approx(0, abs=0.1)
    if abs(turn) > 0.25:
        assert not found.phase_right()
    if abs(turn) < 0.1:
        assert found.phase_right()


@pytest.mark.parametrize("factor", [0.5, 0.7, 1.4])
def test_another_period_is_wrong(factor: float) -> None:
    v = place(6.0, 0.4)
    found = agreement(stripes(v, 24 * factor), stripes(v, 24), v)
    assert not found.period_right()


def test_an_overtone_that_the_truth_has_as_well_is_no_other_period() -> None:
    """Narrow joints have overtones as strong as their fundamental, of which either may be the strongest."""
    v = place(6.0, 0.4)

    def waves(first: float, second: float) -> Tensor:
        low, high = (torch.cos(2 * math.pi * wave * v / 8) for wave in (12, 24))
        return (120 + 30 * (first * low + second * high)).expand(3, -1, -1)

    truth = waves(1.0, 1.1)
    assert agreement(waves(1.1, 1.0), truth, v).period_right()
    assert not agreement(waves(1.1, 0.2), waves(0.2, 1.1), v).period_right()


def test_a_flat_picture_with_grain_has_no_phase() -> None:
    v = place(6.0, 0.4)
    grain = 120 + 20 * torch.randn(3, SIDE, SIDE, generator=torch.Generator().manual_seed(0))
    assert not agreement(grain, stripes(v, 24), v).phase_right()


def test_light_that_falls_off_is_no_pattern() -> None:
    v = place(6.0, 0.4)
    shade = torch.linspace(0.5, 1.2, SIDE).view(-1, 1)
    assert agreement(shade * stripes(v, 24), stripes(v, 24), v).phase_right()
