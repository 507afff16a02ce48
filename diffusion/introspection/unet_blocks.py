"""The blocks of a denoiser in data order, for both kinds of network: diffusers' U-Nets and `SurfaceUNet`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from diffusers.models.attention_processor import Attention

from diffusion.models.surface_unet import SurfaceUNet


@dataclass(frozen=True, eq=False)
class BlockModules:
    """A block's modules.

    kind, number, level: as in `diffusion.introspection.unet_probe.Block`
    first, last: the modules that take the block's input and give its output; often the same one
    listeners: its cross-attention modules
    """

    kind: str
    number: int
    level: int
    first: Any
    last: Any
    listeners: tuple[Any, ...] = ()


def iterate_blocks(unet: Any) -> Iterator[BlockModules]:
    """Yield the blocks of a denoiser in data order."""
    yield from _surface_blocks(unet) if isinstance(unet, SurfaceUNet) else _diffusers_blocks(unet)


def _diffusers_blocks(unet: Any) -> Iterator[BlockModules]:
    downs, ups = list(unet.down_blocks), list(unet.up_blocks)
    yield BlockModules("in", 1, 0, unet.conv_in, unet.conv_in)
    for level, block in enumerate(downs):
        yield BlockModules("down", level + 1, level, block, block, _cross_attention(block))
    if (middle := unet.mid_block) is not None:
        yield BlockModules("middle", 1, len(downs) - 1, middle, middle, _cross_attention(middle))
    for place, block in enumerate(ups):
        yield BlockModules("up", place + 1, len(ups) - 1 - place, block, block, _cross_attention(block))
    yield BlockModules("out", 1, 0, unet.conv_out, unet.conv_out)


def _surface_blocks(unet: SurfaceUNet) -> Iterator[BlockModules]:
    levels = len(unet.falling)
    yield BlockModules("in", 1, 0, unet.enter, unet.enter)
    for level, blocks in enumerate(unet.falling):
        parts = list(blocks.children())
        yield BlockModules("down", level + 1, level, parts[0], parts[-1])
    yield BlockModules("middle", 1, levels - 1, unet.among, unet.prompted, (unet.prompted,))
    for place, level in enumerate(reversed(range(levels))):
        parts = list(unet.rising[level].children())
        yield BlockModules("up", place + 1, level, parts[0], parts[-1])
    yield BlockModules("out", 1, 0, unet.leave, unet.leave)


def _cross_attention(block: Any) -> tuple[Any, ...]:
    return tuple(m for m in block.modules() if isinstance(m, Attention) and m.is_cross_attention)
