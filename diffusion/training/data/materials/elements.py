"""Water, lava and what hangs above: sky, clouds, stars, aurora."""

from __future__ import annotations

import torch

from diffusion.training.data.materials.base import Layers, Material
from diffusion.training.data.materials.patterns import Patch, ramp, smooth, unit


def water(p: Patch) -> Layers:
    waves = p.fbm(0.9 * p.scale, 1.8, stretch=(1.5, 0.8))
    caustic = p.cells(0.8, jitter=1.0)
    net = torch.exp(-((p.warp(caustic.edge, 0.08, 0.6) / (0.045 * p.scale)) ** 2))
    t = unit(0.8 * waves)
    albedo = ramp(0.1 + 0.7 * t, ("#053a66", "#0a63a0", "#1b94c8", "#63cbe2"))
    return Layers((albedo + 0.3 * net).clamp(0, 1), 0.07 * waves, gloss=0.9)


def swamp(p: Patch) -> Layers:
    pads = p.cells(0.9, jitter=1.0)
    leaf = smooth(0.0, 0.04, (0.3 * p.scale - pads.centre)) * (pads.tone < 0.6)
    pond = ramp(unit(p.fbm(1.0, 1.6)), ("#1c2b16", "#2f4522", "#4a5f2c"))
    green = ramp(0.3 + 0.8 * pads.tone - 0.5 * pads.centre, ("#2e7030", "#5aa244", "#a5d765"))
    return Layers(pond * (1 - leaf) + green * leaf, 0.04 * leaf + 0.01 * p.fbm(0.8, 1.8), 0.7 * (1 - leaf) + 0.1)


def lava(p: Patch) -> Layers:
    crust = p.cells(0.95, jitter=1.0)
    edge = p.warp(crust.edge, 0.07, 0.6)
    heat = torch.exp(-((edge / (0.085 * p.scale)) ** 2)) + 0.25 * unit(p.fbm(1.5, 1.6)) * torch.exp(
        -((edge / 0.2) ** 2)
    )
    rough = p.fbm(0.35, 0.9)
    rockface = ramp(0.5 + 0.2 * rough, ("#120c0e", "#2b2022", "#46383a"))
    fire = ramp(heat, ("#200400", "#a01800", "#ff5a08", "#ffc43a", "#fff3b0"))
    hot = smooth(0.15, 0.5, heat)
    return Layers(
        rockface * (1 - hot) + fire * hot,
        0.2 * (1 - heat.clamp(0, 1)) + 0.03 * rough,
        0.1,
        fire * smooth(0.08, 0.5, heat),
    )


def sky(p: Patch) -> Layers:
    wisps = p.fbm(3.0, 1.5, stretch=(2.2, 0.8))
    veil = smooth(0.6, 2.4, wisps) * 0.6
    blue = ramp(unit(0.5 * p.fbm(6.0, 2.5)), ("#3f8fe0", "#6db4f2"))
    return Layers(blue * (1 - veil) + veil, torch.zeros_like(veil))


def clouds(p: Patch) -> Layers:
    billow = p.fbm(2.2 * p.scale, 1.35)
    body = smooth(-0.2, 0.8, billow)
    shade = unit(0.9 * p.fbm(1.2 * p.scale, 1.3) + 0.5 * billow)
    blue = ramp(unit(p.fbm(5.0, 2.5)), ("#4a93dc", "#75b5ee"))
    cloud = ramp(shade, ("#9fb0c8", "#dbe4ef", "#ffffff"))
    return Layers(blue * (1 - body) + cloud * body, torch.zeros_like(body))


def stars(p: Patch) -> Layers:
    nebula = unit(p.fbm(2.5, 1.7))
    albedo = ramp(nebula, ("#04061a", "#0a1035", "#1e1a55", "#4b2a7a"))
    dots = p.stars(0.16, 0.16) * 1.5 + p.stars(0.1, 0.25)
    tint = ramp(unit(p.fbm(0.8, 1)), ("#ffe2b8", "#ffffff", "#bcd4ff"))
    shown = (albedo + dots * tint).clamp(0, 1)
    return Layers(shown * 0.2, torch.zeros_like(dots), 0.0, shown)


def aurora(p: Patch) -> Layers:
    curtain = p.fbm(1.6, 1.3, stretch=(0.45, 6.0))
    band = smooth(-0.4, 1.2, p.fbm(3.0, 2.0) + 0.7 * curtain)
    glow = ramp(unit(p.fbm(3.0, 2.0)), ("#17e08a", "#35f0c0", "#7a5cff")) * band
    shown = (
        glow * (0.65 + 0.35 * unit(curtain)) + ramp(band, ("#050a20", "#08203a")) + 0.9 * p.stars(0.1, 0.12)
    ).clamp(0, 1)
    return Layers(shown * 0.2, torch.zeros_like(band), 0.0, shown)


ELEMENTS = (
    Material(
        "water",
        water,
        ("water", "sea", "lake", "river", "pool", "clear water", "blue water", "pond", "ocean surface", "waves"),
        ("ocean", "lagoon", "bay"),
        place="floor",
        weight=1.5,
    ),
    Material(
        "swamp",
        swamp,
        ("swamp", "lily pads", "pond with water lilies", "marsh", "swamp water", "bog", "murky pond", "water lilies"),
        ("wetland", "lotus pond", "mire"),
        place="floor",
        weight=0.8,
    ),
    Material(
        "lava",
        lava,
        (
            "lava",
            "molten rock",
            "magma",
            "lava flow",
            "molten lava",
            "volcanic lava",
            "burning lava",
            "glowing lava",
            "river of fire",
        ),
        ("volcano", "embers", "hot magma"),
        weight=1.1,
    ),
    Material(
        "sky",
        sky,
        ("sky", "blue sky", "clear sky", "open sky", "bright sky", "the sky", "cloudless sky", "daytime sky"),
        ("heavens", "firmament", "azure sky"),
        place="sky",
        weight=1.5,
    ),
    Material(
        "clouds",
        clouds,
        (
            "clouds",
            "cloudy sky",
            "white clouds",
            "sky with clouds",
            "fluffy clouds",
            "overcast sky",
            "cumulus clouds",
            "cloudscape",
        ),
        ("cumulus", "thunderhead", "puffy clouds"),
        place="sky",
        weight=1.5,
    ),
    Material(
        "starry sky",
        stars,
        (
            "starry sky",
            "stars",
            "night sky",
            "starry night",
            "sky full of stars",
            "milky way",
            "nebula",
            "outer space",
            "galaxy",
        ),
        ("cosmos", "constellations", "deep space"),
        place="sky",
        weight=1.2,
    ),
    Material(
        "aurora",
        aurora,
        (
            "aurora",
            "northern lights",
            "aurora borealis",
            "polar lights",
            "green aurora",
            "aurora sky",
            "dancing lights",
            "polar aurora",
        ),
        ("southern lights", "aurora australis", "arctic lights"),
        place="sky",
        weight=0.7,
    ),
)
