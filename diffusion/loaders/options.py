"""Options for loading a model: other autoencoders, and how it computes. Data only; imports no torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from base.settings import option

DEVICES = ("auto", "cpu", "cuda", "mps")
DTYPES = ("auto", "float32", "float16", "bfloat16")


@dataclass(frozen=True)
class LoadOptions:
    """Other autoencoders for a model, which of its weights to read, and how its parts compute."""

    vae: str | None = option(
        None,
        "Autoencoder to use instead of the model's: a folder of an AutoencoderKL or AutoencoderTiny with the same latent space.",
        metavar="FOLDER",
    )
    preview_vae: str | None = option(
        None, "Autoencoder used only for previews of a running dream; a tiny one is fast.", metavar="FOLDER"
    )
    weights: str = option(
        "ema",
        "If a model has both: weights averaged over training, or those of the last step (non_ema).",
        choices=("ema", "raw"),
    )
    vae_device: str = option("auto", "Device of the autoencoder: cpu, cuda or mps; auto uses the network's device.")
    text_device: str = option(
        "auto",
        "Device of the text encoder: cpu, cuda or mps; auto uses the network's device. On another device it computes in float32.",
    )
    dtype: str = option(
        "auto",
        "Number format of the network; auto uses the fastest on the device. Autoencoders of Stable Diffusion "
        "always compute in float32.",
        choices=DTYPES,
    )
    compile: bool = option(
        False, "Compile the network with torch.compile: slow at first and for every new canvas size, then faster."
    )
    attention_slicing: bool = option(
        False, "Compute attention in slices: slower, but needs less memory on devices without fused attention."
    )


RAW = "non_ema"
"""diffusers' name for the variant of weights that are not averaged over training."""
USUAL = LoadOptions()


def option_remarks(options: LoadOptions, model: Any, previews: bool) -> list[str]:
    """A sentence for each option that has no effect. model: the loaded one; previews: whether this command shows any."""
    rows = (
        ("--preview-vae", options.preview_vae and not previews, "this command shows no previews"),
        (
            "--attention-slicing",
            options.attention_slicing and not model.slices_attention,
            f"{model.id} has no such attention",
        ),
        ("--vae-device", options.vae_device == model.device.type, "the network runs there, too"),
        (
            "--text-device",
            options.text_device != "auto" and not model.text.clips,
            f"the text encoder of {model.id} always runs on the CPU",
        ),
        ("--text-device", model.text.clips and options.text_device == model.device.type, "the network runs there, too"),
    )
    return [f"{flag} has no effect: {reason}." for flag, idle, reason in rows if idle]


def is_device(name: str) -> bool:
    """Whether this is one of DEVICES, or one with a number such as cuda:1; the machine may lack it."""
    return name in DEVICES or name.partition(":")[0] in DEVICES[1:]


def is_raw(name: str) -> bool:
    """Whether a weight file's name is that of the RAW variant."""
    return f".{RAW}" in name
