"""Skip residuals: guide a finer dream by coarser paint, for surfaces seen from closer than when they were painted.

There are two families. DemoFusion's skip residual (arXiv 2311.16973, sec. 3.3; its author confirmed pi in the cosine) weights the
coarse latent by a falling curve; iterative mixing weights the fine latent by a rising curve. They differ for exponents other than 1.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

from base.step_schedule import largest, value_at
from diffusion.denoisers.perlin_modes import make_perlin_mix
from diffusion.sampling.noise import surface_noise
from diffusion.sampling.schedules import Timeline
from diffusion.sampling.solvers.loop import Adjust
from diffusion.settings import DreamSettings

# Rising curves over i/N in 0..1, with exponent or steepness alpha: how much of the fine latent is kept at level i of N.
CURVES: dict[str, Callable[[float, float], float]] = {
    "cosine": lambda place, alpha: ((1 + math.cos(math.pi * (1 - place))) / 2) ** alpha,
    "linear": lambda place, alpha: place,
    "logistic": lambda place, alpha: (1 + math.tanh(2.5 * alpha * (place - 0.5))) / 2,
}


def demofusion(place: float, alpha: float) -> float:
    """c1 = ((1 + cos(pi·i/N))/2)^alpha: the coarse latent's weight, from 1 to 0."""
    return ((1 + math.cos(math.pi * place)) / 2) ** alpha


def coarse_weight(settings: DreamSettings, place: float, octave: int = 0, scheduled: float | None = None) -> float:
    """The weight 0..1 of the coarse latent in x at `place` = i/N of the run, for a canvas 2^octave times finer than its guide.

    The curve runs from mix_start to mix_stop. Before it, only the coarse latent counts; after it, or from mix_clamp on, only the fine
    one. The more octaves, the earlier the curve falls: the exponent is 1, 1.5, 2, … times the usual one.
    scheduled: the position i/(N - 1) at which schedules are evaluated, `place` if None
    """
    at = place if scheduled is None else scheduled
    mix, refine, alpha = (value_at(number, at) for number in (settings.mix, settings.refine, settings.mix_alpha))
    strength = max(mix, refine) if octave else mix
    alpha *= (1 + octave) / 2 if octave else 1
    start, stop = settings.mix_start, max(settings.mix_stop, settings.mix_start + 1e-6)
    if place >= min(stop, settings.mix_clamp):
        return 0.0
    within = max((place - start) / (stop - start), 0.0)
    if settings.mix_form == "demofusion":
        kept = 1 - demofusion(within, alpha)
    else:
        kept = CURVES[settings.mix_form](within, alpha) if place >= start else 0.0
    low, high = value_at(settings.mix_min, at), value_at(settings.mix_max, at)
    return strength * (1 - (low + (high - low) * kept))


def addition(fine: Tensor, coarse: Tensor, weight: Tensor) -> Tensor:
    """Linear interpolation."""
    return fine + weight * (coarse - fine)


def slerp(fine: Tensor, coarse: Tensor, weight: Tensor) -> Tensor:
    """Spherical interpolation of each batch entry as one vector; linear where the two are nearly parallel."""
    axes = tuple(range(1, fine.ndim))
    length, other = (torch.linalg.vector_norm(t, dim=axes, keepdim=True) for t in (fine, coarse))
    cosine = (fine * coarse).sum(axes, keepdim=True) / (length * other).clamp_min(1e-12)
    angle = torch.acos(cosine.clamp(-1, 1))
    sine = torch.sin(angle)
    arc = (torch.sin((1 - weight) * angle) * fine + torch.sin(weight * angle) * coarse) / sine.clamp_min(1e-6)
    return torch.where(sine > 1e-4, arc, addition(fine, coarse, weight))


def norm_only(fine: Tensor, coarse: Tensor, weight: Tensor) -> Tensor:
    """The coarse latent, moved towards the fine one, which is scaled to equal length."""
    axes = tuple(range(1, fine.ndim))
    length, own = (torch.linalg.vector_norm(t, dim=axes, keepdim=True) for t in (coarse, fine))
    return coarse + (1 - weight) * (fine * (length / own.clamp_min(1e-12)) - coarse)


# (fine, coarse [B,C,h,w], weight of coarse [h,w]) → mixed.
BLENDS: dict[str, Callable[[Tensor, Tensor, Tensor], Tensor]] = {
    "addition": addition,
    "slerp": slerp,
    "norm_only": norm_only,
}


OCTAVES = 6  # more octaves than this make no difference


def noise_of_levels(noise: Tensor, settings: DreamSettings) -> Callable[[float], Tensor]:
    """sigma → the guide's noise at that level: always `noise`, or fresh noise derived from it (`settings.mix_noise`)."""
    if settings.mix_noise == "same":
        return lambda sigma: noise
    fresh = surface_noise(noise, settings.seed)
    return lambda sigma: fresh(sigma, 0.0)


def make_mixer(
    coarse: Tensor,
    noise: Tensor,
    where: Tensor,
    timeline: Timeline,
    settings: DreamSettings,
    upscale_ratio: Tensor | None = None,
    guide_weight: Tensor | None = None,
    drawn_at: Callable[[float], Tensor] | None = None,
) -> Adjust | None:
    """A function that mixes the coarse latent into x before a step's model call; None if no pixel is mixed.

    coarse: x0 [1,C,h,w], the guide
    noise: [1,C,h,w], the run's own noise, so that the guide has the same noise at every level
    where: bool [h,w], pixels that have a guide
    upscale_ratio: [h,w] ≥ 1, how many times finer than the guide the canvas is; above 1 `settings.refine` applies, else `settings.mix`
    guide_weight: [h,w] in 0..1, how closely a finer canvas follows its guide
    drawn_at: sigma → the guide's noise at that level, [1,C,h,w]; None: as `settings.mix_noise` says
    """
    octave = torch.zeros(where.shape, dtype=torch.long, device=coarse.device)
    if upscale_ratio is not None:
        octaves = torch.log2(upscale_ratio).round().clamp(1, OCTAVES)
        octave = torch.where(upscale_ratio > 1, octaves, 0).long().to(coarse.device)
    mixes, refines = largest(settings.mix) > 0, max(largest(settings.mix), largest(settings.refine)) > 0
    if not bool((where & torch.where(octave > 0, refines, mixes)).any()):
        return None
    perlin_at = make_perlin_mix(coarse, settings)
    share = where.to(coarse)
    drawn_at = drawn_at or noise_of_levels(noise, settings)
    if guide_weight is not None:
        share = torch.where(octave > 0, guide_weight, 1) * share
    blend = BLENDS[settings.mix_blend]

    def adjust(step: int, sigma: float, x: Tensor) -> Tensor:
        at = timeline.progress(sigma), timeline.place(sigma)
        weight = torch.tensor([coarse_weight(settings, at[0], k, at[1]) for k in range(OCTAVES + 1)]).to(coarse)[octave]
        if not bool(weight.any()):
            return x
        perlin = perlin_at(at[1])
        mixed = where & (weight > 0)
        noised = torch.where(where, coarse + perlin.latents, 0) + sigma * perlin.noise(drawn_at(sigma))
        return torch.where(mixed, blend(x, noised, weight * (share * perlin.weight)), x)

    return adjust
