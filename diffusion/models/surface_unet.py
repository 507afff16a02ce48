"""The surface-aware denoiser. It gets each latent pixel's position on its surface, its shape, and its region's prompt."""

from __future__ import annotations

import itertools
import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from diffusion.models.configured_module import ConfiguredModule
from diffusion.models.surface_blocks import PixelNorm, conv3, zero_weights

RATES = 32  # frequencies that encode the noise level
FASTEST = 2000.0  # radians of the highest one from no noise to pure noise


LEAST_SHARE = 1e-4  # least share of a region in a pixel: it keeps the logarithm finite


class SurfaceBlock(nn.Module):
    """A residual block. Inside each region, the region's prompt scales and shifts the channels (FiLM, 1709.07871)."""

    def __init__(self, channels: int, out: int, words: int) -> None:
        super().__init__()
        self.before, self.first = PixelNorm(channels), conv3(channels, out)
        self.between, self.second = PixelNorm(out), zero_weights(conv3(out, out))
        self.film = zero_weights(nn.Linear(words, 2 * out))
        self.skip = nn.Conv2d(channels, out, 1) if channels != out else nn.Identity()

    def forward(self, x: Tensor, words: Tensor, shares: Tensor) -> Tensor:
        """x: [B,C,h,w]; words: [B,R,E], each region's prompt and noise level; shares: [B,R,h,w], its share of each pixel."""
        h = self.first(F.silu(self.before(x)))
        scale, shift = scatter_regions(self.film(words), shares).chunk(2, 1)
        h = self.between(h) * (1 + scale) + shift
        return self.skip(x) + self.second(F.silu(h))


