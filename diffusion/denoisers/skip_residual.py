"""Mixing: a finer painting guided by a coarser one, for surfaces seen closer than they were painted.

Two families that look alike and are not: DemoFusion's skip residual (arXiv 2311.16973, sec. 3.3; its author confirmed pi in the cosine)
weighs the coarse latent by a falling curve; iterative mixing weighs the fine one by a rising curve. For exponents other than 1 they differ.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import torch
from torch import Tensor

from diffusion.sampling.perlin import perlin
from diffusion.sampling.schedules import Timeline
from diffusion.sampling.solvers.loop import Adjust
from diffusion.settings import DreamSettings

# Rising curves over i/N in 0..1, with exponent or steepness alpha: how much of the fine latent is kept at level i of N.
CURVES: dict[str, Callable[[float, float], float]] = {
    "cosine": lambda place, alpha: ((1 + math.cos(math.pi * (1 - place))) / 2) ** alpha,
    "linear": lambda place, alpha: place,
    "logistic": lambda place, alpha: 1 / (1 + math.exp(-5 * alpha * (place - 0.5))),
}


def demofusion(place: float, alpha: float) -> float:
    """c1 = ((1 + cos(pi·i/N))/2)^alpha: the coarse latent's weight, from 1 to 0."""
    return ((1 + math.cos(math.pi * place)) / 2) ** alpha


def coarse_weight(settings: DreamSettings, place: float) -> float:
    """How much of the coarse latent goes into x at `place` = i/N of the run, 0..1.

    mix_start..mix_stop is where the curve runs: before it the coarse latent stands alone, after it (and from mix_clamp on) the fine one.
    """
    start, stop = settings.mix_start, max(settings.mix_stop, settings.mix_start + 1e-6)
    if place >= min(stop, settings.mix_clamp):
        return 0.0
    within = max((place - start) / (stop - start), 0.0)
    if settings.mix_form == "demofusion":
        kept = 1 - demofusion(within, settings.mix_alpha)
    else:
        kept = CURVES[settings.mix_form](within, settings.mix_alpha) if place >= start else 0.0
    kept = settings.mix_min + (settings.mix_max - settings.mix_min) * kept
    return settings.mix * (1 - kept)


def addition(fine: Tensor, coarse: Tensor, weight: Tensor) -> Tensor:
    """The straight line between the two."""
    return fine + weight * (coarse - fine)


def slerp(fine: Tensor, coarse: Tensor, weight: Tensor) -> Tensor:
    """The great circle between the two, as whole vectors of a batch entry; nearly parallel ones are added."""
    axes = tuple(range(1, fine.ndim))
    length, other = (torch.linalg.vector_norm(t, dim=axes, keepdim=True) for t in (fine, coarse))
    cosine = (fine * coarse).sum(axes, keepdim=True) / (length * other).clamp_min(1e-12)
    angle = torch.acos(cosine.clamp(-1, 1))
    sine = torch.sin(angle)
    arc = (torch.sin((1 - weight) * angle) * fine + torch.sin(weight * angle) * coarse) / sine.clamp_min(1e-6)
    return torch.where(sine > 1e-4, arc, addition(fine, coarse, weight))


def norm_only(fine: Tensor, coarse: Tensor, weight: Tensor) -> Tensor:
    """The coarse latent, moved towards the fine one's direction at its own length."""
    axes = tuple(range(1, fine.ndim))
    length, own = (torch.linalg.vector_norm(t, dim=axes, keepdim=True) for t in (coarse, fine))
    return coarse + (1 - weight) * (fine * (length / own.clamp_min(1e-12)) - coarse)


# (fine, coarse [B,C,h,w], the coarse one's weight [h,w]) → mixed.
BLENDS: dict[str, Callable[[Tensor, Tensor, Tensor], Tensor]] = {
    "addition": addition,
    "slerp": slerp,
    "norm_only": norm_only,
}


OCTAVES = 6  # that a canvas may be finer than what it remembers, and be told apart


def octave_settings(settings: DreamSettings, octave: int) -> DreamSettings:
    """The mixing where the canvas is 2^octave times finer than what it remembers; octave 0: as the user set it.

    The more octaves the coarse painting lacks, the earlier its curve falls: exponents 1, 1.5, 2, … times the usual one.
    """
    if octave == 0:
        return settings
    strength = max(settings.mix, settings.refine)
    return replace(settings, mix=strength, mix_alpha=settings.mix_alpha * (1 + octave) / 2)


def make_mixer(
    coarse: Tensor,
    noise: Tensor,
    where: Tensor,
    timeline: Timeline,
    settings: DreamSettings,
    finer: Tensor | None = None,
    trusted: Tensor | None = None,
) -> Adjust | None:
    """What a step's x becomes before its model call, or None when nothing is mixed.

    coarse: x0 [1,C,h,w]; noise: [1,C,h,w], the run's own, so that the coarse sequence is noised alike at every level;
    where: bool [h,w], pixels that have a coarse painting; finer: [h,w] ≥ 1, how many times finer than it the canvas is: above 1 it
    guides with `settings.refine`, elsewhere with `settings.mix`; trusted: [h,w] in 0..1, how far the guide of a finer canvas is followed.
    """
    octave = torch.zeros(where.shape, dtype=torch.long, device=coarse.device)
    if finer is not None:
        octave = torch.where(finer > 1, torch.log2(finer).round().clamp(1, OCTAVES), 0).long().to(coarse.device)
    kinds = [octave_settings(settings, k) for k in range(OCTAVES + 1)]
    if not bool((where & torch.tensor([kind.mix > 0 for kind in kinds]).to(coarse.device)[octave]).any()):
        return None
    height, width = where.shape
    grain = torch.ones_like(coarse[0, 0])
    if settings.mix_perlin > 0:
        pattern = perlin(height, width, settings.mix_perlin_scale, settings.seed).to(grain)
        grain = 1 + settings.mix_perlin * (pattern - 1)
    share = where.to(grain) * grain
    if trusted is not None:
        share = torch.where(octave > 0, trusted, 1) * share
    blend = BLENDS[settings.mix_blend]

    def adjust(step: int, sigma: float, x: Tensor) -> Tensor:
        weight = torch.tensor([coarse_weight(kind, timeline.progress(sigma)) for kind in kinds]).to(grain)[octave]
        if not bool(weight.any()):
            return x
        mixed = where & (weight > 0)
        return torch.where(mixed, blend(x, torch.where(where, coarse, 0) + sigma * noise, weight * share), x)

    return adjust


def rewind_steps(steps: int, first: float, last: float) -> list[int]:
    """The steps at which further passes begin: at `first` of the run, then each half as far from its end, never beyond `last`.

    first 0 is no rewinding.
    """
    starts: list[int] = []
    distance = (1 - first) * steps
    while first > 0 and distance >= 1 and steps - distance <= last * steps:
        begin = steps - round(distance)
        if not starts or begin > starts[-1]:
            starts.append(begin)
        distance /= 2
    return starts
