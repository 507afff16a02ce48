"""A latent diffusion model: predicts x0, encodes and decodes pictures, and encodes prompts."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor

from base.grid import CELL
from diffusion.canvas import Canvas, Surface
from diffusion.models import preview, sdxl_conditioning
from diffusion.models.codec import Codec
from diffusion.models.control import Control, add_residuals
from diffusion.models.control_hints import hints_of
from diffusion.models.depth import DEPTHS, fade
from diffusion.models.region_masks import mask_pyramid
from diffusion.models.style import Style, StyleAdapter, split_style
from diffusion.models.text_encoders import CachedEncoder
from diffusion.sampling.schedules import PREDICTIONS, NoiseSchedule


@dataclass
class Clock:
    """Seconds spent in each part of a model."""

    seconds: dict[str, float] = field(default_factory=lambda: {"unet": 0.0, "vae": 0.0})

    @contextmanager
    def part(self, name: str):
        started = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] += time.perf_counter() - started


@dataclass(eq=False)
class Model:
    """A model loaded by `diffusion.loaders.loading.load_model`. Only one thread may use it at a time; another one needs a `twin`.

    id: name and fingerprint of the weights
    space: identifies the latent space; models with the same encoder share it
    channels: C of the latents; multiple: canvas sides are multiples of it, in pixels; native: side in pixels it was trained at
    depth: key of DEPTHS, or None if the model takes no depth
    scale, shift: stored latent = (vae latent - shift)·scale
    preview_codec: the autoencoder of previews, None for its own
    few_step_unet, few_steps: its few-step network and the number of steps it needs, or None and 0
    linear: the model's own preview map, float32 [C+1,3], or None
    defaults: dream settings that suit it, by name
    controls: ControlNets, each with its own hint picture; style: the IP-Adapter or None
    calls: U-Net calls so far
    """

    id: str
    space: str
    unet: Any  # UNet2DConditionModel; diffusers has hardly any types for its modules
    vae: Any  # AutoencoderKL or AutoencoderTiny
    text: CachedEncoder
    schedule: NoiseSchedule
    prediction: str
    device: torch.device
    dtype: torch.dtype
    channels: int
    multiple: int
    native: int
    depth: str | None
    scale: float
    shift: float
    preview_codec: Codec | None = None
    few_step_unet: Any | None = None
    few_steps: int = 0
    linear: Tensor | None = None
    defaults: Mapping[str, Any] = field(default_factory=dict)
    controls: tuple[Control, ...] = ()
    style: StyleAdapter | None = None
    clock: Clock = field(default_factory=Clock)
    calls: int = 0

    def twin(self) -> Self:
        """The same networks with counters of their own, for another thread."""
        return replace(self, clock=Clock(), calls=0)

    @property
    def takes_depth(self) -> bool:
        return self.depth is not None

    @property
    def knows_surfaces(self) -> bool:
        """Whether the networks get each pixel's surface, so that their pictures need no corrections."""
        return False

    @property
    def slices_attention(self) -> bool:
        """Whether the model's attention can be computed in slices."""
        return True

    @property
    def levels(self) -> int:
        """Resolutions inside the U-Net."""
        return len(self.unet.config.block_out_channels)

    def context(self, prompts: list[str]) -> list[Tensor]:
        """[1,T,D] for each prompt, cached."""
        return self.text(prompts)

    def geometry(self, surface: Surface, height: int, width: int) -> Tensor | None:
        """[1,K,h,w], the surface input of `denoise`, cropped like latents; None if the model has none.

        Here K = 1: the depth as the U-Net expects it, 0 where it is unknown.
        """
        if self.depth is None:
            return None
        if surface.depth is None:
            return torch.zeros((1, 1, height, width), device=self.device)
        depth = fade(DEPTHS[self.depth](surface.depth), surface.opacity)
        return torch.from_numpy(depth)[None, None].to(self.device)

    def conditions(self, canvas: Canvas) -> Tensor | None:
        """[1,K,h,w], everything `denoise` gets of a canvas except prompts: its geometry, then the ControlNets' hints."""
        geometry = self.geometry(canvas.surface, *canvas.noise.shape[1:])
        hints = hints_of(self.controls, canvas)
        if hints is None:
            return geometry
        hints = hints.to(self.device)
        return hints if geometry is None else torch.cat([geometry, hints], 1)

    def network(self, few_step: bool) -> Any:
        """The U-Net, or the few-step network if `few_step` is set and the model has one."""
        return self.few_step_unet if few_step and self.few_step_unet is not None else self.unet

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
        """x0 [B,C,h,w] float32 from x [B,C,h,w] at noise level sigma, context [B,T,D], geometry [B,K,h,w]; one U-Net call.

        regions: R prompts that share the B views, see `diffusion.denoisers.region_batching.Evaluate`; few_step: use the few-step network
        control: strength of the ControlNets, if `geometry` holds their hints
        styled: strength of the style pictures; with an IP-Adapter, contexts hold their rows (`diffusion.models.style`)
        """
        unet, pooled, (height, width) = self.network(few_step), self.text.pooled, x.shape[-2:]
        with self.clock.part("unet"):
            scaled = x / math.sqrt(sigma**2 + 1)
            hints = None
            if geometry is not None:
                depth, hints = geometry.expand(x.shape[0], -1, -1, -1).tensor_split((int(self.takes_depth),), 1)
                scaled = torch.cat([scaled, depth], 1)
            rows, style = self._split(context)
            shared = {} if regions is None else {"regions": self._regional(regions)}
            call = {
                "encoder_hidden_states": rows,
                "added_cond_kwargs": sdxl_conditioning.make_conditions(
                    context, pooled, regions, CELL * height, CELL * width, self.native
                ),
                "cross_attention_kwargs": shared or None,
                "return_dict": False,
            }
            args = scaled.to(self.dtype), torch.tensor(self.schedule.timestep(sigma), device=self.device)
            residuals = {}
            if hints is not None and hints.shape[1]:
                seen = args[0][:, : self.channels], args[1]
                residuals = vars(add_residuals(self.controls, hints, control, *seen, **call))
            if regions is not None:
                style = self._split(regions["contexts"])[1]
            if style is not None and styled:
                scaled_style = style._replace(weight=style.weight * styled)._asdict()
                call["cross_attention_kwargs"] = shared | {"style": scaled_style}
            out = unet(*args, **call, **residuals)[0]
            self.calls += 1
            return PREDICTIONS[self.prediction](out.float(), x, sigma)

    def _split(self, context: Tensor) -> tuple[Tensor, Style | None]:
        """(token rows, style) of a context."""
        rows = sdxl_conditioning.token_rows(context, self.text.pooled)
        return split_style(rows, 0 if self.style is None else self.style.tokens)

    def _regional(self, regions: Mapping) -> Mapping:
        masks = mask_pyramid(regions["weights"].float(), self.levels)
        return {"contexts": self._split(regions["contexts"])[0], "owners": regions["owners"], "masks": masks}

    @property
    def codec(self) -> Codec:
        """The autoencoder, which may be on another device."""
        return Codec(self.vae, self.scale, self.shift)

    def encode_tensor(self, pictures: Tensor) -> Tensor:
        """float32 [B,C,h,w] on the device, from [B,3,8h,8w] in -1..1."""
        with self.clock.part("vae"):
            return self.codec.encode(pictures).to(self.device)

    def decode_tensor(self, latents: Tensor) -> Tensor:
        """float32 [B,3,8h,8w] in about -1..1 on the device, from latents [B,C,h,w]."""
        with self.clock.part("vae"):
            return self.codec.decode(latents).to(self.device)

    def encode(self, image: np.ndarray) -> Tensor:
        """float32 [C,h,w] on the CPU, from a picture uint8 [8h,8w,3]."""
        picture = torch.from_numpy(image[..., :3].copy()).movedim(-1, 0)[None].float() / 127.5 - 1
        return self.encode_tensor(picture)[0].cpu()

    def decode(self, latents: Tensor) -> np.ndarray:
        """uint8 [8h,8w,3] from latents [C,h,w]."""
        return as_image(self.decode_tensor(latents[None].to(self.device))[0])

    @cached_property
    def colour_latents(self) -> Tensor:
        """[8,C]: the latents of plain pictures in the eight corner colours of the RGB cube, for bootstrapping."""
        corners = torch.tensor([[r, g, b] for r in (-1.0, 1.0) for g in (-1.0, 1.0) for b in (-1.0, 1.0)])
        return self.encode_tensor(0.7 * corners[:, :, None, None].expand(-1, -1, 64, 64)).mean((2, 3))

    @cached_property
    def linear_preview(self) -> Tensor:
        """The preview map (`diffusion.models.preview`): the model's own, or one fitted at first use (one small encode)."""
        return preview.fit_preview_map(self.encode_tensor) if self.linear is None else self.linear

    @cached_property
    def decodes_fast(self) -> bool:
        """Whether the decoder is small enough to run at every step."""
        return self.codec.fast

    def preview(self, latents: Tensor) -> np.ndarray:
        """uint8 [h,w,3] or larger: a preview of latents [C,h,w].

        A small decoder, or the preview autoencoder, decodes every second latent pixel: a quarter of the work, with the right colours
        and grain. Instead of a large decoder, the linear map is used, which only approximates the colours.
        """
        if self.preview_codec is None and not self.decodes_fast:
            return self.sketch(latents)
        stride = 2 if min(latents.shape[-2:]) >= 16 else 1
        codec = self.preview_codec or self.codec
        with self.clock.part("vae"):
            return as_image(codec.decode(latents[None, :, ::stride, ::stride].float())[0])

    def sketch(self, latents: Tensor) -> np.ndarray:
        """uint8 [h,w,3]: latents [C,h,w] shown by the linear map, in a fraction of a millisecond."""
        return preview.apply_preview_map(self.linear_preview, latents.float()).cpu().numpy()


def as_image(picture: Tensor) -> np.ndarray:
    """uint8 [H,W,3] from [3,H,W] in -1..1; values outside are clipped."""
    return ((picture + 1) * 127.5).round().clamp(0, 255).to(torch.uint8).movedim(0, -1).contiguous().cpu().numpy()
