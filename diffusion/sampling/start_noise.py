"""The noise that a picture without a surface starts from: white, coloured, or Perlin's. Each row of START_NOISES is unit normal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from torch import Tensor

from diffusion.sampling.noise import start_noise
from diffusion.sampling.perlin import perlin

OCTAVES = (
    16.0,
    8.0,
    4.0,
    2.0,
)  # lattice cells of Perlin's noise in latent pixels, each half as strong as the one before
PICTURE_SHARE = 0.5  # share of the picture in the variance; the rest is white noise
PERLIN_SHARE = 0.5  # share of smooth noise in the variance; the rest is white noise, on which models are trained


@dataclass(frozen=True)
class StartNoise:
    """make: (channels, height, width, seed) → float32 [C,h,w] of mean 0 and standard deviation 1; help: a sentence for users;
    from_picture: whether `make` also takes the latents of a picture, float32 [C,h,w]."""

    make: Callable[..., np.ndarray]
    help: str
    from_picture: bool = False


def coloured_noise(channels: int, height: int, width: int, seed: int, *, exponent: float) -> np.ndarray:
    """White noise whose amplitudes are multiplied by frequency^-exponent: 0.5 is pink (power 1/f), 1 brown, -0.5 blue."""
    white = torch.from_numpy(start_noise(channels, height, width, seed)).double()
    spectrum = torch.fft.rfft2(white)
    frequency = torch.hypot(torch.fft.fftfreq(height)[:, None].double(), torch.fft.rfftfreq(width)[None].double())
    frequency[0, 0] = 1 / max(height, width)  # the mean counts as the longest wave
    return _unit(torch.fft.irfft2(spectrum * frequency**-exponent, s=(height, width)))


def perlin_noise(channels: int, height: int, width: int, seed: int) -> np.ndarray:
    """Octaves of Perlin noise (Perlin 2002), different for each channel, mixed with an equal share of white noise."""
    smooth = torch.zeros((channels, height, width), dtype=torch.float64)
    for channel in range(channels):
        for octave, cell in enumerate(OCTAVES):
            number = (seed * 1009 + channel) * len(OCTAVES) + octave
            smooth[channel] += (perlin(height, width, cell, number % 2**31).double() - 0.5) / 2**octave
    white = torch.from_numpy(start_noise(channels, height, width, seed)).double()
    return _unit(PERLIN_SHARE**0.5 * torch.from_numpy(_unit(smooth)).double() + (1 - PERLIN_SHARE) ** 0.5 * white)


def picture_noise(channels: int, height: int, width: int, seed: int, latents: np.ndarray) -> np.ndarray:
    """A picture's latents [C,h,w], each channel with mean 0 and deviation 1, mixed with an equal share of white noise."""
    picture = torch.from_numpy(latents).double()
    deviation, mean = torch.std_mean(picture, (1, 2), correction=0, keepdim=True)
    seen = (picture - mean) / deviation.clamp_min(1e-6)
    white = torch.from_numpy(start_noise(channels, height, width, seed)).double()
    return _unit(PICTURE_SHARE**0.5 * seen + (1 - PICTURE_SHARE) ** 0.5 * white)


def _unit(noise: Tensor) -> np.ndarray:
    """float32, with mean 0 and standard deviation 1 over all values; a single value is unchanged."""
    if noise.numel() > 1:
        noise = (noise - noise.mean()) / noise.std(correction=0).clamp_min(1e-12)
    return noise.float().numpy()


START_NOISES: dict[str, StartNoise] = {
    "white": StartNoise(start_noise, "White noise, independent in every latent pixel: what models are trained on."),
    "pink": StartNoise(partial(coloured_noise, exponent=0.5), "Larger forms: power falls with frequency."),
    "brown": StartNoise(
        partial(coloured_noise, exponent=1.0), "The largest forms: power falls with frequency squared."
    ),
    "blue": StartNoise(partial(coloured_noise, exponent=-0.5), "Finer grain: power rises with frequency."),
    "perlin": StartNoise(perlin_noise, "Half white, half smooth clouds of several sizes."),
    "picture": StartNoise(picture_noise, "Half white, half the shapes of --start-picture.", from_picture=True),
}
