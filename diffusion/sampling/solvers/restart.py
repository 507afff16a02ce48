"""Restart sampling (arXiv 2306.14878): Heun, with one return to a higher noise level that contracts the errors made before."""

from __future__ import annotations

import math
from dataclasses import replace

from torch import Tensor

from diffusion.sampling.denoiser import Denoise
from diffusion.sampling.solvers.loop import NO_HOOKS, SolverHooks
from diffusion.sampling.solvers.runge_kutta import heun

# The interval that is run twice; the paper's choice for latent models lies around it.
LOWEST, HIGHEST = 0.1, 2.0


def restart(denoise: Denoise, x: Tensor, sigmas: Tensor, hooks: SolverHooks = NO_HOOKS) -> Tensor:
    """Heun down to a level near 0.1, fresh noise up to a level near 2, and down again through the same levels to the end.

    Both are levels of the schedule. A schedule with fewer than two levels in between is run once, as `heun` does. Callbacks see the
    repeated steps again, with their own numbers.
    """
    first, last = restart_interval(sigmas)
    if last <= first:
        return heun(denoise, x, sigmas, hooks)
    x = heun(denoise, x, sigmas[: last + 1], hooks)
    low, high = float(sigmas[last]), float(sigmas[first])
    x = x + math.sqrt(high**2 - low**2) * hooks.noise_source(x)(low, high)
    return heun(denoise, x, sigmas[first:], _count_from(hooks, first))


def restart_interval(sigmas: Tensor) -> tuple[int, int]:
    """(index of the highest level up to 2, index of the lowest level from 0.1 on) in falling sigmas [n+1]."""
    return int((sigmas > HIGHEST).sum()), int((sigmas >= LOWEST).sum()) - 1


def _count_from(hooks: SolverHooks, first: int) -> SolverHooks:
    """The hooks for a part of the run that starts at the step `first`."""
    callback, adjust = hooks.callback, hooks.adjust
    return replace(
        hooks,
        callback=callback and (lambda step, *values: callback(first + step, *values)),
        adjust=adjust and (lambda step, sigma, x: adjust(first + step, sigma, x)),
    )
