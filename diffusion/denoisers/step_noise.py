"""The noise that a step leaves in the latents: predicted noise, or the true noise that the run started from (diffusion notebook)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor

from diffusion.denoisers.guidance_context import GuidanceContext, true_noise_share
from diffusion.sampling.denoiser import Prediction


@dataclass(frozen=True)
class StepNoise:
    """A rule (predicted noise [B,C,h,w], context) → the noise that stays, and a sentence for users."""

    rule: Callable[[Tensor, GuidanceContext], Tensor]
    help: str


def _blend(eps: Tensor, ctx: GuidanceContext) -> Tensor:
    """S·eps + (1 - S)·n, the blend of True Noise Removal."""
    share = true_noise_share(ctx)
    return share * eps + (1 - share) * ctx.noise


STEP_NOISES: dict[str, StepNoise] = {
    "predicted": StepNoise(lambda eps, ctx: eps, "The predicted noise, as in an ordinary step."),
    "true": StepNoise(lambda eps, ctx: ctx.noise, "The noise that the run started from."),
    "blended": StepNoise(_blend, "Predicted and true noise, blended as in True Noise Removal."),
}


def apply_step_noise(prediction: Prediction, ctx: GuidanceContext, name: str) -> Prediction:
    """Give a prediction the rule's remaining noise; x0 is unchanged. A step goes to x0 + sigma_next·noise."""
    if name == "predicted":
        return prediction
    noise = STEP_NOISES[name].rule((ctx.x - prediction.anchor) / ctx.sigma, ctx)
    return Prediction(prediction.denoised, ctx.x - ctx.sigma * noise)
