"""Every choice of one dream, grouped by concern: one definition for flags, panels, presets and pictures.

A new setting is one more `option` in the class of its concern. Its name is its key in saved files and its flag. What acts in each
step is `Scheduled`: a number, or one that changes over the steps. What lays out the run (steps, levels, places) is a number.
"""

from __future__ import annotations

from dataclasses import dataclass

from base.settings import option
from base.step_schedule import Scheduled

SHARE = (0.0, 1.0)


@dataclass(frozen=True)
class SamplingSettings:
    """The way from noise to picture: solver, noise levels, steps."""

    sampler: str = option("dpmpp_2m", "Solver that takes the steps.", table="diffusion.sampling.solvers:SAMPLERS")
    spacing: str = option(
        "trailing",
        "How the steps are spaced between noise and picture.",
        table="diffusion.sampling.schedules:SPACINGS",
    )
    spacing_power: float = option(
        1.0, "Power of the linspace_power spacing; higher is denser at low noise.", range=(0.1, 5.0)
    )
    timestep_max: float = option(
        1.0,
        "Noise level at which a run starts, as a share of the model's timesteps; 1 is pure noise.",
        range=(0.5, 1.0),
    )
    timestep_min: float = option(
        0.0,
        "Noise level from which the last step goes straight to the picture, as a share of the model's timesteps.",
        range=(0.0, 0.45),
    )
    steps: int = option(8, "Number of steps from noise to picture.", range=(1, 200))
    start_at: int = option(
        0, "Number of steps to skip at the start of a run, which then begins with less noise.", range=(0, 199)
    )
    end_at: int = option(
        0, "Step at which a run ends early, going straight to the picture; 0 is the last.", range=(0, 200)
    )
    few_step: bool = option(
        True,
        "Use the model's fast few-step network, if it has one, when there are no more steps than it needs. "
        "Its solver and guidance are built in.",
        label="Few-step network",
    )
    seed: int = option(
        0, "Random seed. The same seed on the same machine gives the same picture.", range=(0, 2**31 - 1)
    )
    noise: str = option(
        "surface", "Source of the noise that stochastic samplers add.", table="diffusion.sampling.noise:NOISES"
    )
    eta: Scheduled = option(0.0, "Fresh noise that the ddim sampler adds; 1 is ddpm.", range=SHARE)


@dataclass(frozen=True)
class ContextSettings:
    """How a prompt's vectors are changed before the model receives them."""

    embedding_rank: int = option(
        0, "Number of singular values of a prompt's matrix to keep; the others are dropped. 0 keeps all.", range=(0, 77)
    )
    embedding_drop: Scheduled = option(
        1.0, "Amount by which the other singular values are reduced; 1 removes them.", range=SHARE
    )
    embedding_turn: Scheduled = option(
        0.0, "Amount by which a prompt's vectors are rotated at random, by the seed.", range=SHARE
    )


@dataclass(frozen=True)
class GuidanceSettings:
    """How a dream follows its prompts, and how strongly."""

    guidance: str = option(
        "cfg",
        "Rule that combines the predictions for prompt and negative prompt.",
        table="diffusion.denoisers.guidance:GUIDANCE",
    )
    scale: Scheduled = option(
        7.0,
        "Guidance scale: how strongly the prompt is followed. Negative values lead away from it.",
        range=(-20.0, 30.0),
    )
    further: tuple[str, ...] = option(
        (),
        "Further prompts for the whole picture, each with a weight or schedule after a colon (default 1). Negative weights lead away.",
        metavar="PROMPT[:WEIGHT]",
    )
    cfgpp_lambda: Scheduled = option(
        0.6, "CFG++: interpolation between negative prompt (0) and prompt (1).", range=SHARE
    )
    # At high noise guidance narrows the variety of what is painted. Started later, it can be stronger (docs/sampling.md).
    guidance_start: float = option(0.25, "Share of the run after which guidance starts.", range=SHARE)
    guidance_end: float = option(1.0, "Share of the run after which guidance ends.", range=SHARE)
    cfg_rescale: Scheduled = option(
        0.0, "CFG rescale: amount by which contrast is restored to that of the prompt alone.", range=SHARE
    )
    norm_rescale: Scheduled = option(
        0.0, "Norm rescale: amount by which the noise's norm is restored to that of the predictions.", range=SHARE
    )
    naive_rescale: Scheduled = option(0.0, "Norm rescale to the prediction of the prompt alone.", range=SHARE)
    threshold_scale: Scheduled = option(
        0.0,
        "Dynamic thresholding: guidance scale whose extreme values are matched; 0 is off.",
        range=(0.0, 20.0),
    )
    threshold_percentile: Scheduled = option(
        0.995, "Dynamic thresholding: share of values that do not count as extreme.", range=(0.5, 1.0)
    )
    step_noise: str = option(
        "predicted", "Noise that remains after each step.", table="diffusion.denoisers.step_noise:STEP_NOISES"
    )
    residual_delta: Scheduled = option(1.0, "Strength of the virtual noise of residual CFG.", range=SHARE)


@dataclass(frozen=True)
class ControlSettings:
    """How strongly ControlNets act, and when."""

    control_strength: Scheduled = option(1.0, "Strength of the ControlNets.", range=(0.0, 2.0))
    control_start: float = option(0.0, "Share of the run after which ControlNets start.", range=SHARE)
    control_end: float = option(1.0, "Share of the run after which ControlNets end.", range=SHARE)


