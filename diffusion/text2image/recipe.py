"""What a single picture is asked (`GenerateSettings`), and how much of it stands in a PNG. Data only; imports no torch."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from diffusion.canvas import DreamSettings

VERSION = 1  # of the JSON that a PNG carries


@dataclass(frozen=True)
class GenerateSettings:
    """One picture from a prompt, perhaps from another picture: everything that `rayverie generate` can be told about it."""

    prompt: str = field(default="", metadata={"help": "What the picture shows.", "positional": True})
    negative: str = field(default="", metadata={"help": "What the picture should not show."})
    size: tuple[int, int] = field(default=(256, 256), metadata={"help": "Width and height in pixels."})
    init: Path | None = field(default=None, metadata={"help": "A picture to start from; see --strength."})
    mask: Path | None = field(
        default=None, metadata={"help": "With --init: white is repainted, black stays, grey is in between."}
    )
    mask_blur: float = field(
        default=0.0, metadata={"help": "Blur of the mask's edge in pixels.", "range": (0.0, 256.0)}
    )
    anagram: tuple[str, ...] = field(default=(), metadata={"help": "Prompts for what the picture shows when turned."})
    view: tuple[str, ...] = field(
        default=("rotate_180",),
        metadata={
            "help": "How the picture is turned for each of these prompts; the last one is used for all further prompts.",
            "table": "diffusion.denoisers.anagram:VIEWS",
        },
    )
    dream: DreamSettings = field(default_factory=DreamSettings)


@dataclass(frozen=True)
class Recipe:
    """What a generated PNG says about itself: enough to make its pixels again.

    model: what was given as --model (None: the embedded one); model_id: the weights' fingerprint; files: sha256 of init and mask;
    few_steps: as many as its few-step network needs, 0 without one; lora: what was given as --lora.
    """

    settings: GenerateSettings
    model: str | None
    model_id: str
    files: dict[str, str] = field(default_factory=dict)
    few_steps: int = 0
    lora: tuple[str, ...] = ()
