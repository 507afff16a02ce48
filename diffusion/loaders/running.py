"""How a model's networks compute: device, number format, compilation."""

from __future__ import annotations

import importlib.util
import os
import shutil
from contextlib import suppress
from dataclasses import replace

import torch

from base.errors import InputError
from diffusion.loaders.options import LoadOptions, is_device
from diffusion.models.model import Model

COMPILERS = ("c++", "g++", "clang++", "cl")


def find_device(name: str, flag: str = "--device") -> torch.device:
    """The device of that name; auto prefers CUDA, then MPS, then the CPU. Raises InputError if it isn't available."""
    if name == "auto":
        return torch.device(
            "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
        )
    if is_device(name):  # torch has others, such as meta, which holds no values
        with suppress(RuntimeError, AssertionError):
            device = torch.device(name)
            torch.empty(0, device=device)
            return device
    raise InputError(flag, "", f"{name} is not usable here; auto, cpu, cuda or mps")


def dtype_of(name: str, auto: torch.dtype) -> torch.dtype:
    """The number format of a network, from --dtype. auto: the format that "auto" means here."""
    return auto if name == "auto" else getattr(torch, name)


def place_text_encoder(
    options: LoadOptions, where: torch.device, dtype: torch.dtype
) -> tuple[torch.device, torch.dtype]:
    """Where the text encoder runs, and in which numbers: as the network does (`where`, `dtype`), or in float32 on a device of its own,
    as CPUs are slow in half precision. Raises InputError."""
    if options.text_device == "auto":
        return where, dtype
    own = find_device(options.text_device, "--text-device")
    return (where, dtype) if own.type == where.type else (own, torch.float32)


def refuse_uncompiled(options: LoadOptions, where: torch.device) -> None:
    """Raise InputError if torch.compile has no compiler; otherwise the first dream would fail with pages of output."""
    if not options.compile:
        return
    if where.type == "cuda" and importlib.util.find_spec("triton") is None:
        raise InputError("--compile", "", "needs the package triton on CUDA")
    if where.type == "cpu" and not any(map(shutil.which, (os.environ.get("CXX", ""), *COMPILERS))):
        raise InputError("--compile", "", "needs a C++ compiler, such as g++")


def with_options(model: Model, options: LoadOptions) -> Model:
    """Apply the options to a model: device of autoencoders, sliced attention, compiled networks. Raises InputError."""
    own = model.codec
    preview = None
    if options.preview_vae is not None:
        from diffusion.loaders.autoencoders import load_codec  # imports diffusers

        preview = load_codec(options.preview_vae, "--preview-vae", own, model.channels)
    where = model.device if options.vae_device == "auto" else find_device(options.vae_device, "--vae-device")
    for codec in (own, preview):
        if codec is not None:
            codec.vae.to(where)
    networks = [net for net in (model.unet, model.few_step_unet) if net is not None]
    if options.attention_slicing and model.slices_attention:
        for net in (*networks, *(control.net for control in model.controls)):
            for processor in net.attn_processors.values():
                processor.sliced = True
    if options.compile:
        for net in networks:
            net.compile()
    return replace(model, preview_codec=preview)
