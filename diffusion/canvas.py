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
class Canvas:
    """A picture to be diffused, at latent resolution [h,w]; pictures are [8h,8w]. All numpy, CPU.

    regions: masks that together cover everything (what no mask covers is given to the first region)
    noise:   float32 [C,h,w] unit normal: the surface's own noise
    change:  float32 [h,w], 1 = free to change, 0 = keep what memory says
    memory:  float32 [C,h,w] remembered latents (any value where change is 1), or None
    colours: uint8 [8h,8w,4] remembered picture, alpha 255 where known, or None
    depth:   float32 [h,w] view-space z in blocks, inf = sky, or None
    """

    regions: tuple[Region, ...]
    noise: np.ndarray
    change: np.ndarray
    memory: np.ndarray | None = None
    colours: np.ndarray | None = None
    depth: np.ndarray | None = None


@dataclass(frozen=True)
class DreamSettings:
    """Every choice of one dream; one definition for CLI flags, panels and saved settings. Names are keys of the tables.

    The diffusion core adds its fields here, each with a default, a comment that fits a tooltip, and a range in `metadata`.
    """

    sampler: str = field(default="euler", metadata={"help": "How the steps are taken.", "table": "SAMPLERS"})
    spacing: str = field(
        default="trailing", metadata={"help": "Where the steps lie between noise and picture.", "table": "SPACINGS"}
    )
    steps: int = field(default=8, metadata={"help": "Model evaluations from noise to picture.", "range": (1, 200)})
    guidance: str = field(
        default="cfg", metadata={"help": "How prompt and negative prompt are combined.", "table": "GUIDANCE"}
    )
    scale: float = field(default=3.0, metadata={"help": "How strongly the prompt is followed.", "range": (0.0, 20.0)})
    seed: int = field(default=0, metadata={"help": "Same seed, same machine: same picture.", "range": (0, 2**31 - 1)})


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
