"""Guidance: combine the predictions for several prompts into one. Each rule is a row of GUIDANCE."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor

from base.step_schedule import value_at
from diffusion.denoisers.further_prompts import branch_names, with_further_prompts
from diffusion.denoisers.guidance_context import (
    Branches,
    GuidanceContext,
    GuidanceNumbers,
    numbers_at,
    predictions,
    true_noise_share,
)
from diffusion.denoisers.rescaling import apply_rescaling
from diffusion.denoisers.step_noise import apply_step_noise
from diffusion.models.prompt_syntax import parse_weighted
from diffusion.sampling.denoiser import Prediction
from diffusion.sampling.schedules import Timeline
from diffusion.settings import DreamSettings


def _eps(ctx: GuidanceContext, denoised: Tensor) -> Tensor:
    return (ctx.x - denoised) / ctx.sigma


def _from_eps(ctx: GuidanceContext, eps: Tensor) -> Tensor:
    return ctx.x - ctx.sigma * eps


def none(branches: Branches, ctx: GuidanceContext, numbers: GuidanceNumbers) -> Tensor:
    """The prediction for the prompt, unchanged."""
    return branches["positive"]


def cfg(branches: Branches, ctx: GuidanceContext, numbers: GuidanceNumbers) -> Tensor:
    """Classifier-free guidance (arXiv 2207.12598): D_neg + scale·(D_pos - D_neg); scale 1 is `none`, bit for bit."""
    if "negative" not in branches:
        return branches["positive"]
    return branches["negative"] + numbers.scale * (branches["positive"] - branches["negative"])


def cfgpp(branches: Branches, ctx: GuidanceContext, numbers: GuidanceNumbers) -> Prediction:
    """CFG++ (arXiv 2406.08070): x0 interpolated between the two predictions by lambda in 0..1, with the noise of the negative one."""
    positive, negative = branches["positive"], branches["negative"]
    return Prediction(negative + numbers.cfgpp_lambda * (positive - negative), negative)


def tnr_one(branches: Branches, ctx: GuidanceContext, numbers: GuidanceNumbers) -> Tensor:
    """True Noise Removal with one prediction: S·eps + (1 - S)·n, where n is the noise that the run started from."""
    share = true_noise_share(ctx)
    return _from_eps(ctx, share * _eps(ctx, branches["positive"]) + (1 - share) * ctx.noise)


def tnr(branches: Branches, ctx: GuidanceContext, numbers: GuidanceNumbers) -> Tensor:
    """True Noise Removal with N predictions: S·(b + sum scale_i·(eps_i - b)) + (1 - S)·n around their barycentre b.

    The scales are (scale - 1/2)·w_i for the prompts of weights w_i (1 for the prompt itself), the negative of their sum for the negative
    prompt and 0 for the empty one, so that with S = 1 and two predictions it is CFG at the same scale.
    """
    centre = sum(_eps(ctx, denoised) for denoised in predictions(branches)) / len(predictions(branches))
    steering = (numbers.scale - 0.5) * (_eps(ctx, branches["positive"]) - _eps(ctx, branches["negative"]))
    share = true_noise_share(ctx)
    return _from_eps(ctx, share * (centre + steering) + (1 - share) * ctx.noise)


def tnr_cfg(branches: Branches, ctx: GuidanceContext, numbers: GuidanceNumbers) -> Tensor:
    """True Noise Removal without the barycentre: S·eps_cfg + (1 - S)·n, where eps_cfg = eps_neg + sum scale_i·(eps_i - eps_neg).

    With two predictions it equals `tnr`.
    """
    share = true_noise_share(ctx)
    return _from_eps(ctx, share * _eps(ctx, cfg(branches, ctx, numbers)) + (1 - share) * ctx.noise)


def tnr_plain(branches: Branches, ctx: GuidanceContext, numbers: GuidanceNumbers) -> Tensor:
    """The notebook's first form: n + scale·(eps_pos - eps_neg)."""
    difference = _eps(ctx, branches["positive"]) - _eps(ctx, branches["negative"])
    return _from_eps(ctx, ctx.noise + numbers.scale * difference)


def tnr_plain_one(branches: Branches, ctx: GuidanceContext, numbers: GuidanceNumbers) -> Tensor:
    """The notebook's first form for one prediction: n + scale·(eps - n)."""
    return _from_eps(ctx, ctx.noise + numbers.scale * (_eps(ctx, branches["positive"]) - ctx.noise))


def _residual(positive: Tensor, virtual: Tensor, ctx: GuidanceContext, numbers: GuidanceNumbers) -> Tensor:
    """Residual CFG (arXiv 2312.12491, eq. 3-5): the negative noise is delta times the residual towards a known x0, not a prediction."""
    negative = ctx.x - numbers.residual_delta * (ctx.x - virtual)
    return negative + numbers.scale * (positive - negative)


