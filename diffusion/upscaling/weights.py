"""Open the file of an upscaler: Compact networks by ourselves, all others by `spandrel`, the extra `upscale`. Nothing is unpickled."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from base.errors import InputError, shorten
from base.files import expand_user
from base.safetensors_header import read_header
from diffusion.loaders.open_checkpoint import PICKLES
from diffusion.upscaling.compact import Compact, compact_of
from diffusion.upscaling.embedded import upscaler_file

WHAT = "an upscaler's weights in a .safetensors file"
OVERLAP = 32
"""Pixels by which tiles overlap for networks of others, whose reach is not known."""
MOST_SCALE = 8


@dataclass(frozen=True)
class Upscaler:
    """name: of the file; scale: pixels for one, along a side; reach: pixels beyond which nothing changes a pixel;
    network: pictures [1,3,H,W] in 0..1 on `device` → [1,3,scale·H,scale·W]."""

    name: str
    scale: int
    reach: int
    device: str
    network: Callable[[Tensor], Tensor]


def open_upscaler(ref: Path | None, device: str | torch.device = "cpu") -> Upscaler:
    """The upscaler of a file, or for None the embedded one. Raises InputError."""
    path, device = expand_user(upscaler_file(ref)), str(device)
    weights = read_weights(path)
    network = compact_of(weights)
    if network is None:
        found = _open_foreign(path, weights, device)
    else:
        network.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        found = Upscaler(path.stem, network.scale, network.reach, device, network)
    if not 2 <= found.scale <= MOST_SCALE:
        raise InputError(path, "", f"makes {found.scale} pixels of one along a side; allowed are 2 to {MOST_SCALE}")
    return found


def read_compact(path: Path) -> Compact:
    """The Compact network of a file. Raises InputError."""
    if (network := compact_of(read_weights(path))) is None:
        raise InputError(path, "", "holds no Compact network")
    return network


def read_weights(path: Path) -> dict[str, Tensor]:
    """The tensors of a .safetensors file. Raises InputError for another file, a broken one, and weights that are no numbers."""
    refuse_upscaler(path)
    try:
        weights = load_file(path)
    except (OSError, SafetensorError) as error:
        raise InputError(path, "", f"is not {WHAT} ({shorten(str(error))})") from error
    for name, tensor in weights.items():
        if tensor.is_floating_point() and not bool(tensor.float().isfinite().all()):
            raise InputError(path, name, "holds NaN or infinite weights")
    return weights


def refuse_upscaler(path: Path) -> None:
    """Raise InputError for what is no .safetensors file. Quick: no weights are read."""
    if path.suffix in PICKLES:
        problem = "is a pickle, which can run any program when read; take or convert to a .safetensors file"
        raise InputError(path, "", problem)
    read_header(path, WHAT)


def _open_foreign(path: Path, weights: dict[str, Tensor], device: str) -> Upscaler:
    """An upscaler of an architecture that spandrel knows."""
    try:
        import spandrel  # pyright: ignore[reportMissingImports]
    except ImportError:
        problem = "is no Compact network; others are read by the extra `upscale`: pip install 'rayverie[upscale]'"
        raise InputError(path, "", problem) from None
    except RuntimeError as error:  # what torchvision raises beside another version of torch
        raise InputError(path, "", f"needs spandrel, which can't be used here ({shorten(str(error))})") from error
    try:
        found: Any = spandrel.ModelLoader(device).load_from_state_dict(spandrel.canonicalize_state_dict(weights))
    except Exception as error:  # the readers of forty architectures raise whatever they think of
        reason = shorten(str(error)) or type(error).__name__
        raise InputError(path, "", f"is no upscaler that spandrel can read ({reason})") from error
    if not isinstance(found, spandrel.ImageModelDescriptor) or (found.input_channels, found.output_channels) != (3, 3):
        raise InputError(
            path, "", f"is {found.architecture.name}; an upscaler takes and gives pictures of three colours"
        )
    return Upscaler(path.stem, found.scale, OVERLAP, device, found.eval())
