"""Look into the decoder: the output of each of its stages, from the latents of a dream."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from diffusion.introspection.feature_maps import FeatureMaps, feature_maps
from diffusion.models.model import Model
from diffusion.models.plain_decoder import PlainDecoder


@dataclass(frozen=True)
class Stage:
    """name: "in", "middle", "up 1", …; shape: [C,h,w] of its output; maps: its pictures."""

    name: str
    shape: tuple[int, int, int]
    maps: FeatureMaps


def probe_decoder(model: Model, latents: np.ndarray) -> tuple[Stage, ...]:
    """The stages that decode latents, float32 [C,h,w]; () for a model whose autoencoder is no AutoencoderKL."""
    if type(model.vae).__name__ != "AutoencoderKL":
        return ()
    codec, decoder = model.codec, PlainDecoder.of(model.vae)
    own = torch.from_numpy(latents)[None].to(model.vae.device, model.vae.dtype) / codec.scale + codec.shift
    *stages, _ = decoder.stages(own)
    shown = ((name, output[0].float()) for name, output in stages)
    return tuple(Stage(name, tuple(numbers.shape), feature_maps(numbers)) for name, numbers in shown)  # type: ignore[arg-type]
