"""A bank of drawn surfaces with mip levels, sampled at any place and size without aliasing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from diffusion.training.data.adjectives import ADJECTIVES, COLOURS, recolour
from diffusion.training.data.captions import Surface
from diffusion.training.data.materials import MATERIALS, Layers
from diffusion.training.data.materials.patterns import PATCH, TEXELS, Patch

CHANNELS = 9  # albedo 3, slope 2, gloss 1, glow 3
REACHES = (0.05, 0.12, 0.25)  # blocks; distances at which the relief around a texel is sampled
CAST = 0.7  # share of the rise beside a texel, beyond its own slope, that its slope leans away from


def random_surface(rng: np.random.Generator, place: str | None = None) -> Surface:
    """A random material with random adjectives and colour. place: "sky" for skies only, "solid" for everything else."""
    names = [n for n, m in MATERIALS.items() if place is None or (m.place == "sky") == (place == "sky")]
    weights = np.array([MATERIALS[n].weight for n in names])
    name = str(rng.choice(names, p=weights / weights.sum()))
    if MATERIALS[name].place == "sky":
        return Surface(name)
    count = int(rng.choice([0, 1, 2], p=[0.55, 0.35, 0.10]))
    adjectives = [str(a) for a in rng.choice(list(ADJECTIVES), count, replace=False)]
    if (
        {"large", "small"} <= set(adjectives)
        or {"dark", "pale"} <= set(adjectives)
        or {"wet", "dry"} <= set(adjectives)
    ):
        adjectives = adjectives[:1]
    said = str(rng.choice(list(COLOURS))) if rng.random() < 0.17 else ""
    return Surface(name, tuple(adjectives), said)


def draw_surface(surface: Surface, seed: int, texels: int = TEXELS, device: str = "cpu") -> Layers:
    """The layers of a surface on a patch of PATCH blocks."""
    scale = float(np.prod([ADJECTIVES[a].scale for a in surface.adjectives])) if surface.adjectives else 1.0
    patch = Patch(seed, scale, texels, device)
    layers = MATERIALS[surface.material].draw(patch)
    if surface.colour:
        layers = recolour(layers, surface.colour)
    for adjective in surface.adjectives:
        layers = ADJECTIVES[adjective].change(layers, patch)
    return layers


def _soften(height: Tensor) -> Tensor:
    """Blur with weights 1, 2, 1 along both axes; otherwise stepped edges become rows of bright dots."""
    for axis in (0, 1):
        height = 0.5 * height + 0.25 * (torch.roll(height, 1, axis) + torch.roll(height, -1, axis))
    return height


def _horizons(height: Tensor) -> Tensor:
    """Return [4,S,S]: how steeply the relief rises to the right, left, below and above, as tangents; 0 where it doesn't rise."""
    pixels = height.shape[-1] / PATCH
    found = []
    for axis in (1, 0):
        for way in (-1, 1):
            rise = torch.zeros_like(height)
            for blocks in REACHES:
                texels = max(1, round(blocks * pixels))
                ahead = torch.roll(height, way * texels, axis)
                rise = torch.maximum(rise, (ahead - height) * (pixels / texels))
            found.append(rise)
    return torch.stack(found)


def pack(layers: Layers, relief: float = 1.0) -> Tensor:
    """Layers as [CHANNELS,S,S]: hollows darkened by how much of the sky they see, height turned into slopes.

    The slopes lean away from what rises at either side, so that the foot of a ledge is dark whenever the sun stands behind it.
    """
    h = _soften(layers.height)
    pixels = h.shape[-1] / PATCH
    right, left, below, above = horizons = _horizons(h)
    seen = (1 / (1 + horizons.square())).mean(0)
    slope_u = (torch.roll(h, -1, 1) - torch.roll(h, 1, 1)) * pixels / 2
    slope_v = (torch.roll(h, -1, 0) - torch.roll(h, 1, 0)) * pixels / 2
    slope_u = slope_u + CAST * ((right - slope_u.abs()).clamp(min=0) - (left - slope_u.abs()).clamp(min=0))
    slope_v = slope_v + CAST * ((below - slope_v.abs()).clamp(min=0) - (above - slope_v.abs()).clamp(min=0))
    gloss = layers.gloss if isinstance(layers.gloss, Tensor) else torch.full_like(h, layers.gloss)
    glow = torch.zeros_like(layers.albedo) if layers.glow is None else layers.glow
    slopes = (torch.stack((slope_u, slope_v)) * relief).clamp(-1.6, 1.6)
    return torch.cat((layers.albedo * (0.15 + 0.9 * seen), slopes, gloss[None], glow)).float()


@dataclass(frozen=True)
class Bank:
    """rows: [N·R,CHANNELS] float16, every mip level of every surface; `starts[level]` is its first row within a surface."""

    surfaces: tuple[Surface, ...]
    rows: Tensor
    starts: tuple[int, ...]
    per_surface: int
    size: int

    def sample(self, which: Tensor, u: Tensor, v: Tensor, footprint: Tensor) -> Tensor:
        """Trilinear samples [P,CHANNELS] for P pixels: surface index, place (blocks), footprint (blocks per pixel)."""
        top = len(self.starts) - 1
        level = (footprint * self.size / PATCH).clamp(min=1).log2().clamp(max=top)
        low = level.floor()
        part = (level - low)[:, None]
        base = which * self.per_surface
        coarse = self._bilinear(base, u, v, (low + 1).clamp(max=top).long())
        return self._bilinear(base, u, v, low.long()) * (1 - part) + coarse * part

    def _bilinear(self, base: Tensor, u: Tensor, v: Tensor, level: Tensor) -> Tensor:
        size = torch.bitwise_right_shift(torch.full_like(level, self.size), level)
        start = base + torch.tensor(self.starts, device=u.device)[level]
        x, y = u / PATCH * size - 0.5, v / PATCH * size - 0.5
        x0, y0 = x.floor(), y.floor()
        fx, fy = (x - x0)[:, None], (y - y0)[:, None]
        x0, y0 = x0.long() % size, y0.long() % size
        x1, y1 = (x0 + 1) % size, (y0 + 1) % size

        def at(yy: Tensor, xx: Tensor) -> Tensor:
            return self.rows[start + yy * size + xx].float()

        return (at(y0, x0) * (1 - fx) + at(y0, x1) * fx) * (1 - fy) + (at(y1, x0) * (1 - fx) + at(y1, x1) * fx) * fy


def build_bank(surfaces: list[Surface], seed: int, device: str = "cpu", texels: int = TEXELS) -> Bank:
    """Draw every surface (its own seed each) and all its mip levels down to 8 texels a side."""
    size = PATCH * texels
    levels = 1
    while size >> levels >= 8:
        levels += 1
    parts: list[Tensor] = []
    for index, surface in enumerate(surfaces):
        rng = np.random.default_rng([seed, index])
        texture = pack(draw_surface(surface, int(rng.integers(2**31)), texels, device), float(rng.uniform(0.8, 1.2)))
        for _ in range(levels):
            parts.append(texture.permute(1, 2, 0).reshape(-1, CHANNELS).half())
            texture = F.avg_pool2d(texture, 2)
    sizes = [(size >> level) ** 2 for level in range(levels)]
    starts = tuple(int(s) for s in np.cumsum([0, *sizes[:-1]]))
    return Bank(tuple(surfaces), torch.cat(parts), starts, sum(sizes), size)
