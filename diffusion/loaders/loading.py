"""Load a model: the embedded one, a Stable Diffusion pipeline folder or single file, or a hub id in the local cache."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch

from base.errors import InputError
from diffusion.loaders.additions import ControlChoice, check_adapter, parse_control
from diffusion.loaders.checkpoints import Checkpoint, describe_load_error
from diffusion.loaders.embedded import Reference
from diffusion.loaders.lora import Lora, parse_lora
from diffusion.loaders.open_checkpoint import open_checkpoint
from diffusion.loaders.surface import is_surface_model, load_surface_model
from diffusion.models.model import Model


def load_model(
    ref: Reference = None,
    device: str = "auto",
    loras: Sequence[str] = (),
    controls: Sequence[str] = (),
    adapter: str | None = None,
) -> Model:
    """Load a model with its LoRAs, ControlNets and IP-Adapter.

    ref: None (embedded), a name of SHIPPED, a pipeline folder, a .safetensors file, or a cached hub id
    device: "auto", "cpu", "cuda", "mps", …
    loras: LoRA files, each FILE or FILE:WEIGHT (`diffusion.loaders.lora`)
    controls: ControlNets, each [KIND=]FILE[:WEIGHT] (`diffusion.loaders.additions`); a model that knows surfaces ignores them
    adapter: an IP-Adapter (`diffusion.loaders.style`); a model that knows surfaces ignores it

    Weights are read from safetensors only, as float16 on CUDA, otherwise as float32. Nothing is downloaded.
    Raises InputError naming the model and the part that is missing or unsupported.
    """
    source = open_checkpoint(ref)
    where = _device(device)
    changes = [parse_lora(lora) for lora in loras]
    chosen = [parse_control(control) for control in controls]
    style = None if adapter is None else check_adapter(adapter)
    try:
        return _load(source, where, changes, chosen, style)
    except (InputError, MemoryError, torch.OutOfMemoryError):
        raise
    except (
        Exception
    ) as error:  # whatever builds a network of configurations and weights raises, it is about these files
        if ref is None:
            raise
        raise InputError(source.path, "", describe_load_error(error)) from error


def _load(
    source: Checkpoint, where: torch.device, loras: list[Lora], controls: list[ControlChoice], style: Path | None
) -> Model:
    if is_surface_model(source):
        return load_surface_model(source, where, loras)
    from diffusion.loaders.stable_diffusion import (
        load_stable_diffusion,  # which brings diffusers, and that takes seconds
    )

    return load_stable_diffusion(source, where, loras, controls, style)


def _device(name: str) -> torch.device:
    if name == "auto":
        return torch.device(
            "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
        )
    try:
        torch.empty(0, device=name)
        return torch.device(name)
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        raise InputError("--device", "", f"{name} is not usable here; auto, cpu, cuda or mps") from error
