"""Autoencoders in folders of their own: --vae and --preview-vae. Both must share the model's latent space."""

from __future__ import annotations

import torch

from base.errors import InputError
from diffusion.loaders.additions import find_vae
from diffusion.loaders.config_fields import refuse_fields
from diffusion.loaders.model_family import VAES
from diffusion.loaders.pipeline_folder import PipelineFolder
from diffusion.models.codec import Codec
from diffusion.models.preview import colour_fields

ALIKE = 0.5
"""Least share of one encoder's variance that the other must explain. A distilled encoder explains nearly all of it; an encoder
of another latent space explains none."""


def load_codec(name: str, flag: str, own: Codec, channels: int) -> Codec:
    """Load the autoencoder that a flag names, on the CPU. own: the model's; channels: of its latents.

    Raises InputError if the folder holds no autoencoder, or one of another latent space.
    """
    folder = find_vae(name, flag)
    if not (folder / "config.json").is_file():
        raise InputError(flag, str(folder), f"has no config.json; it must be a diffusers folder of {' or '.join(VAES)}")
    source = PipelineFolder(folder.parent)
    config = source.config(folder.name)
    refuse_fields(folder, "vae", config)
    if config.get("_class_name") not in VAES:
        raise InputError(folder, "_class_name", f"is {config.get('_class_name')}; {' and '.join(VAES)} work")
    if (theirs := int(config.get("latent_channels", 4))) != channels:
        raise InputError(flag, str(folder), f"has {theirs} latent channels, and the model's latents have {channels}")
    found = Codec.of(source.module(VAES[config["_class_name"]], folder.name, torch.float32))
    if likeness(own, found) < ALIKE:
        raise InputError(
            flag, str(folder), "has another latent space than the model; take one made for this family of models"
        )
    return found


def likeness(own: Codec, other: Codec) -> float:
    """How far two encoders agree on plain pictures: 1 is exactly, 0 or less not at all."""
    pictures = colour_fields(8)
    expected, given = own.encode(pictures).cpu(), other.encode(pictures).cpu()
    if given.shape != expected.shape:
        return 0.0
    return 1 - float((given - expected).square().mean() / expected.var().clamp_min(1e-12))
