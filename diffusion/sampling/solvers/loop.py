"""What every solver's loop shares: the steps, and how each begins."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from torch import Tensor

from diffusion.sampling.callbacks import SamplerCallback
from diffusion.sampling.denoiser import Denoise, Prediction, predict

# What x a step starts from: (step, sigma, x) → x. Mixing (`diffusion.denoisers.skip_residual`) is such a function.
Adjust = Callable[[int, float, Tensor], Tensor]


def each_step(sigmas: Tensor) -> Iterator[tuple[int, float, float]]:
    """(step, sigma, sigma_next) of falling sigmas [n+1]."""
    levels = sigmas.tolist()
    for step in range(len(levels) - 1):
        yield step, levels[step], levels[step + 1]


def begin(
    denoise: Denoise, x: Tensor, step: int, sigma: float, callback: SamplerCallback | None, adjust: Adjust | None
) -> tuple[Tensor, Prediction]:
    """Adjust x, predict there, tell the callback: (x, prediction)."""
    if adjust is not None:
        x = adjust(step, sigma, x)
    prediction = predict(denoise, x, sigma)
    if callback is not None:
        callback(step, sigma, x, prediction)
    return x, prediction
