"""How the ground is drawn: soil, dried mud, sand, gravel, pebbles, snow."""

from __future__ import annotations

import torch

from diffusion.training.data.materials.base import Layers
from diffusion.training.data.materials.patterns import PATCH, Patch, mix, ramp, smooth
from diffusion.training.data.materials.stamps import blob, chip, leaf, scatter


def soil(p: Patch) -> Layers:
    lumps, crumbs = p.fbm(0.7 * p.scale, 1.2), p.fbm(0.16, 0.6)
    clod = scatter(p, 0.27, 0.22, blob(0.42, 0.34))
    dome = clod.inside.clamp(min=0).sqrt() * clod.covered
    stone = scatter(p, 0.72, 0.1, blob(0.2, 0.15))
    pebble = stone.covered.float()
    twig = scatter(p, 1.0, 0.2, leaf(0.38, 0.06)).covered.float() * p.pick((0.0, 0.7))
    t = 0.3 + 0.1 * lumps + 0.08 * crumbs + 0.42 * dome * (0.5 + 0.5 * clod.other)
    palette = p.pick((("#2a180d", "#523220", "#7c5030", "#a5764a"), ("#21170f", "#453326", "#6b5240", "#94785e")))
    albedo = mix(ramp(t, palette), ramp(stone.other, ("#7d6c5a", "#b7a48e")), pebble)
    albedo = mix(albedo, "#a88a5c", twig * (1 - pebble))
    height = 0.05 * lumps + 0.012 * crumbs + 0.13 * dome + pebble * 0.2 * stone.inside.clamp(min=0)
    return Layers(albedo, height)


def cracked_earth(p: Patch) -> Layers:
    cells = p.cells(0.85, jitter=0.95)
    edge = p.warp(cells.edge, 0.035, 0.35)
    fine = p.warp(p.cells(0.42, jitter=1.0).edge, 0.03, 0.3)
    crack, curl = smooth(0.016, 0.045, edge), smooth(0.2, 0.05, edge)
    hair = smooth(0.016, 0.004, fine) * smooth(0.03, 0.08, edge)
    grain = p.fbm(0.3, 0.8)
    t = 0.55 + 0.09 * grain + 0.3 * (cells.tone - 0.5) + 0.16 * curl - 0.2 * hair
    palette = p.pick((("#7c5232", "#b38254", "#d6ab7b", "#f0d6aa"), ("#6b5846", "#9c8770", "#c2ae94", "#e4d6bf")))
    albedo = mix(ramp(0.2 * t, ("#23150c", "#4a2e1a")), ramp(t, palette), crack)
    return Layers(albedo, 0.14 * crack + 0.05 * curl * crack - 0.012 * hair + 0.006 * grain)


def sand(p: Patch) -> Layers:
    n = round(PATCH / (0.5 * p.scale))
    phase = p.v * (n / PATCH) + 0.45 * p.fbm(2.2, 2.0)
    ridge = torch.remainder(phase, 1)
    crest = torch.where(ridge < 0.68, ridge / 0.68, (1 - ridge) / 0.32)  # long to the wind, short behind it
    crest = crest * crest * (3 - 2 * crest)
    strength = 0.35 + 0.65 * smooth(-1.2, 0.6, p.fbm(2.0, 1.8))
    grain, dune = p.fbm(0.09, 0.2), p.fbm(2.4, 2.2)
    t = 0.52 + 0.2 * (crest - 0.5) * strength + 0.045 * grain + 0.07 * dune
    palette = p.pick(
        (
            ("#b07c3a", "#dcb06a", "#f2d494", "#fff2cc"),
            ("#b07c3a", "#dcb06a", "#f2d494", "#fff2cc"),
            ("#a68a5e", "#cfb88c", "#e8d9b4", "#fbf4de"),
        )
    )
    return Layers(ramp(t, palette), 0.1 * crest * strength + 0.003 * grain + 0.08 * dune)


def gravel(p: Patch) -> Layers:
    top = scatter(p, 0.25, 0.23, chip(0.42))
    bed = p.cells(0.2, jitter=1.0)
    seen, grain = top.covered.float(), p.fbm(0.12, 0.5)
    t = 0.28 + 0.2 * top.order + 0.5 * (top.other - 0.3) + 0.05 * grain
    t = torch.where(top.covered, t, 0.3 * bed.tone * smooth(0.0, 0.03, bed.edge))
    kind = torch.remainder(top.other * 37, 1)
    grey, brown = ("#4a4744", "#8a8681", "#bdb7ae", "#ece7de"), ("#50402f", "#9c8268", "#cdb498", "#ecdcc6")
    albedo = mix(ramp(t, grey), ramp(t, brown), 0.8 * (kind > 0.7) * seen)
    bevel = smooth(0.0, 0.06, top.inside)
    tilt = top.x * (kind - 0.5) * 0.8 + top.y * (top.tone - 0.5) * 0.8
    height = torch.where(top.covered, 0.06 + 0.08 * top.order + 0.06 * bevel + tilt, 0.05 * smooth(0, 0.04, bed.edge))
    return Layers(albedo, height + 0.003 * grain)


STONES = ("#6f6a66", "#c9bfb0", "#8f9aa0", "#b3977a", "#e4dccf", "#5d6468", "#a58472")


def pebbles(p: Patch) -> Layers:
    low = scatter(p, 0.3, 0.22, blob(0.42, 0.32))
    big = scatter(p, 0.46, 0.37, blob(0.72, 0.52))
    grain = p.fbm(0.1, 0.4)
    seen = big.covered.float()
    inside = torch.where(big.covered, big.inside * 1.6, low.inside * low.covered).clamp(min=0)
    dome = (inside * 2).clamp(max=1)
    dome = (1 - (1 - dome) ** 2).clamp(min=0).sqrt()
    kind = torch.where(big.covered, big.other, low.other)
    band = torch.sin(big.y * 24 + big.other * 30) * smooth(0.7, 0.8, big.tone) * seen
    albedo = ramp(kind, STONES) * (0.9 + 0.05 * grain + 0.1 * band)
    albedo = albedo * (0.5 + 0.5 * smooth(0.0, 0.5, dome)) * (0.62 + 0.38 * torch.maximum(seen, 0.6 * low.order))
    bed = (1 - seen) * (1 - low.covered.float())
    height = dome * (0.16 + 0.06 * seen) + seen * (0.12 + 0.14 * big.order)
    return Layers(mix(albedo, "#3a322a", bed), height, gloss=0.22)


def snow(p: Patch) -> Layers:
    drift = p.fbm(2.4 * p.scale, 3.0)
    crust, sparkle = p.fbm(0.16, 0.5), p.stars(0.035, 0.1)
    hollow = smooth(0.4, -1.8, drift)
    t = 0.88 - 0.42 * hollow + 0.02 * crust
    albedo = ramp(t, ("#8fb0dc", "#bcd3ef", "#e3effb", "#fbfdff"))
    return Layers((albedo + 0.15 * sparkle).clamp(0, 1), 0.1 * drift + 0.0015 * crust + 0.005 * p.fbm(0.6, 1.6), 0.15)
