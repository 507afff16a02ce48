"""How a model writes noisy latents, and the way from there to this project's convention, x = x0 + sigma·n.

ComfyUI's Stable Diffusion models have that convention already. Its flow models (SD3, Flux) write x = (1 - t)·x0 + t·n, the same
latents times 1 - t, with sigma = t / (1 - t). So solvers, mixing and guidance see sigma alone and work for both.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from base.errors import InputError

LARGEST = 4096.0  # stands for t = 1, noise without any x0; as in `diffusion.sampling.schedules`
PROBE = 0.25  # a noise level at which the conventions differ


@dataclass(frozen=True)
class Convention:
    """level: ComfyUI's noise level → sigma; its inverse; signal: sigma → factor of x0 in the model's latents"""

    level: Callable[[float], float]
    inverse: Callable[[float], float]
    signal: Callable[[float], float]

    def levels(self, sigmas: Tensor) -> tuple[float, ...]:
        """ComfyUI's SIGMAS [n] as sigmas."""
        return tuple(self.level(float(level)) for level in sigmas)

    def signals(self, levels: tuple[float, ...]) -> Tensor:
        """float32 [n,1,1,1]: the factors of x0 at several sigmas, for latents [n,C,h,w]."""
        return torch.tensor([self.signal(level) for level in levels])[:, None, None, None]


CONVENTIONS: dict[tuple[float, float], Convention] = {  # by the factors of x0 and of the noise at PROBE
    (1.0, PROBE): Convention(lambda level: level, lambda sigma: sigma, lambda sigma: 1.0),
    (1 - PROBE, PROBE): Convention(
        lambda level: min(level / max(1 - level, 1e-9), LARGEST),
        lambda sigma: 1.0 if sigma >= LARGEST else sigma / (1 + sigma),
        lambda sigma: 1 / LARGEST if sigma >= LARGEST else 1 / (1 + sigma),
    ),
}


def convention_of(model_sampling: Any) -> Convention:
    """That of a model's `model_sampling` object, found by asking it to noise a latent. Raises InputError for others."""
    one, nothing, level = torch.ones(1, 1, 1, 1), torch.zeros(1, 1, 1, 1), torch.tensor(PROBE)
    signal = float(model_sampling.noise_scaling(level, nothing.clone(), one.clone()))
    noise = float(model_sampling.noise_scaling(level, one.clone(), nothing.clone()))
    for known, convention in CONVENTIONS.items():
        if abs(signal - known[0]) < 1e-6 and abs(noise - known[1]) < 1e-6:
            return convention
    raise InputError(
        "model",
        "",
        f"adds noise in its own way ({type(model_sampling).__name__}); Stable Diffusion and flow models work",
    )
