"""Identify a model by its weights' fingerprint and its latent space; read that space's preview map."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import torch

from base.errors import InputError
from diffusion.loaders.embedded import OWN

ENCODES = ("encoder.", "quant_conv.", "mean", "std")
"""Prefixes of the encoder's weights."""


def space_id(vae: torch.nn.Module) -> str:
    """Eight hex digits of the encoder's weights. Models with the same encoder share a latent space."""
    digest = hashlib.sha256()
    for name, tensor in sorted(vae.state_dict().items()):
        if name.startswith(ENCODES):
            digest.update(name.encode() + tensor.contiguous().numpy().tobytes())
    return digest.hexdigest()[:8]


def fingerprint(files: list[Path], more: str = "") -> str:
    """Eight hex digits of the weight files (size, first and last MiB of each) and of `more`."""
    digest = hashlib.sha256(more.encode())
    for path in files:
        size = path.stat().st_size
        digest.update(f"{path.name}:{size};".encode())
        with path.open("rb") as file:
            digest.update(file.read(1 << 20))
            file.seek(max(size - (1 << 20), 0))
            digest.update(file.read())
    return digest.hexdigest()[:8]


def read_preview_map(folder: Path, own: dict[str, Any], channels: int) -> torch.Tensor | None:
    if "preview" not in own:
        return None
    try:
        linear = torch.tensor(own["preview"], dtype=torch.float32)
    except (TypeError, ValueError, RuntimeError) as error:
        raise InputError(folder / OWN, "preview", "must be rows of three numbers") from error
    if linear.shape != (channels + 1, 3) or not bool(linear.isfinite().all()):
        raise InputError(folder / OWN, "preview", f"must be {channels + 1} rows of three numbers")
    return linear
