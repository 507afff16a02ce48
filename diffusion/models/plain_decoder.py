"""Stable Diffusion's decoder in plain PyTorch, stage by stage. It computes what `AutoencoderKL.decode` does, in readable form.

Latents become a picture eight times as large: a middle block with attention at latent resolution, then blocks of residual layers,
each but the last followed by upsampling by two. Layers are named as in diffusers' state dictionaries.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

EPSILON = 1e-6  # of all normalisations


def _norm(channels: int, groups: int) -> nn.GroupNorm:
    return nn.GroupNorm(groups, channels, EPSILON)


class Residual(nn.Module):
    """x + conv(silu(norm(conv(silu(norm(x)))))); a 1×1 convolution on x where the number of channels changes."""

    def __init__(self, before: int, after: int, groups: int) -> None:
        super().__init__()
        self.norm1, self.conv1 = _norm(before, groups), nn.Conv2d(before, after, 3, padding=1)
        self.norm2, self.conv2 = _norm(after, groups), nn.Conv2d(after, after, 3, padding=1)
        self.conv_shortcut = nn.Conv2d(before, after, 1) if before != after else None

    def forward(self, x: Tensor) -> Tensor:
        y = self.conv1(F.silu(self.norm1(x)))
        y = self.conv2(F.silu(self.norm2(y)))
        return y + (x if self.conv_shortcut is None else self.conv_shortcut(x))


class Attention(nn.Module):
    """Self-attention over all pixels with one head; the result is added to the input."""

    def __init__(self, channels: int, groups: int) -> None:
        super().__init__()
        self.group_norm = _norm(channels, groups)
        self.to_q, self.to_k, self.to_v = (nn.Linear(channels, channels) for _ in range(3))
        self.to_out = nn.ModuleList([nn.Linear(channels, channels)])

    def forward(self, x: Tensor) -> Tensor:
        rows = self.group_norm(x.flatten(2)).transpose(1, 2)  # [B,pixels,C]
        query, key, value = (layer(rows)[:, None] for layer in (self.to_q, self.to_k, self.to_v))
        attended = F.scaled_dot_product_attention(query, key, value)[:, 0]
        return x + self.to_out[0](attended).transpose(1, 2).reshape(x.shape)


class Middle(nn.Module):
    def __init__(self, channels: int, groups: int, attends: bool) -> None:
        super().__init__()
        self.resnets = nn.ModuleList(Residual(channels, channels, groups) for _ in range(2))
        self.attentions = nn.ModuleList([Attention(channels, groups)] if attends else [])

    def forward(self, x: Tensor) -> Tensor:
        x = self.resnets[0](x)
        for attention in self.attentions:
            x = attention(x)
        return self.resnets[1](x)


class Upsampler(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(F.interpolate(x, scale_factor=2.0, mode="nearest"))


class UpBlock(nn.Module):
    def __init__(self, before: int, after: int, layers: int, groups: int, enlarges: bool) -> None:
        super().__init__()
        widths = [before, *[after] * (layers - 1)]
        self.resnets = nn.ModuleList(Residual(width, after, groups) for width in widths)
        self.upsamplers = nn.ModuleList([Upsampler(after)] if enlarges else [])

    def forward(self, x: Tensor) -> Tensor:
        for layer in (*self.resnets, *self.upsamplers):
            x = layer(x)
        return x


class Decoder(nn.Module):
    """widths: channels of the up blocks, from the smallest resolution to the largest; layers: residual layers of each."""

    def __init__(self, latent: int, widths: Sequence[int], layers: int, groups: int, attends: bool) -> None:
        super().__init__()
        self.conv_in = nn.Conv2d(latent, widths[0], 3, padding=1)
        self.mid_block = Middle(widths[0], groups, attends)
        befores, last = (widths[0], *widths), len(widths) - 1
        self.up_blocks = nn.ModuleList(
            UpBlock(befores[i], width, layers, groups, i < last) for i, width in enumerate(widths)
        )
        self.conv_norm_out = _norm(widths[-1], groups)
        self.conv_out = nn.Conv2d(widths[-1], 3, 3, padding=1)


class PlainDecoder(nn.Module):
    """decoder: as above; post_quant_conv: a 1×1 convolution on the latents before it, where the autoencoder has one."""

    def __init__(self, latent: int, decoder: Decoder, mixes: bool) -> None:
        super().__init__()
        self.post_quant_conv = nn.Conv2d(latent, latent, 1) if mixes else None
        self.decoder = decoder

    @classmethod
    def of(cls, vae: Any) -> PlainDecoder:
        """The decoder of an AutoencoderKL, with copies of its weights."""
        config = vae.config
        widths, latent = tuple(reversed(config["block_out_channels"])), config["latent_channels"]
        layers, groups = config["layers_per_block"] + 1, config["norm_num_groups"]
        decoder = Decoder(latent, widths, layers, groups, bool(config.get("mid_block_add_attention", True)))
        plain = cls(latent, decoder, vae.post_quant_conv is not None)
        weights = vae.state_dict()
        plain.load_state_dict({name: weights[name] for name in plain.state_dict()})
        return plain.to(vae.device, vae.dtype).eval().requires_grad_(False)

    def forward(self, latents: Tensor) -> Tensor:
        """Pictures [B,3,8h,8w] in about -1..1, from the autoencoder's own latents [B,C,h,w]."""
        *_, (_, picture) = self.stages(latents)
        return picture

    @torch.inference_mode()
    def stages(self, latents: Tensor) -> Iterator[tuple[str, Tensor]]:
        """(name, output [B,C,h,w]) of each stage in turn; the last is the picture."""
        x = latents if self.post_quant_conv is None else self.post_quant_conv(latents)
        yield "in", (x := self.decoder.conv_in(x))
        yield "middle", (x := self.decoder.mid_block(x))
        for number, block in enumerate(self.decoder.up_blocks, 1):
            yield f"up {number}", (x := block(x))
        yield "out", self.decoder.conv_out(F.silu(self.decoder.conv_norm_out(x)))
