"""Whether a pattern recurs as the truth's does, and lies where the truth's lies: waves of brightness along a surface's own u or v."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from diffusion.models.surface_place import PERIOD

WAVES = tuple(range(4, 65))
"""Waves in PERIOD blocks that are looked for; longer ones are light and shade."""


@dataclass(frozen=True)
class Agreement:
    """wave, truth: the strongest wave of the picture and of the truth, in waves per PERIOD blocks. turn: by how much of the truth's wave
    the picture's wave of the same length is off, -0.5..0.5. strength: amplitude of that wave over the truth's. shared: amplitude that the
    picture's strongest wave has in the truth, over that of the truth's own strongest."""

    wave: int
    truth: int
    turn: float
    strength: float
    shared: float

    def period_right(self, tolerance: float = 0.15, shared: float = 0.7) -> bool:
        """Whether the strongest waves are equally long, but for a share `tolerance`, or the picture's is about as strong in the truth:
        narrow joints have overtones as strong as their fundamental."""
        return abs(self.truth / self.wave - 1) < tolerance or self.shared > shared

    def phase_right(self, turn: float = 0.15, strength: float = 0.3) -> bool:
        """Whether the truth's wave is there, strong enough and no more than `turn` of its length away."""
        return abs(self.turn) < turn and self.strength > strength


def amplitudes(picture: Tensor, place: Tensor, waves: Sequence[int] = WAVES) -> Tensor:
    """complex64 [K]: the mean of brightness times exp(-2πi·wave·place / PERIOD), the mean brightness taken off.

    picture: [3,H,W]; place: [H,W], u or v in blocks.
    """
    grey = picture.float().mean(0)
    rate = torch.tensor(waves, dtype=torch.float32).view(-1, 1, 1) / PERIOD
    phase = -2 * math.pi * rate * place
    # a Hann window: what is cut off at the borders would look like waves of its own
    window = torch.outer(*(torch.hann_window(n + 2, periodic=False)[1:-1] for n in grey.shape))
    grey = grey - (grey * window).sum() / window.sum()
    return torch.complex((grey * window * phase.cos()).mean((1, 2)), (grey * window * phase.sin()).mean((1, 2)))


def agreement(picture: Tensor, truth: Tensor, place: Tensor, waves: Sequence[int] = WAVES) -> Agreement:
    """How a picture's waves along `place` meet those of the truth, both [3,H,W] of the same view."""
    shown, wanted = amplitudes(picture, place, waves), amplitudes(truth, place, waves)
    best = int(wanted.abs().argmax())
    turn = float((shown[best] * wanted[best].conj()).angle()) / (2 * math.pi)
    strength = float(shown[best].abs() / wanted[best].abs().clamp_min(1e-9))
    strongest = int(shown.abs().argmax())
    shared = float(wanted[strongest].abs() / wanted[best].abs().clamp_min(1e-9))
    return Agreement(waves[strongest], waves[best], turn, strength, shared)
