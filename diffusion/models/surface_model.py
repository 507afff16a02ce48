"""The surface-aware model, with the interface of all models. Its networks get the surface that each pixel shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from diffusion.canvas import Surface
from diffusion.models.model import Model
from diffusion.models.surface_denoiser import denoise
from diffusion.models.surface_view import cell_geometry, decoder_hint


@dataclass(eq=False)
class SurfaceModel(Model):
    """A model of a `SurfaceUNet` and a `SurfaceAutoencoder`. One call takes all prompts, each in its own region.

    surfaces: whether it was trained with surfaces; a model trained on pictures alone gets none
    """

    surfaces: bool = True

    @property
    def levels(self) -> int:
        return len(self.unet.config["channels"])

    @property
    def knows_surfaces(self) -> bool:
        return self.surfaces

    @property
    def slices_attention(self) -> bool:
        return False

    def geometry(self, surface: Surface, height: int, width: int) -> Tensor | None:
        """[1,CONDITIONS,h,w] from the canvas' G-buffer; None without one, or if the networks take no surfaces."""
        return None if surface.gbuffer is None or not self.surfaces else cell_geometry(surface.gbuffer).to(self.device)

    @torch.inference_mode()
    def denoise(
        self,
        x: Tensor,
        sigma: float,
        context: Tensor,
        geometry: Tensor | None = None,
        regions: Mapping | None = None,
        *,
        few_step: bool = False,
        control: float = 1.0,
        styled: float = 1.0,
    ) -> Tensor:
        """x0 [B,C,h,w] float32; arguments as in `Model.denoise`. The network has no few-step variant and takes neither
        ControlNets nor IP-Adapters."""
        if regions is None:
            weights = x.new_ones(len(x), *x.shape[-2:])
            regions = {"contexts": context, "weights": weights, "owners": torch.arange(len(x), device=x.device)}
        with self.clock.part("unet"):
            self.calls += 1
            contexts, weights, owners = regions["contexts"], regions["weights"], regions["owners"]
            return denoise(self.unet, x, sigma, geometry, contexts, weights, owners)

    @torch.inference_mode()
    def decode_surface(self, latents: Tensor, surface: Surface) -> Tensor:
        """float32 [3,H,W] in about -1..1, from latents [1,C,h,w] of a canvas with this surface."""
        hint = decoder_hint(surface) if self.vae.config["surface_channels"] else None
        with self.clock.part("vae"):
            return self.codec.decode(latents, hint)[0].to(self.device)
