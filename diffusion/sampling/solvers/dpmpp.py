"""DPM-Solver++ (arXiv 2211.01095): the multistep 2M and the stochastic single-step SDE, both exact for a constant prediction."""

from __future__ import annotations

import math

from torch import Tensor

from diffusion.sampling.denoiser import Denoise, Prediction, predict, step_towards
from diffusion.sampling.solvers.ancestral import ancestral_step
from diffusion.sampling.solvers.loop import NO_HOOKS, SolverHooks, begin_step, iterate_steps


def dpmpp_2m(denoise: Denoise, x: Tensor, sigmas: Tensor, hooks: SolverHooks = NO_HOOKS) -> Tensor:
    """Second order with one call a step: extrapolates the change of x0 from the step before (alg. 2).

    With CFG++ the history holds the unconditional prediction: the extrapolated change runs from there to the guided one.
    """
    before: Prediction | None = None
    length_before = 0.0
    for step, sigma, sigma_next in iterate_steps(sigmas):
        x, prediction = begin_step(denoise, x, step, sigma, hooks)
        x = step_towards(prediction, x, sigma, sigma_next)
        length = math.log(sigma / sigma_next) if sigma_next > 0 else 0.0
        if before is not None and sigma_next > 0:
            weight = (1 - sigma_next / sigma) * length / (2 * length_before)
            x = x + weight * (prediction.denoised - before.anchor)
        before, length_before = prediction, length
    return x


def dpmpp_sde(denoise: Denoise, x: Tensor, sigmas: Tensor, hooks: SolverHooks = NO_HOOKS) -> Tensor:
    """Stochastic, second order, two calls a step (alg. 1 with r = 1/2): go half way in log sigma, then take the whole step with the
    prediction made there."""
    draw = hooks.noise_source(x)
    for step, sigma, sigma_next in iterate_steps(sigmas):
        x, prediction = begin_step(denoise, x, step, sigma, hooks)
        if sigma_next == 0:
            x = prediction.denoised
            continue
        middle = math.sqrt(sigma * sigma_next)
        down, up = ancestral_step(sigma, middle)
        half = step_towards(prediction, x, sigma, down) + up * draw(sigma, middle)
        second = predict(denoise, half, middle)
        down, up = ancestral_step(sigma, sigma_next)
        x = step_towards(second, x, sigma, down) + up * draw(sigma, sigma_next)
    return x
