"""Step events of a run. They only hold references to existing tensors, so unused events cost nothing."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
from torch import Tensor

from diffusion.sampling.denoiser import Prediction


@dataclass(frozen=True)
class StepEvent:
    """One step of a dream.

    step, steps: index from 0, and number of steps; sigma: the level at the start of the step
    x, denoised: [1,C,h,w] before the step, and x0 as predicted there
    branches:    the prediction of every guidance branch ("positive", "negative", …), fused over regions, [1,C,h,w]
    regions:     (prompt, prediction [1,C,h',w'], (top, left)) of every model call for the positive branch
    calls:       model calls so far
    """

    step: int
    steps: int
    sigma: float
    x: Tensor
    denoised: Tensor
    branches: Mapping[str, Tensor] = field(default_factory=dict)
    regions: tuple[tuple[str, Tensor, tuple[int, int]], ...] = ()
    calls: int = 0

    @property
    def start_latents(self) -> np.ndarray:
        """A copy of x, float32 [C,h,w], for `diffusion.introspection.unet_probe`."""
        return self.x[0].float().cpu().numpy().copy()

    @property
    def denoised_latents(self) -> np.ndarray:
        """A copy of the prediction, float32 [C,h,w]."""
        return self.denoised[0].float().cpu().numpy().copy()

    @property
    def guidance(self) -> float:
        """Mean |positive − negative| (or − empty) of the denoised latents; NaN if the step used only one prompt."""
        other = self.branches.get("negative", self.branches.get("empty"))
        if other is None or "positive" not in self.branches:
            return math.nan
        return float((self.branches["positive"] - other).abs().mean())


# called by a sampler after a step's first prediction: (step, sigma, x, prediction).
SamplerCallback = Callable[[int, float, Tensor, Prediction], None]
