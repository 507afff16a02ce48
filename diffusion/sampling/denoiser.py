"""The one idea everything here is made of: `denoise(x, sigma) -> denoised`, and what a guided one says besides."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from torch import Tensor


class Prediction(NamedTuple):
    """x0 as guided, and the x0 that the *remaining noise* is measured from: (x - anchor) / sigma.

    They differ only in CFG++ (arXiv 2406.08070), where the noise is the unconditional prediction's.
    """

    denoised: Tensor
    anchor: Tensor


# (x [B,C,h,w], sigma) → x0 [B,C,h,w], or a Prediction.
Denoise = Callable[[Tensor, float], Tensor | Prediction]


def predict(denoise: Denoise, x: Tensor, sigma: float) -> Prediction:
    """Call a denoiser; a plain tensor is its own anchor."""
    answer = denoise(x, sigma)
    return answer if isinstance(answer, Prediction) else Prediction(answer, answer)


def step_towards(prediction: Prediction, x: Tensor, sigma: float, sigma_next: float) -> Tensor:
    """Euler's step: x0 plus what remains of the noise, x0 + (x - anchor)·sigma_next / sigma. At sigma_next = 0 it is x0, bit for bit."""
    if sigma_next == 0:
        return prediction.denoised
    return prediction.denoised + (x - prediction.anchor) * (sigma_next / sigma)


def slope(prediction: Prediction, x: Tensor, sigma: float, dt: float) -> Tensor:
    """dx/dsigma for a Runge-Kutta stage of a step of length dt: (x - anchor)/sigma, plus CFG++'s jump spread over the step."""
    direction = (x - prediction.anchor) / sigma
    if prediction.anchor is prediction.denoised:
        return direction
    return direction + (prediction.denoised - prediction.anchor) / dt