@dataclass(frozen=True)
class StyleSettings:
    """A picture that sets the style of prompts, with an IP-Adapter."""

    style_picture: str = option(
        "", "Style picture for all prompts except those with a <style:PICTURE:WEIGHT>.", metavar="FILE"
    )
    style_strength: Scheduled = option(1.0, "Strength of the style pictures.", range=(0.0, 2.0))


@dataclass(frozen=True)
class RegionSettings:
    """How the prompts of several regions share a canvas, and how a large canvas is cut into windows."""

    execution: str = option(
        "attention",
        "How regions are combined into model calls.",
        table="diffusion.denoisers.region_batching:EXECUTIONS",
    )
    batch: int = option(8, "Maximum number of predictions in one model call.", range=(1, 64))
    softness: Scheduled = option(0.0, "Blur of the region masks, in latent pixels.", range=(0.0, 16.0))
    bootstrap: float = option(0.0, "Share of the run in which each region is dreamed on a plain colour.", range=SHARE)
    window: int = option(0, "Side of sliding windows in pixels; 0 predicts the whole canvas at once.", range=(0, 4096))
    window_overlap: float = option(0.25, "Overlap of neighbouring windows, as a share of their side.", range=(0.0, 0.9))


@dataclass(frozen=True)
class MemorySettings:
    """How existing paint guides a dream."""

    memory: str = option(
        "colours",
        "What guides a dream where there is paint: its colours, encoded from this view; its stored latents; "
        "or both, whichever decodes closer to the colours.",
        choices=("colours", "latents", "both"),
    )
    change_form: str = option(
        "soft",
        "How paint is kept during the run: soft, by shares of a step, or threshold, all or nothing.",
        table="diffusion.denoisers.differential:CHANGE_FORMS",
    )
    refine: Scheduled = option(
        1.0, "How strongly paint from further away guides its refinement; 0 ignores it.", range=SHARE
    )
    match: float = option(
        1.0,
        "Amount by which new colours are matched to existing and surrounding paint.",
        range=SHARE,
        flag="match-colours",
    )
    strength: float = option(
        1.0, "How far an existing picture may change: the share of the run that is applied to it.", range=SHARE
    )
    capture: int = option(
        0, "Step whose latents are stored, and whose prediction `generate` shows; 0 is the last.", range=(0, 200)
    )


@dataclass(frozen=True)
class MixingSettings:
    """How coarse paint guides finer paint, and what large or turned canvases need."""

    mix: Scheduled = option(0.0, "How strongly coarser paint guides finer paint; 0 is off.", range=SHARE)
    mix_form: str = option(
        "demofusion",
        "Curve of the mixing: DemoFusion's falling curve, or a rising curve of iterative mixing.",
        choices=("demofusion", "cosine", "linear", "logistic"),
    )
    mix_alpha: Scheduled = option(3.0, "Exponent or steepness of the curve.", range=(0.1, 100.0))
    mix_blend: str = option("addition", "How latents are blended.", table="diffusion.denoisers.skip_residual:BLENDS")
    mix_start: float = option(0.0, "Place in the run where the curve starts.", range=SHARE)
    mix_stop: float = option(
        1.0,
        "Place in the run where the curve ends. Above 1 the run ends before the curve is complete.",
        range=(0.0, 4.0),
    )
    mix_clamp: float = option(1.0, "Share of the run after which nothing is mixed.", range=SHARE)
    mix_min: Scheduled = option(0.0, "Lowest value of the curve.", range=SHARE)
    mix_max: Scheduled = option(1.0, "Highest value of the curve.", range=SHARE)
    mix_noise: str = option(
        "same",
        "Noise of the coarse latents and of further passes: same, the run's own, or fresh at each level, which leads to grain.",
        choices=("same", "fresh"),
    )
    mix_perlin: Scheduled = option(0.0, "Strength of Perlin noise in the mixing.", range=SHARE)
    mix_perlin_mode: str = option(
        "weights", "What Perlin noise changes.", table="diffusion.denoisers.perlin_modes:PERLIN_MODES"
    )
    mix_perlin_scale: float = option(8.0, "Size of the Perlin noise, in latent pixels.", range=(1.0, 64.0))
    rewind_min: float = option(
        0.0,
        "Place in the run to which a further pass rewinds. Each next pass starts later by this share of the rest. 0 is off.",
        range=SHARE,
    )
    rewind_max: float = option(1.0, "Last place in the run where a further pass may start.", range=SHARE)
    dilate: int = option(1, "Stride of dilated sampling for large canvases; 1 is off.", range=(1, 4))
    anagram_image: float = option(
        0.0,
        "Share of the run, at its end, in which anagrams turn the decoded picture instead of the latents.",
        range=SHARE,
    )


@dataclass(frozen=True)
class CorrectionSettings:
    """Corrections of the predicted latents while noise is still high."""

    correct_clamp: Scheduled = option(0.0, "Amount by which outlying latents are compressed.", range=SHARE)
    correct_centre: Scheduled = option(0.0, "Amount by which each channel's mean is moved to zero.", range=SHARE)
    correct_maximise: Scheduled = option(
        0.0, "Amount by which each channel is stretched to its full range.", range=SHARE
    )
    correct_until: float = option(0.5, "Share of the run, at its start, in which latents are corrected.", range=SHARE)


# A dataclass collects the fields of its bases from the last to the first, so the last base's fields come first.
@dataclass(frozen=True)
class DreamSettings(
    CorrectionSettings,
    MixingSettings,
    MemorySettings,
    RegionSettings,
    StyleSettings,
    ControlSettings,
    GuidanceSettings,
    ContextSettings,
    SamplingSettings,
):
    """All settings of one dream, flat: the names are the keys of saved files."""
