"""A run guided by a noised sequence: iterative mixing over any denoiser, with this project's solvers and curves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from base.errors import InputError
from diffusion.denoisers.differential import initial_x
from diffusion.denoisers.passes import passes_of
from diffusion.denoisers.skip_residual import make_mixer
from diffusion.sampling.denoiser import Denoise, Prediction
from diffusion.sampling.schedules import Timeline
from diffusion.sampling.solvers import SAMPLERS
from diffusion.sampling.solvers.options import solver_options
from diffusion.settings import DreamSettings

After = Callable[[int, float, Tensor, Tensor], None]  # (step, sigma, x, denoised)


@dataclass(frozen=True, eq=False)
class NoisedSequence:
    """A picture's latents at each noise level of a run. levels: float32 [n,C,h,w], the last without noise; sigmas: [n], falling to 0"""

    levels: Tensor
    sigmas: tuple[float, ...]

    def __post_init__(self) -> None:
        if len(self.levels) != len(self.sigmas):
            steps = len(self.sigmas) - 1
            raise InputError(
                "latent_image_batch",
                "",
                f"holds {len(self.levels)} latents; {steps} steps need {steps + 1}: connect a Batch Unsampler with as many steps",
            )
        if self.sigmas[-1] != 0:
            raise InputError(
                "latent_image_batch",
                "",
                f"ends at noise level {self.sigmas[-1]:.3g}; the last latent must be the picture, so unsample to the last step",
            )

    @property
    def picture(self) -> Tensor:
        """[1,C,h,w]: the latents without noise."""
        return self.levels[-1:]

    def noise(self, step: int) -> Tensor:
        """[1,C,h,w]: the unit noise of a level before the last."""
        return (self.levels[step : step + 1] - self.picture) / self.sigmas[step]


def mix_through(
    denoise: Denoise, sequence: NoisedSequence, settings: DreamSettings, first: int = 0, after: After | None = None
) -> Tensor:
    """x0 [1,C,h,w] of a run from the sequence's level `first` to the picture, and of its rewinds (`settings.rewind_min`).

    Before each step the sequence's level is mixed into x by the curve of `settings.mix_form`. after: called after each step's
    prediction.
    """
    timeline = Timeline(sequence.sigmas)
    sampler, noise = SAMPLERS[settings.sampler], sequence.noise(0)
    everywhere = torch.ones(noise.shape[-2:], dtype=torch.bool, device=noise.device)

    def drawn_at(sigma: float) -> Tensor:
        return sequence.noise(timeline.step_index(sigma))

    adjust = make_mixer(sequence.picture, noise, everywhere, timeline, settings, drawn_at=drawn_at)
    options = solver_options(settings, noise, timeline)
    x, result = sequence.levels[first : first + 1], None
    for one in passes_of(noise, timeline, first, timeline.steps, settings):
        if result is not None:
            x = initial_x(one.noise, float(one.sigmas[0]), result, everywhere)

        def callback(step: int, sigma: float, x: Tensor, prediction: Prediction, start: int = one.first_step) -> None:
            if after is not None:
                after(start + step, sigma, x, prediction.denoised)

        result = sampler(denoise, x, one.sigmas, callback=callback, adjust=adjust, **options)
    assert result is not None
    return result
