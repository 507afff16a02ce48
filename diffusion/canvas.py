"""What a dream is asked (`Canvas`, `DreamSettings`) and what it gives (`Dreamed`): data only, the boundary to the rest."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True)
class Region:
    """One material's share of the canvas. mask: float32 [h,w] in 0..1; start, end: the part of the steps it is active in, 0..1."""

    prompt: str
    mask: np.ndarray
    negative_prompt: str = ""
    start: float = 0.0
    end: float = 1.0


@dataclass(frozen=True)
class Anagram:
    """What the whole canvas shows under a view of `diffusion.denoisers.anagram.VIEWS`: another picture."""

    prompt: str
    view: str = "rotate_180"
    negative_prompt: str = ""


@dataclass(frozen=True)
class Canvas:
    """A picture to be diffused, at latent resolution [h,w]; pictures are [8h,8w]. All numpy, CPU.

    regions: masks that together cover everything (what no mask covers is given to the first region)
    noise:   float32 [C,h,w] unit normal: the surface's own noise
    change:  float32 [h,w], 1 = free to change, 0 = keep what memory says
    memory:  float32 [C,h,w] remembered latents (any value where change is 1), or None
    colours: uint8 [8h,8w,4] the picture as it is painted, alpha 255 where it is, or None: it guides in `known` latent pixels, and
             what is not taken stays
    depth:   float32 [h,w] in blocks, inf = sky, or None: view-space z as the reference camera of diffusion.models.depth would see it
    known:   bool [h,w], where there is a memory; None: wherever change < 1
    finer:   float32 [h,w] ≥ 1, how many times finer the canvas is than what it remembers there, or None: nowhere. What is remembered
             so coarsely guides the dream (DreamSettings.refine), which keeps its low frequencies
    trusted: float32 [h,w] in 0..1, how far that guidance is followed, or None: wholly
    taken:   bool [8h,8w], pixels of what is known that will take the new look, or None: all those of change above 0
    anagrams: further pictures that the canvas shows when it is turned
    freed:   bool [h,w], where the colours are a mixture with what stood beside, which is dreamed anew: their structure alone is
             taken over; or None: nowhere
    behind:  int32 [h,w], where a surface goes on behind a nearer one that is kept: the latent pixel (row · w + column) that shows
             it; elsewhere the own one. What is near is dreamed as that, and stays as it is remembered. None: nowhere
    parts:   int16 [8h,8w], the index of the region that each pixel shows, for borders run through latent pixels (−1: none of them);
             each is decoded by itself then, and keeps its own colours. None: unknown
    """

    regions: tuple[Region, ...]
    noise: np.ndarray
    change: np.ndarray
    memory: np.ndarray | None = None
    colours: np.ndarray | None = None
    depth: np.ndarray | None = None
    known: np.ndarray | None = None
    finer: np.ndarray | None = None
    trusted: np.ndarray | None = None
    anagrams: tuple[Anagram, ...] = ()
    taken: np.ndarray | None = None
    freed: np.ndarray | None = None
    behind: np.ndarray | None = None
    parts: np.ndarray | None = None


