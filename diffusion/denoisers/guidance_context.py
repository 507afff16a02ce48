"""The inputs of a guidance rule: the predictions of the branches and the position in the run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields

from torch import Tensor

from base.step_schedule import value_at
from diffusion.settings import GuidanceSettings

Branches = Mapping[str, Tensor]  # "positive", "negative", "empty", and those of `further_prompts` → x0 [B,C,h,w]
ALONE = "alone"  # the prediction of the prompt without the further ones, which "positive" then contains


@dataclass(frozen=True)
class GuidanceContext:
    """One call of the guided denoiser.

    x: [B,C,h,w] at noise level sigma
    sigma_next: the noise level at which this step ends
    noise: the noise that the run started from
    origin: x0 of the picture that the run started from; zeros (the mean latent) if it started from pure noise
    cache: values that a rule keeps during this run
    """

    x: Tensor
    sigma: float
    sigma_next: float
    noise: Tensor
    origin: Tensor
    cache: dict[str, Tensor] = field(default_factory=dict)


@dataclass(frozen=True)
class GuidanceNumbers:
    """The numbers of `GuidanceSettings` at one step, with schedules evaluated."""

    scale: float
    cfgpp_lambda: float
    cfg_rescale: float
    norm_rescale: float
    naive_rescale: float
    threshold_scale: float
    threshold_percentile: float
    residual_delta: float


def numbers_at(settings: GuidanceSettings, place: float) -> GuidanceNumbers:
    """The numbers at a position in the run, 0 (first step) to 1 (last)."""
    return GuidanceNumbers(**{f.name: value_at(getattr(settings, f.name), place) for f in fields(GuidanceNumbers)})


def true_noise_share(ctx: GuidanceContext) -> float:
    """S = 2 - alpha_bar^(1/4) at the step's end: 2 at pure noise, 1 at the picture (the diffusion notebook)."""
    return 2 - (1 / (1 + ctx.sigma_next**2)) ** 0.25


def prompt_alone(branches: Branches) -> Tensor:
    """The prediction of the prompt without further prompts."""
    return branches.get(ALONE, branches["positive"])


def predictions(branches: Branches) -> list[Tensor]:
    """The prediction of every prompt, each once."""
    return [branch for name, branch in branches.items() if name != "positive" or ALONE not in branches]
