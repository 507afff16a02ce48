"""The Compact upscaler: 3×3 convolutions at the small picture's resolution, then as many pixels as the large picture has.

It is `SRVGGNetCompact` of Real-ESRGAN (Wang et al. 2021, arXiv 2107.10833), with the same names of tensors: files for one are files for
the other.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from math import isqrt

import torch
import torch.nn.functional as F
from torch import Tensor, nn

COLOURS = 3
NAME = re.compile(r"body\.(\d+)\.(weight|bias)")


class Compact(nn.Module):
    """Pictures [B,3,H,W] in 0..1 → [B,3,scale·H,scale·W], about in 0..1: what is added to pixels that are repeated.

    channels: of every hidden layer; layers: convolutions between the first and the last.
    """

    def __init__(self, scale: int, channels: int, layers: int) -> None:
        super().__init__()
        self.scale, self.channels, self.layers = scale, channels, layers
        parts: list[nn.Module] = []
        for place in range(layers + 1):
            parts += [nn.Conv2d(channels if place else COLOURS, channels, 3, 1, 1), nn.PReLU(channels)]
        self.body = nn.ModuleList([*parts, nn.Conv2d(channels, COLOURS * scale**2, 3, 1, 1)])

    @property
    def reach(self) -> int:
        """Pixels of the small picture beyond which nothing changes a pixel."""
        return self.layers + 2

    def forward(self, pictures: Tensor) -> Tensor:
        x = pictures
        for part in self.body:
            x = part(x)
        return F.pixel_shuffle(x, self.scale) + F.interpolate(pictures, scale_factor=self.scale, mode="nearest")


def compact_of(weights: Mapping[str, Tensor]) -> Compact | None:
    """The network that these weights are for, with them; None if they are another network's."""
    found = [match for name in weights if (match := NAME.fullmatch(name))]
    if len(found) != len(weights) or "body.0.weight" not in weights or weights["body.0.weight"].ndim != 4:
        return None
    layers = max(int(match[1]) for match in found) // 2 - 1
    last, channels = weights.get(f"body.{2 * layers + 2}.weight"), len(weights["body.0.weight"])
    if layers < 0 or last is None:
        return None
    scale = isqrt(len(last) // COLOURS)
    network = Compact(scale, channels, layers)
    wanted = {name: tensor.shape for name, tensor in network.state_dict().items()}
    if wanted != {name: tensor.shape for name, tensor in weights.items()}:
        return None
    network.load_state_dict({name: tensor.float() for name, tensor in weights.items()})
    return network.eval().requires_grad_(False)


def add_identity_layers(network: Compact, layers: int) -> Compact:
    """A network of `layers` layers that does what `network`, which has no more of them, does (Net2Net, arXiv 1511.05641).

    New layers pass on what they get, before the last convolution.
    """
    deeper = Compact(network.scale, network.channels, layers)
    weights = network.state_dict()
    last = [f"body.{len(network.body) - 1}.{name}" for name in ("weight", "bias")]
    moved = {
        name.replace(f".{len(network.body) - 1}.", f".{len(deeper.body) - 1}."): weights.pop(name) for name in last
    }
    with torch.no_grad():
        for part in deeper.body[len(network.body) - 1 : -1]:
            if isinstance(part, nn.Conv2d):
                nn.init.dirac_(part.weight)
                nn.init.zeros_(part.bias)  # pyright: ignore[reportArgumentType]
            elif isinstance(part, nn.PReLU):
                nn.init.ones_(part.weight)
    deeper.load_state_dict(deeper.state_dict() | weights | moved)
    return deeper
