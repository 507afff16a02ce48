"""How growing things are drawn: grass, meadow, moss, leaves, hedge, ivy."""

from __future__ import annotations

import torch
from torch import Tensor

from diffusion.training.data.materials.base import Layers
from diffusion.training.data.materials.patterns import Patch, mix, ramp, smooth
from diffusion.training.data.materials.stamps import Stamps, blob, leaf, scatter, star


def grass(p: Patch) -> Layers:
    blades = p.fbm(0.4 * p.scale, 0.9, stretch=(0.32, 1.7))
    tufts = p.fbm(1.2 * p.scale, 1.6)
    tall = scatter(p, 0.2, 0.26, leaf(0.5, 0.06, 0.8), (2.5, 3.8))
    blade = tall.covered.float()
    t = 0.42 + 0.2 * blades + 0.1 * tufts
    tip = 0.5 + tall.y / 0.5
    t = mix(t - 0.05, 0.3 + 0.26 * tall.order + 0.24 * tip + 0.2 * (tall.other - 0.5) + 0.07 * tufts, blade)
    warm = smooth(0.2, 1.6, tufts)
    green = ramp(t, ("#173f12", "#2c6f1e", "#4d9a2c", "#80c040", "#b4dc62"))
    dry = ramp(t, ("#2c4312", "#5a7a20", "#8c9e36", "#b8c152", "#d9dc7c"))
    return Layers(mix(green, dry, 0.35 * warm), 0.02 * blades.clamp(-2, 2) + 0.1 * tall.order * blade)


PETALS = ("#ffffff", "#ffd22e", "#f2538f", "#b558e0", "#f0412b", "#5a7df0")


def meadow(p: Patch) -> Layers:
    base = grass(p)
    flower = scatter(p, 0.44, 0.16, star(0.155, 6, 0.34))
    kind = (flower.other * len(PETALS)).floor() / (len(PETALS) - 1)
    patchy = p.fbm(1.6, 1.6) > -0.9
    dot = (flower.covered & patchy).float() * smooth(0.0, 0.015, flower.inside)
    away = (flower.x * flower.x + flower.y * flower.y).sqrt()
    petals = ramp(kind, PETALS) * (0.72 + 0.28 * smooth(0.0, 0.13, away))
    heart = smooth(0.055, 0.04, away)
    petals = mix(mix(petals, "#ffc21a", heart), "#5a3310", heart * (kind == 0.2))
    return Layers(mix(base.albedo, petals, dot), mix(base.height, 0.16 - 0.3 * away, dot))


def moss(p: Patch) -> Layers:
    cushion = scatter(p, 0.42, 0.47, blob(0.92, 0.78))
    inside, tone = p.warp(torch.stack((cushion.inside.clamp(min=0) * cushion.covered, cushion.tone)), 0.035, 0.3)
    dome = inside.sqrt()
    fuzz = p.fbm(0.14, 0.35)
    t = 0.13 + 0.7 * dome + 0.2 * (tone - 0.5) + 0.09 * fuzz
    sprig = scatter(p, 0.15, 0.05, star(0.05, 5, 0.6))
    t = t + 0.12 * sprig.covered * sprig.other
    palette = ("#16300c", "#315c14", "#57851a", "#88aa2a", "#bccb4e")
    return Layers(ramp(t, palette), 0.36 * dome + 0.02 * fuzz + 0.03 * sprig.covered)


GREENS = ("#0b2c10", "#1c5a1e", "#388a2c", "#6fb83e", "#b2dc66")
AUTUMN = ("#3a1408", "#9a3210", "#d9661a", "#f0a02c", "#f8d868")
DEEP = ("#08261a", "#12503a", "#2a7d46", "#5aa85a", "#a2d488")


