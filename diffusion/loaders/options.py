"""Options for loading a model: other autoencoders, and how it computes. Data only; imports no torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from base.settings import option

DTYPES = ("auto", "float32", "float16", "bfloat16")


@dataclass(frozen=True)
class LoadOptions:
    """Other autoencoders for a model, which of its weights are read, and how its parts compute."""

    vae: str | None = option(
        None,
        "An autoencoder in place of the model's: a folder of an AutoencoderKL or AutoencoderTiny with the same latent space.",
        metavar="FOLDER",
    )
    preview_vae: str | None = option(
        None, "Autoencoder only for previews of a running dream; a tiny one is fast.", metavar="FOLDER"
    )
    weights: str = option(
        "ema",
        "Of a model with both: the weights averaged over its training, or the last step's as they are (non_ema).",
        choices=("ema", "raw"),
    )
    vae_device: str = option(
        "auto", "Where the autoencoder runs: cpu, cuda or mps; auto takes the device of the network."
    )
    dtype: str = option(
        "auto",
        "Number format of the network; auto takes what is fast on the device. Autoencoders of Stable Diffusion "
        "always compute in float32.",
        choices=DTYPES,
    )
    compile: bool = option(
        False, "Compile the network with torch.compile: slow at first and for every new canvas size, then faster."
    )
    attention_slicing: bool = option(
        False, "Compute attention in slices: slower, with less memory on devices without fused attention."
    )


RAW = "non_ema"
"""The variant of weights that are not averaged over the training, as diffusers names it."""
USUAL = LoadOptions()


def option_remarks(options: LoadOptions, model: Any, previews: bool) -> list[str]:
    """A sentence for each option that has no effect. model: as loaded; previews: whether this command shows any."""
    rows = (
        ("--preview-vae", options.preview_vae and not previews, "this command shows no previews"),
        (
            "--attention-slicing",
            options.attention_slicing and not model.slices_attention,
            f"{model.id} has no such attention",
        ),
        ("--vae-device", options.vae_device == model.device.type, "the network runs there, too"),
    )
    return [f"{flag} has no effect: {reason}." for flag, idle, reason in rows if idle]


def is_raw(name: str) -> bool:
    """Whether a weight file of this name is of the RAW variant."""
    return f".{RAW}." in name
