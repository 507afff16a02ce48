"""The shared parts of all solver loops: iterating over steps, starting a step, and the hooks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from diffusion.sampling.callbacks import SamplerCallback
from diffusion.sampling.denoiser import Denoise, Prediction, predict
from diffusion.sampling.noise import NoiseSource, as_noise_source

# Changes the x that a step starts from: (step, sigma, x) → x. See `diffusion.denoisers.skip_residual.make_mixer`.
Adjust = Callable[[int, float, Tensor], Tensor]


@dataclass(frozen=True)
class SolverHooks:
    """The hooks of a run into a solver.

    callback: called after a step's first prediction
    adjust: changes the x that a step starts from
    generator: the source of fresh noise, for stochastic solvers; None: a generator with seed 0
    """

    callback: SamplerCallback | None = None
    adjust: Adjust | None = None
    generator: torch.Generator | NoiseSource | None = None

    def noise_source(self, like: Tensor) -> NoiseSource:
        """The source of fresh noise of the shape of `like`."""
        return as_noise_source(self.generator, like)


NO_HOOKS = SolverHooks()


def iterate_steps(sigmas: Tensor) -> Iterator[tuple[int, float, float]]:
    """Yield (step, sigma, sigma_next) for falling sigmas [n+1]."""
    levels = sigmas.tolist()
    for step in range(len(levels) - 1):
        yield step, levels[step], levels[step + 1]


def begin_step(denoise: Denoise, x: Tensor, step: int, sigma: float, hooks: SolverHooks) -> tuple[Tensor, Prediction]:
    """Adjust x, predict there, call the callback. Returns (x, prediction)."""
    if hooks.adjust is not None:
        x = hooks.adjust(step, sigma, x)
    prediction = predict(denoise, x, sigma)
    if hooks.callback is not None:
        hooks.callback(step, sigma, x, prediction)
    return x, prediction