@dataclass(frozen=True)
class DreamSettings:
    """Every choice of one dream; one definition for CLI flags, panels and saved settings. Names are keys of the tables.

    The diffusion core adds its fields here, each with a default, a comment that fits a tooltip, and a range in `metadata`.
    """

    sampler: str = field(
        default="dpmpp_2m",
        metadata={"help": "How the steps are taken.", "table": "diffusion.sampling.solvers:SAMPLERS"},
    )
    spacing: str = field(
        default="trailing",
        metadata={
            "help": "Where the steps lie between noise and picture.",
            "table": "diffusion.sampling.schedules:SPACINGS",
        },
    )
    spacing_power: float = field(
        default=1.0,
        metadata={"help": "Power of the linspace_power spacing; more is denser at low noise.", "range": (0.1, 5.0)},
    )
    steps: int = field(default=8, metadata={"help": "Steps from noise to picture.", "range": (1, 200)})
    few_step: bool = field(
        default=True,
        metadata={
            "help": "Few enough steps are left to the model's few-step network, if it has one: four of it look like many. "
            "It has a solver and guidance of its own.",
            "label": "Few-step network",
        },
    )
    seed: int = field(default=0, metadata={"help": "Same seed, same machine: same picture.", "range": (0, 2**31 - 1)})
    noise: str = field(
        default="surface",
        metadata={"help": "Where stochastic samplers take noise from.", "table": "diffusion.sampling.noise:NOISES"},
    )
    eta: float = field(
        default=0.0, metadata={"help": "Fresh noise of the ddim sampler, 1 is ddpm.", "range": (0.0, 1.0)}
    )

    guidance: str = field(
        default="cfg",
        metadata={
            "help": "How prompt and negative prompt are combined.",
            "table": "diffusion.denoisers.guidance:GUIDANCE",
        },
    )
    scale: float = field(default=7.0, metadata={"help": "How strongly the prompt is followed.", "range": (0.0, 20.0)})
    cfgpp_lambda: float = field(
        default=0.6, metadata={"help": "CFG++'s place between negative prompt (0) and prompt (1).", "range": (0.0, 1.0)}
    )
    # Where there is mostly noise guidance narrows what is painted, so that it can be the stronger afterwards (docs/sampling.md).
    guidance_start: float = field(
        default=0.25, metadata={"help": "Share of the run before which there is no guidance.", "range": (0.0, 1.0)}
    )
    guidance_end: float = field(
        default=1.0, metadata={"help": "Share of the run from which on there is no guidance.", "range": (0.0, 1.0)}
    )
    cfg_rescale: float = field(
        default=0.0, metadata={"help": "Contrast brought back to the prompt's own.", "range": (0.0, 1.0)}
    )
    norm_rescale: float = field(
        default=0.0, metadata={"help": "Noise norm brought back to that of the predictions.", "range": (0.0, 1.0)}
    )
    threshold_scale: float = field(
        default=0.0,
        metadata={
            "help": "Dynamic thresholding: the scale whose extremes are imitated; 0 is off.",
            "range": (0.0, 20.0),
        },
    )
    residual_delta: float = field(
        default=1.0, metadata={"help": "Strength of residual CFG's virtual noise.", "range": (0.0, 1.0)}
    )

    execution: str = field(
        default="attention",
        metadata={
            "help": "How the regions' model calls are made.",
            "table": "diffusion.denoisers.region_batching:EXECUTIONS",
        },
    )
    batch: int = field(default=8, metadata={"help": "Most predictions in one model call.", "range": (1, 64)})
    softness: float = field(
        default=0.0, metadata={"help": "Blur of the region masks, in latent pixels.", "range": (0.0, 16.0)}
    )
    bootstrap: float = field(
        default=0.0,
        metadata={
            "help": "Share of the run in which each region is formed before a plain colour.",
            "range": (0.0, 1.0),
        },
    )
    window: int = field(
        default=0, metadata={"help": "Side of sliding windows in pixels; 0 takes the canvas whole.", "range": (0, 4096)}
    )
    window_overlap: float = field(
        default=0.25, metadata={"help": "How far neighbouring windows overlap.", "range": (0.0, 0.9)}
    )

    memory: str = field(
        default="colours",
        metadata={
            "help": "What a remembered place is steered by: its colours, encoded anew from here, its stored latents, or of both "
            "what decodes nearer to the colours there.",
            "choices": ("colours", "latents", "both"),
        },
    )
    change_form: str = field(
        default="soft",
        metadata={
            "help": "How the change map keeps: by the step's share, or all or nothing.",
            "table": "diffusion.denoisers.differential:CHANGE_FORMS",
        },
    )
    refine: float = field(
        default=1.0,
        metadata={
            "help": "How much a place that was painted from further away guides its refinement; 0 dreams it anew.",
            "range": (0.0, 1.0),
        },
    )
    match: float = field(
        default=1.0,
        metadata={
            "help": "How far colours are matched to what is remembered there and around.",
            "range": (0.0, 1.0),
            "flag": "match-colours",
        },
    )
    strength: float = field(
        default=1.0, metadata={"help": "Share of the run that a remembered picture goes through.", "range": (0.0, 1.0)}
    )
    capture: int = field(
        default=0, metadata={"help": "The step whose latents are stored; 0 is the last.", "range": (0, 200)}
    )

    mix: float = field(
        default=0.0,
        metadata={"help": "How much a coarser painting guides a finer one; 0 is off.", "range": (0.0, 1.0)},
    )
    mix_form: str = field(
        default="demofusion",
        metadata={
            "help": "The mixing's curve: DemoFusion's falling one, or one of iterative mixing's rising ones.",
            "choices": ("demofusion", "cosine", "linear", "logistic"),
        },
    )
    mix_alpha: float = field(default=3.0, metadata={"help": "The curve's exponent or steepness.", "range": (0.1, 10.0)})
    mix_blend: str = field(
        default="addition",
        metadata={"help": "How latents are blended.", "table": "diffusion.denoisers.skip_residual:BLENDS"},
    )
    mix_start: float = field(default=0.0, metadata={"help": "Where in the run the curve starts.", "range": (0.0, 1.0)})
    mix_stop: float = field(default=1.0, metadata={"help": "Where in the run the curve ends.", "range": (0.0, 1.0)})
    mix_clamp: float = field(
        default=1.0, metadata={"help": "From where on in the run nothing is mixed.", "range": (0.0, 1.0)}
    )
    mix_min: float = field(default=0.0, metadata={"help": "The curve's lowest value.", "range": (0.0, 1.0)})
    mix_max: float = field(default=1.0, metadata={"help": "The curve's highest value.", "range": (0.0, 1.0)})
    mix_perlin: float = field(
        default=0.0, metadata={"help": "How uneven the mixing is, by Perlin noise.", "range": (0.0, 1.0)}
    )
    mix_perlin_scale: float = field(
        default=8.0, metadata={"help": "Size of that unevenness in latent pixels.", "range": (1.0, 64.0)}
    )
    rewind_min: float = field(
        default=0.0,
        metadata={"help": "Where a further pass begins, as a share of the run; 0 is off.", "range": (0.0, 1.0)},
    )
    rewind_max: float = field(
        default=1.0, metadata={"help": "The last place where a pass may begin.", "range": (0.0, 1.0)}
    )
    dilate: int = field(
        default=1, metadata={"help": "Stride of dilated sampling for large canvases; 1 is off.", "range": (1, 4)}
    )
    anagram_image: float = field(
        default=0.0,
        metadata={
            "help": "Last share of the run in which anagrams turn the picture, not the latents.",
            "range": (0.0, 1.0),
        },
    )

    correct_clamp: float = field(default=0.0, metadata={"help": "Squeeze outlying latents.", "range": (0.0, 1.0)})
    correct_centre: float = field(
        default=0.0, metadata={"help": "Bring each channel's mean to zero.", "range": (0.0, 1.0)}
    )
    correct_maximise: float = field(
        default=0.0, metadata={"help": "Stretch each channel to its full range.", "range": (0.0, 1.0)}
    )
    correct_until: float = field(
        default=0.5, metadata={"help": "Share of the run in which latents are corrected.", "range": (0.0, 1.0)}
    )


@dataclass(frozen=True)
class Dreamed:
    """latents float32 [C,h,w]; image uint8 [8h,8w,3]; steps that lie behind the latents; calls to the U-Net; seconds by part.

    seconds has the keys "unet", "vae", "text", "total".
    """

    latents: np.ndarray
    image: np.ndarray
    steps: float
    calls: int
    seconds: dict[str, float]


class Cancelled(Exception):
    """The dream was abandoned between two model calls because `cancelled()` said so."""
