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
        metadata={"help": "Solver of the diffusion steps.", "table": "diffusion.sampling.solvers:SAMPLERS"},
    )
    spacing: str = field(
        default="trailing",
        metadata={
            "help": "How the steps are spaced between noise and picture.",
            "table": "diffusion.sampling.schedules:SPACINGS",
        },
    )
    spacing_power: float = field(
        default=1.0,
        metadata={
            "help": "Power of the linspace_power spacing; higher puts more steps at low noise.",
            "range": (0.1, 5.0),
        },
    )
    steps: int = field(default=8, metadata={"help": "Diffusion steps from noise to picture.", "range": (1, 200)})
    few_step: bool = field(
        default=True,
        metadata={
            "help": "Use the model's few-step network, if it has one, when the number of steps is low enough. "
            "It brings its own solver and guidance.",
            "label": "Few-step network",
        },
    )
    seed: int = field(
        default=0,
        metadata={"help": "The same seed on the same machine gives the same picture.", "range": (0, 2**31 - 1)},
    )
    noise: str = field(
        default="surface",
        metadata={"help": "Noise source of stochastic samplers.", "table": "diffusion.sampling.noise:NOISES"},
    )
    eta: float = field(
        default=0.0, metadata={"help": "Fresh noise of the ddim sampler; 1 is ddpm.", "range": (0.0, 1.0)}
    )

    guidance: str = field(
        default="cfg",
        metadata={
            "help": "How prompt and negative prompt are combined.",
            "table": "diffusion.denoisers.guidance:GUIDANCE",
        },
    )
    scale: float = field(default=7.0, metadata={"help": "How strongly dreams follow the prompt.", "range": (0.0, 20.0)})
    cfgpp_lambda: float = field(
        default=0.6,
        metadata={"help": "CFG++: interpolation between negative prompt (0) and prompt (1).", "range": (0.0, 1.0)},
    )
    # Where there is mostly noise guidance narrows what is painted, so that it can be the stronger afterwards (docs/sampling.md).
    guidance_start: float = field(
        default=0.25, metadata={"help": "Share of the run at which guidance starts.", "range": (0.0, 1.0)}
    )
    guidance_end: float = field(
        default=1.0, metadata={"help": "Share of the run at which guidance ends.", "range": (0.0, 1.0)}
    )
    cfg_rescale: float = field(
        default=0.0,
        metadata={"help": "How far the contrast is restored to that of the unguided prediction.", "range": (0.0, 1.0)},
    )
    norm_rescale: float = field(
        default=0.0,
        metadata={
            "help": "How far the norm of the noise is restored to that of the unguided predictions.",
            "range": (0.0, 1.0),
        },
    )
    threshold_scale: float = field(
        default=0.0,
        metadata={
            "help": "Dynamic thresholding: the scale whose extremes are matched; 0 is off.",
            "range": (0.0, 20.0),
        },
    )
    residual_delta: float = field(
        default=1.0, metadata={"help": "Strength of residual CFG's virtual noise.", "range": (0.0, 1.0)}
    )

    execution: str = field(
        default="attention",
        metadata={
            "help": "How the model is called for several regions.",
            "table": "diffusion.denoisers.region_batching:EXECUTIONS",
        },
    )
    batch: int = field(default=8, metadata={"help": "Maximum number of predictions per model call.", "range": (1, 64)})
    softness: float = field(
        default=0.0, metadata={"help": "Blur of the region masks in latent pixels.", "range": (0.0, 16.0)}
    )
    bootstrap: float = field(
        default=0.0,
        metadata={
            "help": "Share of the run in which each region forms on a plain colour.",
            "range": (0.0, 1.0),
        },
    )
    window: int = field(
        default=0, metadata={"help": "Side of sliding windows in pixels; 0 uses the whole canvas.", "range": (0, 4096)}
    )
    window_overlap: float = field(
        default=0.25, metadata={"help": "Overlap of neighbouring windows, as a share of a window.", "range": (0.0, 0.9)}
    )

    memory: str = field(
        default="colours",
        metadata={
            "help": "What guides a place that has paint: its colours, encoded again from here; its stored latents; or both, "
            "whichever decodes closer to the colours there.",
            "choices": ("colours", "latents", "both"),
        },
    )
    change_form: str = field(
        default="soft",
        metadata={
            "help": "How the change map keeps paint: gradually over the steps, or all or nothing.",
            "table": "diffusion.denoisers.differential:CHANGE_FORMS",
        },
    )
    refine: float = field(
        default=1.0,
        metadata={
            "help": "How strongly paint from further away guides its refinement; 0 repaints it from scratch.",
            "range": (0.0, 1.0),
        },
    )
    match: float = field(
        default=1.0,
        metadata={
            "help": "How far colours are matched to existing paint there and nearby.",
            "range": (0.0, 1.0),
            "flag": "match-colours",
        },
    )
    strength: float = field(
        default=1.0,
        metadata={"help": "Share of the run that a starting picture goes through; 1 ignores it.", "range": (0.0, 1.0)},
    )
    capture: int = field(
        default=0, metadata={"help": "Step whose latents are stored; 0 is the last.", "range": (0, 200)}
    )

    mix: float = field(
        default=0.0,
        metadata={"help": "How strongly coarser paint guides finer paint; 0 is off.", "range": (0.0, 1.0)},
    )
    mix_form: str = field(
        default="demofusion",
        metadata={
            "help": "Mixing curve: DemoFusion's falling one, or a rising one of iterative mixing.",
            "choices": ("demofusion", "cosine", "linear", "logistic"),
        },
    )
    mix_alpha: float = field(
        default=3.0, metadata={"help": "Exponent or steepness of the curve.", "range": (0.1, 10.0)}
    )
    mix_blend: str = field(
        default="addition",
        metadata={"help": "How latents are blended.", "table": "diffusion.denoisers.skip_residual:BLENDS"},
    )
    mix_start: float = field(
        default=0.0, metadata={"help": "Share of the run at which the curve starts.", "range": (0.0, 1.0)}
    )
    mix_stop: float = field(
        default=1.0, metadata={"help": "Share of the run at which the curve ends.", "range": (0.0, 1.0)}
    )
    mix_clamp: float = field(
        default=1.0, metadata={"help": "Share of the run at which mixing stops.", "range": (0.0, 1.0)}
    )
    mix_min: float = field(default=0.0, metadata={"help": "Minimum of the curve.", "range": (0.0, 1.0)})
    mix_max: float = field(default=1.0, metadata={"help": "Maximum of the curve.", "range": (0.0, 1.0)})
    mix_perlin: float = field(
        default=0.0, metadata={"help": "Variation of the mixing by Perlin noise.", "range": (0.0, 1.0)}
    )
    mix_perlin_scale: float = field(
        default=8.0, metadata={"help": "Scale of the Perlin noise in latent pixels.", "range": (1.0, 64.0)}
    )
    rewind_min: float = field(
        default=0.0,
        metadata={"help": "Share of the run at which another pass starts; 0 is off.", "range": (0.0, 1.0)},
    )
    rewind_max: float = field(
        default=1.0, metadata={"help": "Latest share of the run at which a pass may start.", "range": (0.0, 1.0)}
    )
    dilate: int = field(
        default=1, metadata={"help": "Stride of dilated sampling for large canvases; 1 is off.", "range": (1, 4)}
    )
    anagram_image: float = field(
        default=0.0,
        metadata={
            "help": "Final share of the run in which anagrams turn the picture instead of the latents.",
            "range": (0.0, 1.0),
        },
    )

    correct_clamp: float = field(default=0.0, metadata={"help": "Compress outlying latents.", "range": (0.0, 1.0)})
    correct_centre: float = field(
        default=0.0, metadata={"help": "Shift each channel's mean towards zero.", "range": (0.0, 1.0)}
    )
    correct_maximise: float = field(
        default=0.0, metadata={"help": "Stretch each channel to its full range.", "range": (0.0, 1.0)}
    )
    correct_until: float = field(
        default=0.5, metadata={"help": "Share of the run during which latents are corrected.", "range": (0.0, 1.0)}
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
