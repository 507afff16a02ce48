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
from diffusion.sampling.solvers.dpmpp_multistep_sde import dpmpp_2m_sde, dpmpp_3m_sde
from diffusion.sampling.solvers.loop import Adjust, SolverHooks
from diffusion.sampling.solvers.multistep import deis, lms
from diffusion.sampling.solvers.restart import restart
from diffusion.sampling.solvers.runge_kutta import euler, heun, midpoint, rk4
from diffusion.sampling.solvers.second_order import dpm2, dpm2_ancestral, dpmpp_2s_ancestral, heun_ancestral
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
    "midpoint": Sampler(midpoint, 2, "Second order: uses the slope half way."),
    "rk4": Sampler(rk4, 4, "Fourth order: four calls a step."),
    "euler_ancestral": Sampler(euler_ancestral, 1, "Euler with fresh noise at every step.", stochastic=True),
    "ddim": Sampler(ddim, 1, "Euler with eta of fresh noise.", stochastic=True, options=("eta",)),
    "ddpm": Sampler(ddpm, 1, "The original stochastic sampler.", stochastic=True),
    "dpmpp_2m": Sampler(dpmpp_2m, 1, "Second order, using the previous step: one call a step."),
    "dpmpp_sde": Sampler(dpmpp_sde, 2, "Stochastic, second order: two calls a step.", stochastic=True),
    "lcm": Sampler(lcm, 1, "For consistency models: fresh noise around every prediction.", stochastic=True),
    "unipc": Sampler(unipc, 1, "Predictor and corrector of second order: one call a step."),
    "dpm2": Sampler(dpm2, 2, "Second order: uses the slope half way in log noise."),
    "dpm2_ancestral": Sampler(dpm2_ancestral, 2, "dpm2 with fresh noise at every step.", stochastic=True),
    "heun_ancestral": Sampler(heun_ancestral, 2, "Heun with fresh noise at every step.", stochastic=True),
    "lms": Sampler(lms, 1, "Up to fourth order, using previous steps: one call a step."),
    "deis": Sampler(deis, 1, "Third order, using previous steps, in log noise: one call a step."),
    "dpmpp_2s_ancestral": Sampler(
        dpmpp_2s_ancestral, 2, "Second order with fresh noise at every step: two calls a step.", stochastic=True
    ),
    "dpmpp_2m_sde": Sampler(dpmpp_2m_sde, 1, "Stochastic dpmpp_2m: one call a step.", stochastic=True),
    "dpmpp_3m_sde": Sampler(dpmpp_3m_sde, 1, "Stochastic, third order: one call a step.", stochastic=True),
    "restart": Sampler(restart, 2, "Heun; repeats the steps between medium and low noise once.", stochastic=True),
}
