"""The upscaler that comes with the program; imports no torch."""

from __future__ import annotations

from pathlib import Path

from diffusion.loaders.embedded import EMBEDDED

FILE = EMBEDDED / "upscaler.safetensors"
MOST_FACTOR = 4
UPSCALE_HELP = "Enlarge finished pictures this many times with an upscaling network."
UPSCALER_HELP = "Network for --upscale: a .safetensors file of Real-ESRGAN's kind. Default: the embedded one."


def upscaler_file(ref: Path | None) -> Path:
    """The file of the upscaler that `ref` names; None is the embedded one."""
    return FILE if ref is None else ref
