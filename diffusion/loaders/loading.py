"""Load a model: the embedded one, a Stable Diffusion pipeline folder or single file, or a hub id in the local cache."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch

from base.errors import InputError
from diffusion.canvas import Cancelled
from diffusion.loaders.additions import ControlChoice, check_adapter, find_vae, parse_control
from diffusion.loaders.checkpoints import Checkpoint, describe_load_error
from diffusion.loaders.embedded import Reference
from diffusion.loaders.lora import Lora, parse_lora
from diffusion.loaders.open_checkpoint import open_checkpoint
from diffusion.loaders.options import USUAL, LoadOptions
from diffusion.loaders.reported import OnPart, ReportedCheckpoint
from diffusion.loaders.running import find_device, refuse_uncompiled, with_options
from diffusion.loaders.surface import is_surface_model, load_surface_model
from diffusion.models.model import Model


def load_model(
    ref: Reference = None,
    device: str = "auto",
    loras: Sequence[str] = (),
    controls: Sequence[str] = (),
    adapter: str | None = None,
    options: LoadOptions = USUAL,
    on_part: OnPart | None = None,
) -> Model:
    """Load a model with its LoRAs, ControlNets, IP-Adapter and options.

    ref: None (embedded), a name of SHIPPED, a pipeline folder, a .safetensors file, or a cached hub id
    device: "auto", "cpu", "cuda", "mps", …
    loras: LoRA files, each FILE or FILE:WEIGHT (`diffusion.loaders.lora`)
    controls: ControlNets, each [KIND=]FILE[:WEIGHT] (`diffusion.loaders.additions`); a model that knows surfaces ignores them
    adapter: an IP-Adapter (`diffusion.loaders.style`); a model that knows surfaces ignores it
    options: other autoencoders, and how the parts compute
    on_part: called with the name of each network before it is read; it may raise Cancelled, which ends the loading

    Weights are read from safetensors only. Nothing is downloaded.
    Raises InputError naming the model and the part that is missing or unsupported.
    """
    source = open_checkpoint(ref, options.weights == "raw")
    if on_part is not None:
        source = ReportedCheckpoint(source, on_part)
    where = find_device(device)
    for flag, name in (("--vae", options.vae), ("--preview-vae", options.preview_vae)):
        if name is not None:
            find_vae(name, flag)
    refuse_uncompiled(options, where)
    changes = [parse_lora(lora) for lora in loras]
    chosen = [parse_control(control) for control in controls]
    style = None if adapter is None else check_adapter(adapter)
    try:
        return with_options(_load(source, where, changes, chosen, style, options), options)
    except (InputError, Cancelled, MemoryError, torch.OutOfMemoryError):
        raise
    except Exception as error:
        # any exception while networks are built from configurations and weights concerns these files
        if ref is None:
            raise
        raise InputError(source.path, "", describe_load_error(error)) from error


def _load(
    source: Checkpoint,
    where: torch.device,
    loras: list[Lora],
    controls: list[ControlChoice],
    style: Path | None,
    options: LoadOptions,
) -> Model:
    if is_surface_model(source):
        if options.vae is not None:
            problem = f"can't replace the autoencoder of {source.name}, which knows surfaces"
            raise InputError("--vae", options.vae, problem)
        return load_surface_model(source, where, loras, options.dtype)
    # imported here because it imports diffusers, which takes seconds
    from diffusion.loaders.stable_diffusion import load_stable_diffusion

    return load_stable_diffusion(source, where, loras, controls, style, options)