def _leafage(s: Stamps, length: float, width: float, strength: float = 1.0) -> tuple[Tensor, Tensor]:
    """Lightness 0..1 and height in blocks of leaves with a midrib, side veins and a fold along it."""
    along = s.y / length
    rib = smooth(0.022, 0.008, s.x.abs()) * strength
    veins = 0.5 + 0.5 * torch.cos((along * 6 - s.x.abs() / width * 2.2) * 6.2832)
    side = torch.where(s.x > 0, 0.07, -0.03)
    rim = smooth(0.0, 0.3 * width, s.inside)
    t = 0.22 + 0.42 * s.order + 0.16 * (s.other - 0.5) + side + 0.16 * rib - 0.05 * veins * strength + 0.08 * rim
    tilt = s.y * (s.other - 0.3) * 0.5 + s.x * (s.tone - 0.5) * 0.6
    return t, 0.1 + 0.22 * s.order + tilt + 0.25 * s.x.abs()


def leaves(p: Patch) -> Layers:
    palette = p.pick((GREENS, GREENS, GREENS, DEEP, AUTUMN))
    shape = leaf(0.66, 0.36)
    top = scatter(p, 0.31, 0.34, shape, (-1.1, 1.1))
    t, height = _leafage(top, 0.66, 0.36)
    below = scatter(p, 0.33, 0.34, shape)
    deep = 0.02 + 0.16 * below.order * below.covered
    seen = top.covered.float()
    t = mix(deep, t, seen) + 0.03 * p.fbm(1.2, 1.4)
    return Layers(ramp(t, palette), mix(0.08 * below.order, height, seen), gloss=0.12 + 0.13 * seen)


def hedge(p: Patch) -> Layers:
    clumps = p.fbm(1.1 * p.scale, 1.8)
    shape = leaf(0.3, 0.2, 0.0)
    top = scatter(p, 0.145, 0.155, shape)
    t, height = _leafage(top, 0.3, 0.2, 0.4)
    hollow = smooth(-0.3, -1.3, clumps)
    t = mix(torch.full_like(t, 0.04), t, top.covered.float()) * (1 - 0.45 * hollow) + 0.05 * clumps - 0.03
    young = smooth(0.8, 1.0, top.order) * smooth(0.0, 1.2, clumps)
    green = ramp(t, ("#0a2409", "#1e4a14", "#3a7420", "#629a2e", "#98c050"))
    albedo = mix(green, ramp(t, ("#2a5212", "#6c9c28", "#b4d84e")), 0.6 * young * top.covered)
    return Layers(albedo, 0.7 * height * top.covered + 0.14 * clumps, gloss=0.12)


def ivy(p: Patch) -> Layers:
    wall = p.courses(1.0, 0.5, 0.5)
    bump = smooth(0.015, 0.05, wall.edge)
    stone = ramp(0.3 + 0.35 * wall.tone + 0.1 * p.fbm(0.4, 1.0), ("#6b5a48", "#94826a", "#bcab90")) * (
        0.45 + 0.55 * bump
    )
    grown = p.fbm(1.8, 1.8) > -0.75
    vine = smooth(0.05, 0.025, p.warp((torch.remainder(p.u * 2, 1) - 0.5).abs() / 2, 0.16, 0.9)) * grown
    shape = star(0.27, 5, 0.36)
    top = scatter(p, 0.34, 0.28, shape, (-0.9, 0.9))
    away = (top.x * top.x + top.y * top.y).sqrt()
    vein = smooth(0.7, 1.0, torch.cos(5 * torch.atan2(top.x, top.y))) * smooth(0.24, 0.1, away)
    t = 0.2 + 0.45 * top.order + 0.2 * (top.other - 0.5) + 0.16 * vein
    green = ramp(t, ("#0c2e16", "#1c5a24", "#37863a", "#74b450", "#b6dc84"))
    mask = (top.covered & grown).float()
    albedo = mix(mix(stone, ramp(wall.tone * 0.4, ("#3a2a1c", "#5c442c")), vine), green, mask)
    tilt = top.y * (top.other - 0.2) * 0.5
    return Layers(albedo, mix(0.05 * bump + 0.06 * vine, 0.2 + 0.16 * top.order + tilt, mask), gloss=0.1 + 0.15 * mask)