class Attention(nn.Module):
    """Self-attention over all pixels, or cross-attention to the tokens of prompts. `bias` [B,P,T] is added to the logits.

    Weights are computed explicitly; a hook on `weights` can record them.
    """

    def __init__(self, channels: int, context: int | None, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm = PixelNorm(channels)
        self.query = nn.Linear(channels, channels)
        self.key_value = nn.Linear(context or channels, 2 * channels)
        self.weights = nn.Softmax(-1)
        self.out = zero_weights(nn.Linear(channels, channels))

    def forward(self, x: Tensor, context: Tensor | None = None, bias: Tensor | None = None) -> Tensor:
        """x: [B,C,h,w]; context: [B,T,D], or None for x itself."""
        logits, value = self.logits(x, context)
        weights = self.weights(logits if bias is None else logits + bias[:, None])
        found = (weights @ value).transpose(1, 2).flatten(2)
        return x + self.out(found).transpose(1, 2).reshape(x.shape)

    def logits(self, x: Tensor, context: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """The logits [B,heads,P,T] without bias, and the values [B,heads,T,·]."""
        pixels = self.norm(x).flatten(2).transpose(1, 2)
        query = self._split(self.query(pixels))
        key, value = map(self._split, self.key_value(pixels if context is None else context).chunk(2, -1))
        return query @ key.transpose(-1, -2) / math.sqrt(query.shape[-1]), value

    def _split(self, x: Tensor) -> Tensor:
        return x.unflatten(-1, (self.heads, -1)).transpose(1, 2)


class SurfaceUNet(ConfiguredModule):
    """Predicts the flow noise − x0 of latents (1 − t)·x0 + t·noise (rectified flow, 2209.03003).

    latent_channels: C. harmonics, shape: channels of `diffusion.models.surface_conditions`. channels: widths, from the latents'
    resolution to the lowest, halved each time; blocks: number at each, down and up. sentence: width of prompts' vectors;
    words: their width in the blocks; said: their channels in the first layer. heads: of the attention at the lowest level.
    """

    def __init__(
        self,
        latent_channels: int = 16,
        harmonics: int = 124,
        shape: int = 10,
        channels: tuple[int, ...] = (96, 160, 192),
        blocks: int = 2,
        sentence: int = 384,
        words: int = 256,
        said: int = 64,
        heads: int = 6,
    ) -> None:
        super().__init__()
        widths = tuple(channels)
        first = widths[0]
        self.noise = nn.Sequential(nn.Linear(2 * RATES, words), nn.SiLU(), nn.Linear(words, words), nn.SiLU())
        self.hear, self.say = nn.Linear(sentence, words), nn.Linear(sentence, said)
        self.gate = nn.Linear(sentence, 2 * harmonics)
        self.enter = conv3(latent_channels, first)
        self.told = nn.Sequential(nn.Conv2d(2 * harmonics + shape + said + 1, first, 1), nn.SiLU(), conv3(first, first))
        self.told_below = nn.ModuleList(nn.Conv2d(first, width, 1) for width in widths[1:])
        self.down = nn.ModuleList(nn.Conv2d(a, b, 3, stride=2, padding=1) for a, b in itertools.pairwise(widths))
        self.up = nn.ModuleList(nn.Conv2d(b, a, 1) for a, b in itertools.pairwise(widths))
        self.falling = nn.ModuleList(
            nn.ModuleList(SurfaceBlock(width, width, words) for _ in range(blocks)) for width in widths
        )
        self.rising = nn.ModuleList(
            nn.ModuleList(SurfaceBlock(width if index else 2 * width, width, words) for index in range(blocks))
            for width in widths
        )
        self.among, self.prompted = Attention(widths[-1], None, heads), Attention(widths[-1], sentence, heads)
        self.end, self.leave = PixelNorm(first), zero_weights(conv3(first, latent_channels))

    def forward(
        self,
        sample: Tensor,
        t: Tensor,
        harmonics: Tensor,
        shape: Tensor,
        contexts: Tensor,
        shares: Tensor,
    ) -> Tensor:
        """The flow [B,C,h,w], float32; h and w are multiples of 2 for every level below the first.

        sample: [B,C,h,w]; t: [B], 0 no noise .. 1 pure noise; harmonics, shape: [B,·,h,w], zeros if unknown;
        contexts: [B,R,T,D], each region's prompt, the sentence vector first; shares: [B,R,h,w], the regions' shares of each pixel.
        """
        dtype = self.enter.weight.dtype
        contexts, shares = contexts.to(dtype), shares.to(dtype)
        sentences = contexts[:, :, 0]
        words = F.silu(self.hear(sentences) + self.noise(_waves(t).to(dtype))[:, None])
        waves = harmonics.to(dtype)
        strong, weak = scatter_regions(self.gate(sentences), shares).chunk(2, 1)
        purity = shares.amax(1, keepdim=True)
        known = (waves * strong, waves * weak, shape.to(dtype), scatter_regions(self.say(sentences), shares), purity)
        told = self.told(torch.cat(known, 1).contiguous(memory_format=torch.channels_last))
        x = self.enter(sample.to(dtype).contiguous(memory_format=torch.channels_last)) + told

        parts = [shares if level == 0 else F.avg_pool2d(shares, 2**level) for level in range(len(self.falling))]
        kept = []
        for level, blocks in enumerate(self.falling):
            if level:
                x = self.down[level - 1](x) + self.told_below[level - 1](F.avg_pool2d(told, 2**level))
            x = _through(blocks, x, words, parts[level])
            kept.append(x)
        x = self.prompted(self.among(x), *_by_region(contexts, parts[-1]))
        for level in reversed(range(len(self.rising))):
            x = _through(self.rising[level], torch.cat((x, kept[level]), 1), words, parts[level])
            if level:
                x = F.interpolate(self.up[level - 1](x), scale_factor=2.0, mode="nearest")
        return self.leave(F.silu(self.end(x))).float()


def _through(blocks: nn.Module, x: Tensor, words: Tensor, shares: Tensor) -> Tensor:
    for block in blocks.children():
        x = block(x, words, shares)
    return x


def scatter_regions(spoken: Tensor, shares: Tensor) -> Tensor:
    """[B,C,h,w]: at each pixel, the regions' vectors [B,R,C] weighted by their shares [B,R,h,w]."""
    found = torch.einsum("brc,brhw->bchw", spoken, shares)
    return found.contiguous(memory_format=torch.channels_last)


def _by_region(contexts: Tensor, shares: Tensor) -> tuple[Tensor, Tensor]:
    """The tokens of all prompts [B,R·T,D], and the bias that restricts pixels to tokens of their own regions: log shares [B,h·w,R·T]."""
    tokens = contexts.shape[2]
    bias = (shares.float() + LEAST_SHARE).log().to(contexts.dtype).flatten(2).transpose(1, 2)
    return contexts.flatten(1, 2), bias.repeat_interleave(tokens, 2)


def _waves(t: Tensor) -> Tensor:
    """[B,2·RATES]: the noise level as sines and cosines."""
    rates = torch.exp(torch.linspace(0, math.log(FASTEST), RATES, device=t.device))
    angle = t.float()[:, None] * rates
    return torch.cat((angle.sin(), angle.cos()), 1)
