"""Limit strong guidance: CFG rescale, norm rescale and its naive form, dynamic thresholding. Each is off by default."""

from __future__ import annotations

import torch
from torch import Tensor

from diffusion.denoisers.guidance_context import Branches, GuidanceContext, GuidanceNumbers, predictions, prompt_alone
from diffusion.sampling.denoiser import Prediction


def cfg_rescale(denoised: Tensor, positive: Tensor, amount: float) -> Tensor:
    """Move the standard deviation of x0 towards that of the prompt's prediction (arXiv 2305.08891, eq. 15-16); amount 0..1."""
    axes = tuple(range(1, denoised.ndim))
    ratio = positive.std(axes, keepdim=True) / denoised.std(axes, keepdim=True).clamp_min(1e-8)
    return denoised * (amount * ratio + (1 - amount))


def norm_rescale(eps: Tensor, predicted: list[Tensor], amount: float) -> Tensor:
    """Move the norm of eps towards the mean norm of the predictions it was computed from (the diffusion notebook); amount 0..1."""
    axes = tuple(range(1, eps.ndim))

    def norm(t: Tensor) -> Tensor:
        return torch.linalg.vector_norm(t, dim=axes, keepdim=True)

    natural = sum(norm(p) for p in predicted) / len(predicted)
    return eps * (amount * natural / norm(eps).clamp_min(1e-8) + (1 - amount))


def naive_rescale(eps: Tensor, alone: Tensor, amount: float) -> Tensor:
    """Move the norm of eps to that of the prompt's own prediction: `norm_rescale` with one prediction (the notebook's naive form)."""
    return norm_rescale(eps, [alone], amount)


def dynamic_threshold(eps: Tensor, target: Tensor, percentile: float = 0.995) -> Tensor:
    """Scale each channel about its mean so that its percentile of deviations equals the target's (the diffusion notebook)."""
    flat, wanted = eps.flatten(2), target.flatten(2)
    mean = flat.mean(2, keepdim=True)
    size = torch.quantile((flat - mean).abs(), percentile, dim=2, keepdim=True)
    aim = torch.quantile((wanted - wanted.mean(2, keepdim=True)).abs(), percentile, dim=2, keepdim=True)
    return ((flat - mean) * (aim / size.clamp_min(1e-8)) + mean).view_as(eps)


def apply_rescaling(
    prediction: Prediction, branches: Branches, ctx: GuidanceContext, numbers: GuidanceNumbers
) -> Prediction:
    """The guided prediction after the rescalings that are switched on; the prediction itself if none is on."""
    denoised, x, sigma = prediction.denoised, ctx.x, ctx.sigma
    if numbers.threshold_scale > 0 and "negative" in branches:
        target = branches["negative"] + numbers.threshold_scale * (branches["positive"] - branches["negative"])
        denoised = x - sigma * dynamic_threshold(
            (x - denoised) / sigma, (x - target) / sigma, numbers.threshold_percentile
        )
    if numbers.norm_rescale > 0:
        eps = [(x - branch) / sigma for branch in predictions(branches)]
        denoised = x - sigma * norm_rescale((x - denoised) / sigma, eps, numbers.norm_rescale)
    if numbers.naive_rescale > 0:
        alone = (x - prompt_alone(branches)) / sigma
        denoised = x - sigma * naive_rescale((x - denoised) / sigma, alone, numbers.naive_rescale)
    if numbers.cfg_rescale > 0:
        denoised = cfg_rescale(denoised, prompt_alone(branches), numbers.cfg_rescale)
    if denoised is prediction.denoised:
        return prediction
    return Prediction(denoised, denoised if prediction.anchor is prediction.denoised else prediction.anchor)
