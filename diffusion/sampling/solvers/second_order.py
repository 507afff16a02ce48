"""Single-step solvers of second order: DPM-Solver-2, and the ancestral forms of it, of Heun and of DPM-Solver++(2S)."""

from __future__ import annotations

import math

from torch import Tensor

from diffusion.sampling.denoiser import Denoise, Prediction, predict, slope, step_towards
from diffusion.sampling.solvers.ancestral import ancestral_step
from diffusion.sampling.solvers.loop import NO_HOOKS, SolverHooks, begin_step, iterate_steps
from diffusion.sampling.solvers.runge_kutta import STILL_THIS_STEP, WIDEST_RATIO


def dpm2(denoise: Denoise, x: Tensor, sigmas: Tensor, hooks: SolverHooks = NO_HOOKS) -> Tensor:
    """DPM-Solver-2 (arXiv 2206.00927, alg. 1): the slope at the middle in log sigma for the whole step. Two calls a step."""
    for step, sigma, sigma_next in iterate_steps(sigmas):
        x, prediction = begin_step(denoise, x, step, sigma, hooks)
        x = _dpm2_step(denoise, x, prediction, sigma, sigma_next)
    return x


def dpm2_ancestral(denoise: Denoise, x: Tensor, sigmas: Tensor, hooks: SolverHooks = NO_HOOKS) -> Tensor:
    """DPM-Solver-2 down to the ancestral level, then fresh noise."""
    draw = hooks.noise_source(x)
    for step, sigma, sigma_next in iterate_steps(sigmas):
        x, prediction = begin_step(denoise, x, step, sigma, hooks)
        down, up = ancestral_step(sigma, sigma_next)
        x = _dpm2_step(denoise, x, prediction, sigma, down)
        if up > 0:
            x = x + up * draw(sigma, sigma_next)
    return x


def heun_ancestral(denoise: Denoise, x: Tensor, sigmas: Tensor, hooks: SolverHooks = NO_HOOKS) -> Tensor:
    """Heun's step (arXiv 2206.00364, alg. 1) down to the ancestral level, then fresh noise. Two calls a step."""
    draw = hooks.noise_source(x)
    for step, sigma, sigma_next in iterate_steps(sigmas):
        x, prediction = begin_step(denoise, x, step, sigma, hooks)
        down, up = ancestral_step(sigma, sigma_next)
        if _is_first_order(sigma, down):
            x = step_towards(prediction, x, sigma, down)
        else:
            dt = down - sigma
            here = slope(prediction, x, sigma, dt)
            there = x + dt * here
            x = x + dt * (here + slope(predict(denoise, there, down), there, down, dt)) / 2
        if up > 0:
            x = x + up * draw(sigma, sigma_next)
    return x


def dpmpp_2s_ancestral(denoise: Denoise, x: Tensor, sigmas: Tensor, hooks: SolverHooks = NO_HOOKS) -> Tensor:
    """DPM-Solver++(2S) (arXiv 2211.01095, alg. 1 with r = 1/2) down to the ancestral level, then fresh noise. Two calls a step."""
    draw = hooks.noise_source(x)
    for step, sigma, sigma_next in iterate_steps(sigmas):
        x, prediction = begin_step(denoise, x, step, sigma, hooks)
        down, up = ancestral_step(sigma, sigma_next)
        if down > 0:
            middle = _middle(sigma, down)
            prediction = predict(denoise, step_towards(prediction, x, sigma, middle), middle)
        x = step_towards(prediction, x, sigma, down)
        if up > 0:
            x = x + up * draw(sigma, sigma_next)
    return x


def _dpm2_step(denoise: Denoise, x: Tensor, prediction: Prediction, sigma: float, end: float) -> Tensor:
    if _is_first_order(sigma, end):
        return step_towards(prediction, x, sigma, end)
    middle, dt = _middle(sigma, end), end - sigma
    half = x + (middle - sigma) * slope(prediction, x, sigma, dt)
    return x + dt * slope(predict(denoise, half, middle), half, middle, dt)


def _middle(sigma: float, end: float) -> float:
    """The middle in log sigma. Of a fully ancestral step it is sigma_next itself, which belongs to the next step."""
    return math.sqrt(sigma * end) * STILL_THIS_STEP


def _is_first_order(sigma: float, end: float) -> bool:
    """Steps that a second slope makes worse (see WIDEST_RATIO), and the step to 0."""
    return end == 0 or sigma / end > WIDEST_RATIO
