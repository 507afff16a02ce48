"""How living rock is drawn: rock, cliff, marble, crystal, ice."""

from __future__ import annotations

import torch

from diffusion.training.data.materials.base import Layers
from diffusion.training.data.materials.patterns import PATCH, Patch, mix, ramp, smooth, unit


def rock(p: Patch) -> Layers:
    """Broken faces at two sizes, deep cracks between the large ones, lichen on what sticks out."""
    large, small = p.cells(1.5, (1.25, 0.85), jitter=1.0), p.cells(0.6, (1.2, 0.8), jitter=1.0)
    edge, tone, chip = p.warp(torch.stack((large.edge, large.tone, small.edge)), 0.09, 0.8)
    face = p.fbm(1.5 * p.scale, 1.7)
    grain = p.fbm(0.25, 0.7)
    crack = smooth(0.035, 0.008, edge)
    step = smooth(0.02, 0.0, chip) * smooth(0.0, 0.8, face)
    t = 0.5 + 0.34 * (tone - 0.5) + 0.09 * face + 0.05 * grain + 0.12 * (small.tone - 0.5)
    palette = p.pick(
        (
            ("#4c4b4d", "#838284", "#b2b0ac", "#dcd9d2"),
            ("#4c4b4d", "#838284", "#b2b0ac", "#dcd9d2"),
            ("#4e443b", "#84766a", "#b3a494", "#d9cdbd"),
        )
    )
    lichen = smooth(1.1, 1.7, p.fbm(0.5, 0.9) + 0.3 * face) * p.pick((0.0, 0.6))
    albedo = mix(ramp(t, palette), "#b3ad78", lichen) * (1 - 0.6 * crack) * (1 - 0.25 * step)
    height = 0.13 * face + 0.3 * tone + 0.12 * smooth(0.0, 0.3, edge) + 0.1 * small.tone + 0.4 * chip
    return Layers(albedo, height - 0.15 * crack + 0.008 * grain)


def cliff(p: Patch) -> Layers:
    bend = p.fbm(2.5, 2.2) * 0.14 + 0.02 * p.fbm(0.4, 0.9)
    n = max(4, round(PATCH / (0.62 * p.scale)))
    level = (p.v + bend) * n / PATCH
    index = level.floor().long() % n
    tones = torch.rand(2, n, generator=p.random).to(p.device)
    tone, hard = tones[0][index], tones[1][index]
    ledge = level - level.floor()
    blocks = p.cells(0.8, (0.8, 1.6), jitter=1.0)
    split = smooth(0.03, 0.0, p.warp(blocks.edge, 0.08, 0.5)) * smooth(0.55, 0.75, hard)
    beds = torch.sin(ledge * 2 * torch.pi * 3 + 1.2 * p.fbm(0.8, 1.5))
    grain = p.fbm(0.4, 0.8, stretch=(3.0, 0.5))
    t = 0.15 + 0.62 * tone + 0.06 * grain + 0.05 * beds
    palette = p.pick(
        (
            ("#6f3320", "#b05f38", "#d88f5a", "#f2cd9a"),
            ("#6f3320", "#b05f38", "#d88f5a", "#f2cd9a"),
            ("#7c5f40", "#b08c5e", "#d8b888", "#f3e0ba"),
        )
    )
    under = 0.45 + 0.55 * smooth(0.0, 0.22, ledge)
    albedo = ramp(t, palette) * under * (1 - 0.3 * split)
    return Layers(
        albedo, 0.2 * hard * smooth(0, 0.12, ledge) + 0.05 * ledge + 0.02 * grain + 0.012 * beds - 0.1 * split
    )


def marble(p: Patch) -> Layers:
    """Slanting veins of three strengths on a cloudy ground; the slant has whole cycles per patch."""
    way = p.pick((1, -1))
    slant = (p.u + way * p.v) / PATCH

    def vein(cycles: int, bend: float, size: float, width: float) -> torch.Tensor:
        path = slant * cycles + bend * p.fbm(size, 1.9) + 0.025 * p.fbm(0.6, 1.2)
        away = (torch.remainder(path, 1) - 0.5).abs() / cycles * PATCH
        fade = smooth(-1.6, 0.4, p.fbm(1.6, 1.8))
        return torch.exp(-((away / width) ** 2)) * fade

    size = max(1, round(4 / p.scale))
    main, side, hair = vein(size, 0.14, 2.4, 0.07), vein(2 * size, 0.2, 1.8, 0.035), vein(3 * size, 0.26, 1.4, 0.024)
    halo = smooth(0.0, 1.6, p.fbm(1.6, 1.8))
    ground, ink = p.pick(
        (
            (("#dcdbd8", "#f6f4f0", "#fffefb"), "#5b6068"),
            (("#dcdbd8", "#f6f4f0", "#fffefb"), "#7a6a48"),
            (("#e0d2bf", "#f2e8da", "#fbf5ea"), "#8a5f42"),
        )
    )
    cloud = unit(p.fbm(1.5, 1.6))
    veins = (0.85 * main + 0.55 * side + 0.35 * hair + 0.16 * halo).clamp(0, 0.9)
    return Layers(mix(ramp(cloud, ground), ink, veins), 0.0005 * cloud, gloss=0.7)


def crystal(p: Patch) -> Layers:
    shards, finer = p.cells(0.9, (0.7, 1.5), jitter=1.0), p.cells(0.42, (0.7, 1.5), jitter=1.0)
    hue = p.pick(
        (
            ("#2b0f63", "#6a2fd0", "#b072ff", "#f1d9ff"),
            ("#06344f", "#0f86b5", "#4fd6ef", "#e4fdff"),
            ("#5b0f3c", "#b82f7c", "#f078b4", "#ffe0f0"),
        )
    )
    half = torch.remainder(shards.tone * 23, 1) - 0.5  # which way a shard's face leans
    t = 0.16 + 0.55 * shards.tone + 0.28 * (finer.tone - 0.3) * smooth(0.02, 0.2, shards.edge)
    rim = torch.exp(-((shards.edge / 0.022) ** 2))
    glint = smooth(0.9, 0.97, finer.tone) * smooth(0.02, 0.06, finer.edge)
    albedo = mix(mix(ramp(t, hue), "#ffffff", 0.6 * rim), "#ffffff", 0.7 * glint)
    height = 0.5 * shards.edge + 0.2 * half + 0.15 * (shards.tone - 0.5) + 0.1 * finer.tone + 0.25 * finer.edge
    return Layers(albedo, height, 0.85, 0.5 * albedo * t)


def ice(p: Patch) -> Layers:
    cracks, fine = p.cells(1.3, jitter=1.0), p.cells(0.6, jitter=1.0)
    wide, thin = p.warp(torch.stack((cracks.edge, fine.edge)), 0.05, 0.5)
    line = torch.exp(-((wide / 0.026) ** 2)) + 0.45 * torch.exp(-((thin / 0.014) ** 2)) * (cracks.tone > 0.5)
    fringe = 0.4 * torch.exp(-(wide / 0.12)) * unit(p.fbm(0.3, 1.0))
    deep = unit(p.fbm(1.8, 1.9))
    bubbles = p.stars(0.05, 0.12)
    albedo = ramp(0.1 + 0.72 * deep + 0.12 * (cracks.tone - 0.5), ("#2b86bd", "#66b9e0", "#a6ddf2", "#e0f7fe"))
    albedo = mix(albedo, "#f8fdff", (line + fringe + 0.5 * bubbles).clamp(0, 1))
    return Layers(albedo, 0.02 * line + 0.012 * p.fbm(1.2, 2.0), gloss=0.85)
