"""Deterministic multistep solvers: LMS and DEIS extrapolate the noise of earlier steps by a polynomial, one call a step."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from torch import Tensor

from diffusion.sampling.denoiser import Denoise, step_towards
from diffusion.sampling.solvers.loop import NO_HOOKS, SolverHooks, begin_step, iterate_steps

LMS_ORDER = 4
DEIS_ORDER = 3
# (levels, newest last; sigma_next) → the weight of the slope at each level: the integral of its Lagrange polynomial over the step.
StepWeights = Callable[[Sequence[float], float], list[float]]


def lms(denoise: Denoise, x: Tensor, sigmas: Tensor, hooks: SolverHooks = NO_HOOKS) -> Tensor:
    """Linear multistep (Adams-Bashforth) of order 4 in sigma (k-diffusion's LMS). The first three steps have orders 1 to 3."""
    return _multistep(denoise, x, sigmas, hooks, LMS_ORDER, _weights_in_sigma)


def deis(denoise: Denoise, x: Tensor, sigmas: Tensor, hooks: SolverHooks = NO_HOOKS) -> Tensor:
    """DEIS (arXiv 2204.13902, tAB) of order 3: the noise is a polynomial in log sigma. The step to 0 returns x0."""
    return _multistep(denoise, x, sigmas, hooks, DEIS_ORDER, _weights_in_log_sigma)


def _multistep(
    denoise: Denoise, x: Tensor, sigmas: Tensor, hooks: SolverHooks, order: int, weights_of: StepWeights
) -> Tensor:
    levels: list[float] = []
    slopes: list[Tensor] = []
    for step, sigma, sigma_next in iterate_steps(sigmas):
        x, prediction = begin_step(denoise, x, step, sigma, hooks)
        levels = [*levels, sigma][-order:]
        slopes = [*slopes, (x - prediction.anchor) / sigma][-order:]
        x = step_towards(prediction, x, sigma, sigma_next)
        # The weights add up to the step's length, which Euler's step has given to the newest slope.
        for weight, slope in zip(weights_of(levels, sigma_next)[:-1], slopes[:-1], strict=True):
            x = x + weight * (slope - slopes[-1])
    return x


def _weights_in_sigma(levels: Sequence[float], sigma_next: float) -> list[float]:
    """Polynomials in s = (tau - sigma) / (sigma_next - sigma), whose moments over the step are 1 / (n + 1)."""
    length = sigma_next - levels[-1]
    nodes = [(level - levels[-1]) / length for level in levels]
    return [length * w for w in lagrange_weights(nodes, [1 / (n + 1) for n in range(len(nodes))])]


def _weights_in_log_sigma(levels: Sequence[float], sigma_next: float) -> list[float]:
    """Polynomials in v = log(tau / sigma); d tau = sigma·exp(v) dv gives their moments over the step."""
    sigma = levels[-1]
    if sigma_next == 0:
        return [*[0.0] * (len(levels) - 1), -sigma]
    end = math.log(sigma_next / sigma)
    moments = [math.expm1(end)]
    for n in range(1, len(levels)):  # by parts
        moments.append(end**n * math.exp(end) - n * moments[-1])
    nodes = [math.log(level / sigma) for level in levels]
    return [sigma * w for w in lagrange_weights(nodes, moments)]


def lagrange_weights(nodes: Sequence[float], moments: Sequence[float]) -> list[float]:
    """The weights of a quadrature on these nodes that is exact for all polynomials below the number of nodes.

    moments: the integrals of 1, t, t², … over the interval.
    """
    weights = []
    for k, node in enumerate(nodes):
        polynomial = [1.0]  # coefficients of the Lagrange polynomial of this node, lowest first
        for other in (*nodes[:k], *nodes[k + 1 :]):
            shifted = [0.0, *polynomial]
            scaled = [*(other * c for c in polynomial), 0.0]
            polynomial = [(a - b) / (node - other) for a, b in zip(shifted, scaled, strict=True)]
        weights.append(sum(c * m for c, m in zip(polynomial, moments, strict=True)))
    return weights
