"""An autoencoder as a function from pictures to latents and back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from base.grid import CELL

TILED = 1536**2  # pixels; larger pictures are encoded and decoded in tiles
TILE = 1024  # side of a tile in pixels
FAST_DECODER = 4_000_000
"""Parameters: far more than tiny autoencoders have (1.2 M), far fewer than Stable Diffusion's decoder (50 M)."""


@dataclass(frozen=True, eq=False)
class Codec:
    """vae: AutoencoderKL, AutoencoderTiny or SurfaceAutoencoder; scale, shift: stored latent = (vae latent - shift)·scale."""

    vae: Any
    scale: float
    shift: float

    @classmethod
    def of(cls, vae: Any) -> Codec:
        """The codec of an autoencoder, by its configuration."""
        return cls(vae, float(vae.config["scaling_factor"]), float(vae.config.get("shift_factor") or 0.0))

    @property
    def fast(self) -> bool:
        """Whether the decoder is small enough to run at every step."""
        return sum(p.numel() for p in self.vae.decoder.parameters()) < FAST_DECODER

    @torch.inference_mode()
    def encode(self, pictures: Tensor) -> Tensor:
        """float32 [B,C,h,w] on the autoencoder's device, from [B,3,8h,8w] in -1..1; the posterior's mode, so that the result is
        deterministic."""
        self._fit(pictures)
        out = self.vae.encode(pictures.to(self.vae.device, self.vae.dtype))
        latents = out.latent_dist.mode() if hasattr(out, "latent_dist") else out.latents
        return (latents.float() - self.shift) * self.scale

    @torch.inference_mode()
    def decode(self, latents: Tensor, *hints: Tensor | None) -> Tensor:
        """float32 [B,3,8h,8w] in about -1..1 on the autoencoder's device, from latents [B,C,h,w].

        hints: further inputs of the decoder, if it takes any
        """
        self._fit(latents, CELL)
        where, dtype = self.vae.device, self.vae.dtype
        further = (hint if hint is None else hint.to(where, dtype) for hint in hints)
        return self.vae.decode((latents / self.scale + self.shift).to(where, dtype), *further).sample.float()

    def _fit(self, image: Tensor, cell: int = 1) -> None:
        """Use tiling for more than TILED pixels, because Stable Diffusion's VAE needs 3 GB per megapixel.

        cell: picture pixels per pixel of `image`, along a side.
        """
        if (
            type(self.vae).__name__ == "AutoencoderKL"
        ):  # not isinstance, which would import diffusers; the embedded model doesn't need it
            self.vae.tile_sample_min_size, self.vae.tile_latent_min_size = TILE, TILE // CELL
            self.vae.use_tiling = image.shape[-2] * image.shape[-1] * cell**2 > TILED
