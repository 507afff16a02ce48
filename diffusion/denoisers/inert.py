"""Settings without effect in a combination, and why. Panels grey them out; the command line warns about them."""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass, fields

from base.step_schedule import largest
from diffusion.denoisers.few_step import FEW_STEP_CHOICES, UNUSED, count_steps, uses_few_step
from diffusion.denoisers.guidance import GUIDANCE
from diffusion.sampling.solvers import SAMPLERS
from diffusion.settings import DreamSettings

RESIDUAL = ("self_negative", "onetime_negative")
UNSCALED = ("none", "cfg++", "tnr_one")
"""Guidances without a scale."""
MIX_CURVE = (
    "mix_form", "mix_alpha", "mix_blend", "mix_start", "mix_stop", "mix_clamp", "mix_min", "mix_max", "mix_perlin",
    "mix_perlin_mode", "mix_perlin_scale",
)  # fmt: skip
CORRECTIONS = ("correct_clamp", "correct_centre", "correct_maximise")


@dataclass(frozen=True)
class Situation:
    """The inputs of a dream besides its settings. Whatever may appear later, such as paint in the explorer, counts as present.

    few_steps: steps that the model's few-step network needs, 0 without one
    guide: whether existing paint or a picture guides it; regions: whether there are several prompts; anagrams: whether there are any
    controls: whether ControlNets act; adapter: whether there is an IP-Adapter; style_tags: whether a prompt names a picture
    """

    few_steps: int = 0
    guide: bool = True
    regions: bool = True
    anagrams: bool = True
    controls: bool = False
    adapter: bool = False
    style_tags: bool = True


@dataclass(frozen=True)
class Rule:
    """names: settings; without: whether they have no effect; reason: why, after "no effect: "."""

    names: tuple[str, ...]
    without: Callable[[DreamSettings, Situation], bool]
    reason: str


def _draws_noise(settings: DreamSettings) -> bool:
    return SAMPLERS[settings.sampler].stochastic and (settings.sampler != "ddim" or largest(settings.eta) > 0)


def _mixes(settings: DreamSettings) -> bool:
    return largest(settings.mix) > 0 or largest(settings.refine) > 0


# The first rule that applies to a setting gives the reason.
RULES: tuple[Rule, ...] = (
    Rule((*FEW_STEP_CHOICES, *UNUSED), lambda s, at: uses_few_step(s, at.few_steps), "the few-step network paints"),
    Rule(("few_step",), lambda s, at: count_steps(s, False) > at.few_steps > 0, "more steps are taken than it needs"),
    Rule(("few_step",), lambda s, at: at.few_steps == 0, "the model has no few-step network"),
    Rule(("spacing_power",), lambda s, at: s.spacing != "linspace_power", "only the linspace_power spacing uses it"),
    Rule(("eta",), lambda s, at: "eta" not in SAMPLERS[s.sampler].options, "only the ddim sampler uses it"),
    Rule(("noise",), lambda s, at: not _draws_noise(s), "the sampler draws no noise"),
    Rule(("embedding_drop",), lambda s, at: s.embedding_rank == 0, "embedding_rank is 0"),
    Rule(("cfgpp_lambda",), lambda s, at: s.guidance != "cfg++", "only the guidance cfg++ uses it"),
    Rule(("residual_delta",), lambda s, at: s.guidance not in RESIDUAL, "only residual guidance uses it"),
    Rule(("scale",), lambda s, at: s.guidance in UNSCALED, "this guidance has no scale"),
    Rule(
        ("scale", "cfg_rescale", "norm_rescale", "naive_rescale", "threshold_scale", "threshold_percentile"),
        lambda s, at: s.guidance_start >= s.guidance_end,
        "guidance does not start before its end",
    ),
    Rule(("guidance_start", "guidance_end"), lambda s, at: s.guidance == "none", "there is no guidance"),
    Rule(
        ("cfg_rescale", "norm_rescale", "naive_rescale", "threshold_scale", "threshold_percentile"),
        lambda s, at: s.guidance == "none",
        "there is no guidance",
    ),
    Rule(
        ("threshold_scale", "threshold_percentile"),
        lambda s, at: "negative" not in predictions_of(s.guidance),
        "this guidance makes no prediction for the negative prompt",
    ),
    Rule(("threshold_percentile",), lambda s, at: largest(s.threshold_scale) == 0, "threshold_scale is 0"),
    Rule(("execution",), lambda s, at: not (at.regions or at.anagrams or s.window), "there is one prompt"),
    Rule(
        ("control_strength", "control_start", "control_end"), lambda s, at: not at.controls, "no ControlNet is loaded"
    ),
    Rule(
        ("control_start", "control_end"),
        lambda s, at: largest(s.control_strength) == 0,
        "control_strength is 0",
    ),
    Rule(
        ("control_strength",),
        lambda s, at: s.control_start >= s.control_end,
        "ControlNets do not start before their end",
    ),
    Rule(("style_picture", "style_strength"), lambda s, at: not at.adapter, "no IP-Adapter is loaded"),
    Rule(("style_strength",), lambda s, at: not (s.style_picture or at.style_tags), "there is no style picture"),
    Rule(("softness",), lambda s, at: not at.regions, "there is one prompt"),
    Rule(("bootstrap",), lambda s, at: not at.regions, "there is one prompt"),
    Rule(
        ("bootstrap",),
        lambda s, at: s.execution == "attention",
        "the attention execution makes no separate call for each region",
    ),
    Rule(("window_overlap",), lambda s, at: s.window == 0, "there are no windows"),
    Rule(
        ("memory", "match", "refine", "change_form", "strength", "mix", *MIX_CURVE),
        lambda s, at: not at.guide,
        "nothing is painted there yet",
    ),
    Rule(MIX_CURVE, lambda s, at: not _mixes(s), "mix and refine are 0"),
    Rule(("mix_perlin_mode", "mix_perlin_scale"), lambda s, at: largest(s.mix_perlin) == 0, "mix_perlin is 0"),
    Rule(
        ("mix_noise",),
        lambda s, at: s.rewind_min == 0 and not (at.guide and _mixes(s)),
        "nothing is mixed or rewound",
    ),
    Rule(("rewind_max",), lambda s, at: s.rewind_min == 0, "rewind_min is 0"),
    Rule(("anagram_image",), lambda s, at: not at.anagrams, "there are no anagrams"),
    Rule(
        ("correct_until",),
        lambda s, at: not any(largest(getattr(s, name)) for name in CORRECTIONS),
        "no correction is set",
    ),
)


