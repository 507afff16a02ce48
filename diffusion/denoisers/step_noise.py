"""What noise a step leaves in the latents: the predicted one, or the true one that the run started from (the diffusion notebook)."""

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
    """S·eps + (1 - S)·n, as True Noise Removal blends its prediction."""
    share = true_noise_share(ctx)
    return share * eps + (1 - share) * ctx.noise


STEP_NOISES: dict[str, StepNoise] = {
    "predicted": StepNoise(lambda eps, ctx: eps, "The predicted noise: the step that the prediction constructs."),
    "true": StepNoise(lambda eps, ctx: ctx.noise, "The noise that the run started from."),
    "blended": StepNoise(_blend, "Predicted and true noise, shared as in True Noise Removal."),
}


def apply_step_noise(prediction: Prediction, ctx: GuidanceContext, name: str) -> Prediction:
    """The prediction whose remaining noise is that of the rule; x0 stays as it is. A step goes to x0 + sigma_next·noise."""
    if name == "predicted":
        return prediction
    noise = STEP_NOISES[name].rule((ctx.x - prediction.anchor) / ctx.sigma, ctx)
    return Prediction(prediction.denoised, ctx.x - ctx.sigma * noise)
