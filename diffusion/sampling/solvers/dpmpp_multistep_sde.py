"""Stochastic multistep DPM-Solver++ (k-diffusion's 2M SDE and 3M SDE with eta = 1): one call a step, fresh noise at each."""

from __future__ import annotations

import math

from torch import Tensor

from diffusion.sampling.denoiser import Denoise, Prediction, step_towards
from diffusion.sampling.solvers.ancestral import ancestral_step
from diffusion.sampling.solvers.loop import NO_HOOKS, SolverHooks, begin_step, iterate_steps


def dpmpp_2m_sde(denoise: Denoise, x: Tensor, sigmas: Tensor, hooks: SolverHooks = NO_HOOKS) -> Tensor:
    """SDE-DPM-Solver++(2M) (arXiv 2211.01095, eq. 18), midpoint form: half of the change of x0 since the step before is added."""
    return _multistep_sde(denoise, x, sigmas, hooks, order=2)


def dpmpp_3m_sde(denoise: Denoise, x: Tensor, sigmas: Tensor, hooks: SolverHooks = NO_HOOKS) -> Tensor:
    """k-diffusion's DPM-Solver++(3M) SDE: x0 is a parabola in log sigma through the last three predictions."""
    return _multistep_sde(denoise, x, sigmas, hooks, order=3)


def _multistep_sde(denoise: Denoise, x: Tensor, sigmas: Tensor, hooks: SolverHooks, order: int) -> Tensor:
    """With eta = 1 the deterministic part ends at the ancestral level, sigma_next² / sigma: a step of twice the length in log sigma."""
    draw = hooks.noise_source(x)
    history: list[tuple[float, Prediction]] = []
    for step, sigma, sigma_next in iterate_steps(sigmas):
        x, prediction = begin_step(denoise, x, step, sigma, hooks)
        history = [*history, (sigma, prediction)][-order:]
        down, up = ancestral_step(sigma, sigma_next)
        x = step_towards(prediction, x, sigma, down)
        if sigma_next == 0:
            continue
        if len(history) > 1:
            length = math.log(sigma / sigma_next)
            x = x + (_extrapolate_line(history, length) if order == 2 else _extrapolate_parabola(history, length))
        x = x + up * draw(sigma, sigma_next)
    return x


def _extrapolate_line(history: list[tuple[float, Prediction]], length: float) -> Tensor:
    return -0.5 * math.expm1(-2 * length) * _change(history, length)


def _extrapolate_parabola(history: list[tuple[float, Prediction]], length: float) -> Tensor:
    """phi_2 of the first and phi_3 of the second derivative of x0, both in units of this step; without a third point only the first."""
    doubled = 2 * length
    phi_2 = math.expm1(-doubled) / doubled + 1
    latest = _change(history, length)
    if len(history) == 2:
        return phi_2 * latest
    phi_3 = phi_2 / doubled - 0.5
    near, far = (_length(history[i : i + 2]) / length for i in (1, 0))
    bend = (latest - _change(history[:2], length)) / (near + far)
    return phi_2 * (latest + near * bend) - phi_3 * bend


def _change(history: list[tuple[float, Prediction]], length: float) -> Tensor:
    """How far x0 changed between the last two of these predictions, for a step of this length; with CFG++ from the unconditional one."""
    (_, before), (_, now) = history[-2:]
    return (now.denoised - before.anchor) * (length / _length(history[-2:]))


def _length(pair: list[tuple[float, Prediction]]) -> float:
    return math.log(pair[0][0] / pair[1][0])