# (start, end) of a span → when it is empty, and what never happens then
SPANS: dict[tuple[str, str], tuple[Callable[[float, float], bool], str]] = {
    ("guidance_start", "guidance_end"): (operator.ge, "there is no guidance"),
    ("control_start", "control_end"): (operator.ge, "no ControlNet acts"),
    ("rewind_min", "rewind_max"): (operator.gt, "there is no further pass"),
}


def find_inert(settings: DreamSettings, situation: Situation = Situation()) -> dict[str, str]:
    """The settings that have no effect, by name, each with the reason."""
    found: dict[str, str] = {}
    for rule in RULES:
        if rule.without(settings, situation):
            found |= {name: rule.reason for name in rule.names if name not in found}
    return found


def inert_remarks(
    settings: DreamSettings, usual: DreamSettings, situation: Situation = Situation(), negative: str = ""
) -> list[str]:
    """A sentence for each setting that differs from `usual`, the defaults, and has no effect; for the negative prompt; and for
    each span that is empty."""
    found = find_inert(settings, situation)
    few = uses_few_step(settings, situation.few_steps)
    remarks = []
    if negative and (few or "negative" not in predictions_of(settings.guidance)):
        why = "the few-step network paints" if few else "this guidance makes no prediction for it"
        remarks.append(f"The negative prompt has no effect: {why}.")
    for f in fields(settings):
        value = getattr(settings, f.name)
        same = few and f.name in FEW_STEP_CHOICES and value == FEW_STEP_CHOICES[f.name]
        if value != getattr(usual, f.name) and f.name in found and not same:
            flag = f.metadata.get("flag") or f.name.replace("_", "-")
            remarks.append(f"--{flag} has no effect: {found[f.name]}.")
    for (start, end), (is_empty, never) in SPANS.items():
        first, last = getattr(settings, start), getattr(settings, end)
        if is_empty(first, last) and not {start, end} & found.keys():
            flags = [f"--{name.replace('_', '-')}" for name in (start, end)]
            remarks.append(f"{flags[0]} is {first:g} and {flags[1]} is {last:g}: {never}.")
    return remarks


def predictions_of(guidance: str) -> tuple[str, ...]:
    """The predictions that a guidance needs at any step."""
    return (*GUIDANCE[guidance].branches, *GUIDANCE[guidance].first)
