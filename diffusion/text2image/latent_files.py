"""Batches of latents in safetensors files, one entry for each step or noise level."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor

from base.errors import InputError
from base.files import atomic_write
from base.safetensors_header import FLOATS, read_header
from diffusion.tensor_files import open_tensors

NAME = "latents.safetensors"  # name of the file in a folder of pictures
MARK = {"rayverie": "latents"}


@dataclass(frozen=True)
class LatentBatch:
    """latents: float32 [N,C,h,w]; sigmas: [N], the noise level of each; space: of the model (`Model.space`), "" if unknown."""

    latents: Tensor
    sigmas: tuple[float, ...]
    space: str = ""


def save_latents(path: Path, latents: Tensor, sigmas: Sequence[float], space: str = "") -> None:
    """Write a batch [N,C,h,w] with its sigmas [N], atomically."""
    tensors = {
        "latents": latents.detach().float().cpu().contiguous(),
        "sigmas": torch.tensor(list(sigmas), dtype=torch.float64),
    }
    with atomic_write(path) as temporary:
        save_file(tensors, temporary, metadata=MARK | {"space": space})


def load_latents(path: Path) -> LatentBatch:
    """Read a batch. Raises InputError naming the file and what is wrong with it."""
    what = "a file of latents"
    with open_tensors(path, what) as file:
        tensors, metadata = file.header.tensors, file.header.metadata
        found = tensors.get("latents")
        if found is None or len(found.shape) != 4 or found.kind not in FLOATS or 0 in found.shape:
            raise InputError(path, "latents", "is missing, empty, or no batch of floating-point latents [N,C,h,w]")
        latents = file.read("latents").float()
        sigmas = file.read("sigmas") if "sigmas" in tensors else torch.zeros(len(latents))
    if sigmas.shape != (len(latents),):
        raise InputError(path, "sigmas", f"must hold one number for each of the {len(latents)} latents")
    if not bool(torch.isfinite(latents).all()):
        raise InputError(path, "latents", "holds NaN or infinity")
    return LatentBatch(latents, tuple(sigmas.double().tolist()), metadata.get("space", ""))


def is_latent_file(path: Path) -> bool:
    """Whether this program wrote a file of latents there."""
    try:
        return read_header(path).metadata.get("rayverie") == MARK["rayverie"]
    except InputError:
        return False
