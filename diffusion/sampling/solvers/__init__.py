"""The table of solvers: each row is a pure function `(denoise, x, sigmas, hooks) -> x`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from diffusion.sampling.callbacks import SamplerCallback
from diffusion.sampling.denoiser import Denoise
from diffusion.sampling.noise import NoiseSource
from diffusion.sampling.solvers.ancestral import ddim, ddpm, euler_ancestral, lcm
from diffusion.sampling.solvers.dpmpp import dpmpp_2m, dpmpp_sde
from diffusion.sampling.solvers.loop import Adjust, SolverHooks
from diffusion.sampling.solvers.runge_kutta import euler, heun, midpoint, rk4
from diffusion.sampling.solvers.unipc import unipc


@dataclass(frozen=True)
class Sampler:
    """A solver and its properties.

    calls: model calls per step (the last step may need fewer); help: a sentence for users; stochastic: whether it draws noise;
    options: names of the `DreamSettings` fields that it takes as keywords.
    """

    function: Callable[..., Tensor]
    calls: int
    help: str
    stochastic: bool = False
    options: tuple[str, ...] = ()

    def __call__(
        self,
        denoise: Denoise,
        x: Tensor,
        sigmas: Tensor,
        *,
        callback: SamplerCallback | None = None,
        adjust: Adjust | None = None,
        generator: torch.Generator | NoiseSource | None = None,
        **options: Any,
    ) -> Tensor:
        """x0 from x at noise level sigmas[0]. callback, adjust, generator: see `SolverHooks`."""
        return self.function(denoise, x, sigmas, SolverHooks(callback, adjust, generator), **options)


SAMPLERS: dict[str, Sampler] = {
    "euler": Sampler(euler, 1, "First order: one call a step, robust."),
    "heun": Sampler(heun, 2, "Second order: two calls a step."),
    "midpoint": Sampler(midpoint, 2, "Second order: the slope half way."),
    "rk4": Sampler(rk4, 4, "Fourth order: four calls a step."),
    "euler_ancestral": Sampler(euler_ancestral, 1, "Euler with fresh noise at every step.", stochastic=True),
    "ddim": Sampler(ddim, 1, "Euler with eta of fresh noise.", stochastic=True, options=("eta",)),
    "ddpm": Sampler(ddpm, 1, "The original stochastic sampler.", stochastic=True),
    "dpmpp_2m": Sampler(dpmpp_2m, 1, "Second order from the step before: one call a step."),
    "dpmpp_sde": Sampler(dpmpp_sde, 2, "Stochastic, second order: two calls a step.", stochastic=True),
    "lcm": Sampler(lcm, 1, "For consistency models: fresh noise around every prediction.", stochastic=True),
    "unipc": Sampler(unipc, 1, "Predictor and corrector of second order: one call a step."),
}
