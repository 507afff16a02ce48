"""Many small shapes strewn over a patch, the topmost seen at each texel: leaves, petals, stalks, pebbles."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from diffusion.training.data.materials.patterns import PATCH, Patch

Shape = Callable[[Tensor, Tensor, Tensor], Tensor]


@dataclass(frozen=True)
class Stamps:
    """The topmost stamp at each texel, all [S,S]; everything but `covered` is meaningless where no stamp lies.

    x, y: place across and along the stamp (blocks, 0 in its middle); inside: distance-like, 0 on its rim, greater within;
    order: 0 for the lowest stamp .. 1 for the highest; tone, other: two random numbers per stamp; covered: bool.
    """

    x: Tensor
    y: Tensor
    inside: Tensor
    order: Tensor
    tone: Tensor
    other: Tensor
    covered: Tensor


def scatter(
    p: Patch,
    spacing: float,
    reach: float,
    shape: Shape,
    turn: tuple[float, float] = (0.0, 2 * math.pi),
    jitter: float = 1.0,
) -> Stamps:
    """Strew stamps about `spacing` blocks apart (times `p.scale`), each turned by an angle drawn from `turn` (radians).

    shape: (x, y, tone) → positive inside; x, y are in blocks before `p.scale`. reach: the greatest distance from its middle at
    which a stamp is inside, in the same blocks. A stamp's y points down for an angle of 0.
    """
    n = max(2, round(PATCH / (spacing * p.scale)))
    count, texel = n * n, PATCH / p.size

    def rand() -> Tensor:
        return torch.rand(count, generator=p.random).to(p.device)

    step, index = PATCH / n, torch.arange(count, device=p.device)
    u = (index % n + 0.5 + jitter * (rand() - 0.5)) * step
    v = (index // n + 0.5 + jitter * (rand() - 0.5)) * step
    angle = turn[0] + (turn[1] - turn[0]) * rand()
    tone, other = rand(), rand()
    # stamps are kept from the lowest to the highest: the largest index at a texel is the one that is seen
    shuffled = torch.randperm(count, generator=p.random).to(p.device)
    u, v = u[shuffled], v[shuffled]
    cos, sin = angle.cos() / p.scale, angle.sin() / p.scale

    radius = math.ceil(reach * p.scale / texel) + 1
    side = torch.arange(-radius, radius + 1, device=p.device)
    column, row = (u / texel).long(), (v / texel).long()
    du = (column[:, None] + side + 0.5) * texel - u[:, None]
    dv = (row[:, None] + side + 0.5) * texel - v[:, None]
    x = (du * cos[:, None])[:, None, :] + (dv * sin[:, None])[:, :, None]
    y = (dv * cos[:, None])[:, :, None] - (du * sin[:, None])[:, None, :]
    hit = shape(x, y, tone[:, None, None]) > 0
    place = ((row[:, None] + side) % p.size)[:, :, None] * p.size + ((column[:, None] + side) % p.size)[:, None, :]
    owner = index[:, None, None].expand_as(place)[hit]
    top = torch.full((p.size * p.size,), -1, device=p.device)
    top = top.scatter_reduce(0, place[hit], owner, "amax").view(p.size, p.size)

    which = top.clamp(min=0)
    half = PATCH / 2
    du = torch.remainder(p.u - u[which] + half, PATCH) - half
    dv = torch.remainder(p.v - v[which] + half, PATCH) - half
    x, y = du * cos[which] + dv * sin[which], dv * cos[which] - du * sin[which]
    own = tone[which]
    return Stamps(x, y, shape(x, y, own), which / max(1, count - 1), own, other[which], top >= 0)


def leaf(length: float, width: float, tip: float = 0.3) -> Shape:
    """A pointed leaf, its stalk above; each is up to a fifth smaller than `length` x `width` blocks. tip: 0 an ellipse .. 1 a drop."""

    def shape(x: Tensor, y: Tensor, tone: Tensor) -> Tensor:
        size = 0.8 + 0.2 * tone
        t = y / (length * size) + 0.5
        return 2 * width * size * t * (1 - t) * (1 + tip * (1 - 2 * t)) - x.abs()

    return shape


def star(radius: float, points: int, depth: float) -> Shape:
    """A flower or a lobed leaf: `points` lobes, cut in by the share `depth`; the first lobe points along y."""

    def shape(x: Tensor, y: Tensor, tone: Tensor) -> Tensor:
        lobes = torch.cos(points * torch.atan2(x, y))
        return radius * (0.8 + 0.2 * tone) * (1 - depth * (0.5 - 0.5 * lobes)) - (x * x + y * y).sqrt()

    return shape


def blob(width: float, height: float) -> Shape:
    """An ellipse of `width` x `height` blocks or down to a third smaller."""

    def shape(x: Tensor, y: Tensor, tone: Tensor) -> Tensor:
        size = 0.67 + 0.33 * tone
        return 0.5 * size - ((x / width) ** 2 + (y / height) ** 2).sqrt()

    return shape


def stalk(length: float, width: float) -> Shape:
    """A straight strip of `length` x `width` blocks."""

    def shape(x: Tensor, y: Tensor, tone: Tensor) -> Tensor:
        return torch.minimum(width / 2 - x.abs(), length * (0.3 + 0.2 * tone) - y.abs())

    return shape


def chip(size: float) -> Shape:
    """A broken stone of about `size` blocks: six straight sides, each its own distance from the middle."""

    def shape(x: Tensor, y: Tensor, tone: Tensor) -> Tensor:
        out = torch.full_like(x, -9.0)
        for side in range(6):
            angle = side * math.pi / 3 + 0.3 * math.sin(5.0 * side)
            away = 0.36 + 0.14 * torch.sin(tone * 40 + side * 2.2)
            out = torch.maximum(out, (x * math.cos(angle) + y * math.sin(angle)) - away * size)
        return -out

    return shape
