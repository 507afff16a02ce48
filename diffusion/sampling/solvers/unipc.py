"""UniPC (arXiv 2302.04867): second-order predictor and corrector that share each step's single model call."""

from __future__ import annotations

import math

from torch import Tensor

from diffusion.sampling.denoiser import Denoise, Prediction, step_towards
from diffusion.sampling.solvers.loop import NO_HOOKS, SolverHooks, begin_step, iterate_steps


def unipc(denoise: Denoise, x: Tensor, sigmas: Tensor, hooks: SolverHooks = NO_HOOKS) -> Tensor:
    """UniPC-2 with B(h) = exp(h) - 1 ("bh2") and x0 prediction.

    The call at the start of a step also corrects the step before. The first step has order 1; the step to 0 returns x0. With CFG++
    the corrector uses the guided prediction alone.
    """
    history: list[tuple[float, Prediction]] = []
    origin = x  # x at the start of the step before
    for step, sigma, sigma_next in iterate_steps(sigmas):
        x, prediction = begin_step(denoise, x, step, sigma, hooks)
        if history:
            x = _correct(origin, history, sigma, prediction)
        history = [*history[-1:], (sigma, prediction)]
        origin = x
        x = _predict(x, history, sigma_next)
    return x


def _predict(x: Tensor, history: list[tuple[float, Prediction]], sigma_next: float) -> Tensor:
    """UniP-2: Euler in log sigma, plus half of the relative change of x0 over the step before."""
    sigma, now = history[-1]
    moved = step_towards(now, x, sigma, sigma_next)
    if len(history) == 1 or sigma_next == 0:
        return moved
    sigma_before, before = history[0]
    ratio = math.log(sigma_before / sigma) / math.log(sigma / sigma_next)
    # expm1(-h) is both h·phi_1 and, for bh2, -B(h): the step's own weight of x0
    weight = 1 - sigma_next / sigma
    return moved + (0.5 * weight / ratio) * (now.denoised - before.denoised)


def _correct(origin: Tensor, history: list[tuple[float, Prediction]], sigma: float, new: Prediction) -> Tensor:
    """UniC-2 at the end of the step from history[-1] to sigma, with the prediction made there."""
    sigma_before, old = history[-1]
    h = math.log(sigma_before / sigma)
    base = step_towards(old, origin, sigma_before, sigma)
    weight = 1 - sigma / sigma_before
    change_new = new.denoised - old.denoised
    if len(history) == 1:
        return base + 0.5 * weight * change_new
    sigma_far, far = history[0]
    ratio = -math.log(sigma_far / sigma_before) / h
    # Two conditions (the paper's eq. 9 with p = 2): the moments of exp over the step, in units of B(h)
    b = -weight  # expm1(-h)
    phi_2 = b / -h - 1
    first = phi_2 / b
    phi_3 = phi_2 / -h - 0.5
    second = 2 * phi_3 / b
    # Solve [1 1; ratio 1]·[c_far, c_new] = [first, second]
    c_far = (first - second) / (1 - ratio)
    c_new = first - c_far
    return base + weight * (c_far * (far.denoised - old.denoised) / ratio + c_new * change_new)
