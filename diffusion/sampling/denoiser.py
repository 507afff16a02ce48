"""The denoiser protocol, `denoise(x, sigma) -> x0`, and the prediction of a guided denoiser."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from torch import Tensor


class Prediction(NamedTuple):
    """denoised: the guided x0; anchor: the x0 that defines the *remaining noise*, (x - anchor) / sigma.

    They differ only in CFG++ (arXiv 2406.08070), which takes the noise of the unconditional prediction.
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
    """Euler's step: x0 plus the scaled remaining noise, x0 + (x - anchor)·sigma_next / sigma. At sigma_next = 0 exactly x0."""
    if sigma_next == 0:
        return prediction.denoised
    return prediction.denoised + (x - prediction.anchor) * (sigma_next / sigma)


def slope(prediction: Prediction, x: Tensor, sigma: float, dt: float) -> Tensor:
    """dx/dsigma for a Runge-Kutta stage of a step of length dt: (x - anchor)/sigma, plus CFG++'s jump spread over the step."""
    direction = (x - prediction.anchor) / sigma
    if prediction.anchor is prediction.denoised:
        return direction
    return direction + (prediction.denoised - prediction.anchor) / dt
