"""Adjectives of materials (red, wet, mossy, cracked …): one table, with the words and a function that changes the surface."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from diffusion.training.data.materials.base import Layers
from diffusion.training.data.materials.patterns import Patch, colour, ramp, smooth, unit

COLOURS = {
    "red": "#d8281e",
    "orange": "#f08a1c",
    "yellow": "#f6d52a",
    "green": "#36a843",
    "blue": "#2563d9",
    "purple": "#8a35c9",
    "pink": "#f486b6",
    "white": "#f7f5f0",
    "black": "#2a2a2e",
    "brown": "#7d4c26",
    "turquoise": "#22c2b8",
}
"""Colour word → its sRGB colour at a surface's mean lightness."""


@dataclass(frozen=True)
class Adjective:
    """words: its synonyms; change: changes a surface's layers; scale: factor on the size of the pattern."""

    words: tuple[str, ...]
    change: Callable[[Layers, Patch], Layers]
    scale: float = 1.0


def luminance(picture: Tensor) -> Tensor:
    """Luminance of a picture [3,S,S] → [S,S]: Rec. 709 weights, applied to sRGB values."""
    return 0.2126 * picture[0] + 0.7152 * picture[1] + 0.0722 * picture[2]


def recolour(layers: Layers, word: str) -> Layers:
    """Give a surface the colour of a word; its pattern of lightness stays."""
    lightness = luminance(layers.albedo)
    contrast = (lightness / lightness.mean().clamp_min(0.02)).clamp(0.15, 1.9)
    target = colour(COLOURS[word]).to(lightness.device)
    painted = torch.where(contrast < 1, target * contrast, target + (1 - target) * 0.6 * (contrast - 1))
    albedo = (0.88 * painted + 0.12 * layers.albedo).clamp(0, 1)
    glow = None if layers.glow is None else albedo * luminance(layers.glow) / lightness.clamp_min(0.1)
    return replace(layers, albedo=albedo, glow=None if glow is None else glow.clamp(0, 1))


def _blend(layers: Layers, mask: Tensor, albedo: Tensor, rise: float, gloss: float = 0.05) -> Layers:
    glow = None if layers.glow is None else layers.glow * (1 - mask)
    return Layers(
        layers.albedo * (1 - mask) + albedo * mask,
        layers.height + rise * mask,
        layers.gloss * (1 - mask) + gloss * mask,
        glow,
    )


def _low(layers: Layers) -> Tensor:
    """[S,S]: 0 on the highest parts of a surface, 1 in its joints and hollows."""
    h = layers.height
    return 1 - (h - h.mean() + 0.5 * h.std()).div(h.std().clamp_min(1e-4) * 1.5).clamp(0, 1)


def mossy(layers: Layers, p: Patch) -> Layers:
    mask = smooth(0.1, 0.7, 0.55 * p.fbm(1.0, 1.3) + 0.55 * _low(layers))
    return _blend(layers, mask, ramp(unit(p.fbm(0.2, 0.7)), ("#244a12", "#55851d", "#9ab832")), 0.05)


def snowy(layers: Layers, p: Patch) -> Layers:
    mask = smooth(0.0, 0.35, p.fbm(1.1, 1.4) + 0.2)
    return _blend(layers, mask, ramp(unit(p.fbm(0.7, 1.3)), ("#cfdcf0", "#f3f8ff", "#ffffff")), 0.1)


def wet(layers: Layers, p: Patch) -> Layers:
    puddle = smooth(0.85, 1.25, p.fbm(1.3, 1.6) + 0.4 * _low(layers))
    dark = (layers.albedo * 0.62) ** 1.1
    reflection = ramp(unit(p.fbm(1.5, 2.0)), ("#5c7890", "#9fb8c8"))
    return Layers(
        dark * (1 - 0.75 * puddle) + reflection * 0.75 * puddle,
        layers.height * (1 - 0.8 * puddle),
        0.7 + 0.25 * puddle,
        layers.glow,
    )


def dry(layers: Layers, p: Patch) -> Layers:
    dusty = 0.55 * luminance(layers.albedo) + 0.45 * layers.albedo
    tint = torch.tensor([1.12, 1.0, 0.78], device=dusty.device).view(3, 1, 1)
    return Layers((dusty * tint * 1.08 + 0.03).clamp(0, 1), layers.height, 0.0, layers.glow)


def cracked(layers: Layers, p: Patch) -> Layers:
    lines = p.warp(p.cells(1.6 / p.scale, jitter=1.0).edge, 0.06, 0.4)
    crack = smooth(0.045, 0.016, lines)
    return _blend(layers, crack, layers.albedo * 0.16, -0.1)


def old(layers: Layers, p: Patch) -> Layers:
    stain = smooth(-0.2, 1.2, p.fbm(1.2, 1.2, stretch=(0.7, 1.6)))
    chips = smooth(1.5, 1.7, p.fbm(0.7, 1.2))
    faded = 0.35 * luminance(layers.albedo) + 0.65 * layers.albedo
    albedo = faded * (1 - 0.5 * stain) + 0.0
    dirt = ramp(unit(p.fbm(0.4, 0.9)), ("#3a2f22", "#6a5a42"))
    return Layers(albedo * (1 - chips) + dirt * chips, layers.height - 0.05 * chips, 0.0, layers.glow)


def glowing(layers: Layers, p: Patch) -> Layers:
    light = luminance(layers.albedo)
    strong = smooth(float(light.mean()) * 0.9, float(light.mean()) * 1.5 + 0.02, light)
    vivid = layers.albedo / layers.albedo.amax(0).clamp_min(0.08)
    return Layers(layers.albedo * 0.7, layers.height, 0.2, (vivid * (0.35 + 0.65 * strong)).clamp(0, 1))


def _shade(gain: float, lift: float) -> Callable[[Layers, Patch], Layers]:
    return lambda layers, p: replace(layers, albedo=(layers.albedo * gain + lift).clamp(0, 1))


def _same(layers: Layers, p: Patch) -> Layers:
    return layers


ADJECTIVES: dict[str, Adjective] = {
    "mossy": Adjective(("mossy", "moss-covered", "overgrown"), mossy),
    "snowy": Adjective(("snowy", "snow-covered", "frosty"), snowy),
    "wet": Adjective(("wet", "rainy", "rain-soaked"), wet),
    "dry": Adjective(("dry", "dusty", "parched"), dry),
    "cracked": Adjective(("cracked", "broken", "fractured"), cracked),
    "old": Adjective(("old", "weathered", "worn", "ancient"), old),
    "glowing": Adjective(("glowing", "luminous", "shining"), glowing),
    "dark": Adjective(("dark", "deep"), _shade(0.5, 0.0)),
    "pale": Adjective(("pale", "light", "faded"), _shade(0.5, 0.42)),
    "large": Adjective(("large", "big", "huge"), _same, 1.6),
    "small": Adjective(("small", "fine", "tiny"), _same, 0.65),
}