def self_negative(branches: Branches, ctx: GuidanceContext, numbers: GuidanceNumbers) -> Tensor:
    """Residual CFG away from the picture that the run started from; needs no negative call."""
    return _residual(branches["positive"], ctx.origin, ctx, numbers)


def onetime_negative(branches: Branches, ctx: GuidanceContext, numbers: GuidanceNumbers) -> Tensor:
    """Residual CFG away from the negative prompt's x0 at the first step; one negative call per run."""
    if "negative" in branches:
        ctx.cache["negative"] = branches["negative"]
    return _residual(branches["positive"], ctx.cache["negative"], ctx, numbers)


@dataclass(frozen=True)
class Guidance:
    """A rule and the branches it needs. first: branches that only the first call of a run needs."""

    rule: Callable[[Branches, GuidanceContext, GuidanceNumbers], Tensor | Prediction]
    branches: tuple[str, ...]
    help: str
    first: tuple[str, ...] = ()


_TWO = ("positive", "negative")
GUIDANCE: dict[str, Guidance] = {
    "cfg": Guidance(cfg, _TWO, "Moves away from the negative prompt by the scale."),
    "none": Guidance(none, ("positive",), "Uses the prompt alone: half the work."),
    "cfg++": Guidance(cfgpp, _TWO, "Interpolates between the two by lambda, on the negative prompt's noise path."),
    "tnr": Guidance(tnr, _TWO, "True Noise Removal with two predictions."),
    "tnr_cfg": Guidance(
        tnr_cfg, _TWO, "True Noise Removal of CFG's prediction; differs from tnr with further prompts."
    ),
    "tnr_one": Guidance(tnr_one, ("positive",), "True Noise Removal with the prompt alone."),
    "tnr_three": Guidance(tnr, (*_TWO, "empty"), "True Noise Removal around prompt, negative and empty prompt."),
    "tnr_plain": Guidance(tnr_plain, _TWO, "The true noise plus the scaled difference."),
    "tnr_plain_one": Guidance(
        tnr_plain_one, ("positive",), "The true noise plus the scaled difference from it to the prompt."
    ),
    "self_negative": Guidance(self_negative, ("positive",), "Residual CFG away from the first picture: half the work."),
    "onetime_negative": Guidance(
        onetime_negative, ("positive",), "Residual CFG with a single call for the negative prompt.", first=("negative",)
    ),
}


def further_base(name: str) -> str:
    """The branch that further prompts are compared with under a guidance rule: the negative prompt if the rule uses it."""
    return "negative" if "negative" in GUIDANCE[name].branches else "empty"


def branches_of(settings: DreamSettings) -> tuple[str, ...]:
    """All branches that a run with these settings may need."""
    rule = GUIDANCE[settings.guidance]
    further = branch_names(len(settings.further))
    return (*rule.branches, *rule.first, *((further_base(settings.guidance), *further) if further else ()))


def with_guidance(
    branches_at: Callable[[Tensor, float, tuple[str, ...]], Branches],
    settings: DreamSettings,
    timeline: Timeline,
    noise: Tensor,
    origin: Tensor,
    on_branches: Callable[[Branches], None] | None = None,
) -> Callable[[Tensor, float], Prediction]:
    """The guided denoiser of one run.

    branches_at: (x, sigma, names) → x0 for each name; noise, origin: see `GuidanceContext`; on_branches: called with the branches of
    each call. Outside guidance_start..guidance_end (arXiv 2404.07724) only the prompt is predicted, without guidance.
    """
    guidance = GUIDANCE[settings.guidance]
    weights = [parse_weighted(prompt)[1] for prompt in settings.further]
    base = further_base(settings.guidance)
    cache: dict[str, Tensor] = {}

    def denoise(x: Tensor, sigma: float) -> Prediction:
        progress, numbers = timeline.progress(sigma), numbers_at(settings, timeline.place(sigma))
        inside = settings.guidance_start <= progress < settings.guidance_end
        now = [value_at(weight, timeline.place(sigma)) for weight in weights]
        combined_at = with_further_prompts(branches_at, now, base)
        names = guidance.branches + (() if cache else guidance.first) if inside else ("positive",)
        if guidance.rule is cfg and numbers.scale == 1:
            names = ("positive",)
        branches = (combined_at if inside else branches_at)(x, sigma, names)
        if on_branches is not None:
            on_branches(branches)
        if not inside:
            return Prediction(branches["positive"], branches["positive"])
        ctx = GuidanceContext(x, sigma, timeline.next_sigma(sigma), noise, origin, cache)
        answer = guidance.rule(branches, ctx, numbers)
        prediction = answer if isinstance(answer, Prediction) else Prediction(answer, answer)
        return apply_step_noise(apply_rescaling(prediction, branches, ctx, numbers), ctx, settings.step_noise)

    return denoise
