"""Compare a pattern's period and position with the truth's by Fourier analysis of brightness along a surface's own u or v."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from diffusion.models.surface_place import PERIOD

WAVES = tuple(range(4, 65))
"""Wave numbers per PERIOD blocks that are analysed; longer waves are light and shade."""


@dataclass(frozen=True)
class Agreement:
    """How a picture's waves agree with the truth's.

    wave, truth: number of the strongest wave in the picture and in the truth, per PERIOD blocks
    turn: phase error at the truth's wave, in wavelengths, -0.5..0.5; strength: the picture's amplitude there over the truth's
    shared: the truth's amplitude at the picture's strongest wave, over that of its own strongest
    """

    wave: int
    truth: int
    turn: float
    strength: float
    shared: float

    def period_right(self, tolerance: float = 0.15, shared: float = 0.7) -> bool:
        """Whether the strongest waves have the same length up to a share `tolerance`, or the picture's is about as strong in the truth.

        Narrow joints have overtones as strong as their fundamental.
        """
        return abs(self.truth / self.wave - 1) < tolerance or self.shared > shared

    def phase_right(self, turn: float = 0.15, strength: float = 0.3) -> bool:
        """Whether the picture has the truth's wave, at least `strength` times as strong and off by at most `turn` of its length."""
        return abs(self.turn) < turn and self.strength > strength


def amplitudes(picture: Tensor, place: Tensor, waves: Sequence[int] = WAVES) -> Tensor:
    """complex64 [K]: the mean of brightness times exp(-2πi·wave·place / PERIOD), the mean brightness taken off.

    picture: [3,H,W]; place: [H,W], u or v in blocks.
    """
    grey = picture.float().mean(0)
    rate = torch.tensor(waves, dtype=torch.float32).view(-1, 1, 1) / PERIOD
    phase = -2 * math.pi * rate * place
    # a Hann window, because cutting the pattern off at the borders would add waves of its own
    window = torch.outer(*(torch.hann_window(n + 2, periodic=False)[1:-1] for n in grey.shape))
    grey = grey - (grey * window).sum() / window.sum()
    return torch.complex((grey * window * phase.cos()).mean((1, 2)), (grey * window * phase.sin()).mean((1, 2)))


def agreement(picture: Tensor, truth: Tensor, place: Tensor, waves: Sequence[int] = WAVES) -> Agreement:
    """Compare a picture's waves along `place` with the truth's; both are [3,H,W] of the same view."""
    shown, wanted = amplitudes(picture, place, waves), amplitudes(truth, place, waves)
    best = int(wanted.abs().argmax())
    turn = float((shown[best] * wanted[best].conj()).angle()) / (2 * math.pi)
    strength = float(shown[best].abs() / wanted[best].abs().clamp_min(1e-9))
    strongest = int(shown.abs().argmax())
    shared = float(wanted[strongest].abs() / wanted[best].abs().clamp_min(1e-9))
    return Agreement(waves[strongest], waves[best], turn, strength, shared)
