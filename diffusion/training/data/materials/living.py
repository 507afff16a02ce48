"""Things that grow: grass, meadow, moss, leaves, hedge, bark, thatch, straw."""

from __future__ import annotations

import torch

from diffusion.training.data.materials.base import Layers, Material
from diffusion.training.data.materials.patterns import Patch, ramp, smooth, unit


def grass(p: Patch) -> Layers:
    blades = p.fbm(0.35 * p.scale, 0.9, stretch=(0.45, 1.7))
    tufts = p.fbm(1.2 * p.scale, 1.5)
    t = unit(0.75 * blades + 0.5 * tufts)
    return Layers(ramp(t, ("#1f5a1c", "#2f7d26", "#4fa032", "#7cc242", "#a9d957")), 0.09 * t)


def meadow(p: Patch) -> Layers:
    base = grass(p)
    flowers = p.cells(0.42, jitter=1.0)
    dot = smooth(0.15, 0.09, flowers.centre / p.scale) * (flowers.tone < 0.55)
    heart = smooth(0.06, 0.04, flowers.centre / p.scale) * (flowers.tone < 0.55)
    petals = ramp((flowers.tone * 7.3) % 1.0, ("#ffffff", "#ffd83a", "#ff6fa8", "#c04bdb", "#ff5a3c"))
    albedo = base.albedo * (1 - dot) + petals * dot
    albedo = albedo * (1 - heart) + torch.tensor([0.98, 0.75, 0.15], device=dot.device).view(3, 1, 1) * heart
    return Layers(albedo, base.height + 0.06 * dot)


def moss(p: Patch) -> Layers:
    cushions = p.cells(0.5, jitter=1.0)
    bump = smooth(0.0, 0.2, cushions.edge / p.scale)
    fuzz = p.fbm(0.2, 0.6)
    t = unit(1.6 * (bump - 0.55) + 0.4 * fuzz + 0.7 * (cushions.tone - 0.5))
    return Layers(ramp(t, ("#15330f", "#2d5a17", "#54801d", "#86a92b", "#b3c84a")), 0.22 * bump + 0.02 * fuzz)


def leaves(p: Patch) -> Layers:
    palette = p.pick(
        (
            ("#0f3d14", "#1f6b22", "#3b9a30", "#79c94c"),
            ("#0f3d14", "#1f6b22", "#3b9a30", "#79c94c"),
            ("#5c1d0a", "#a83a10", "#e0751c", "#f7b733"),
        )
    )
    return _foliage(p, palette)


def _foliage(p: Patch, palette: tuple[str, ...]) -> Layers:
    upper = p.cells(0.42, (0.75, 1.25), jitter=1.0)
    lower = p.cells(0.36, (1.2, 0.8), jitter=1.0)
    top = smooth(0.01, 0.05, upper.edge / p.scale) * (upper.tone > 0.35)
    rib = 1 - 0.5 * smooth(0.05, 0.0, (upper.centre - 0.1 * p.scale).abs())
    depth = torch.where(top > 0.3, 0.5 + 0.5 * upper.tone, 0.35 * lower.tone * smooth(0, 0.06, lower.edge))
    t = depth * (0.85 + 0.15 * rib) + 0.06 * p.fbm(0.15, 0.8)
    return Layers(ramp(t, palette), 0.28 * depth + 0.1 * upper.edge.clamp(max=0.15), gloss=0.2)


def hedge(p: Patch) -> Layers:
    small = p.cells(0.24, jitter=1.0)
    clumps = p.fbm(0.9 * p.scale, 1.6)
    t = unit(1.1 * (small.tone - 0.5) + 5.0 * (small.edge - 0.05) / p.scale + 0.8 * clumps)
    return Layers(ramp(t, ("#08230d", "#124a1e", "#1f7034", "#47a150")), 0.16 * t + 0.1 * clumps, gloss=0.15)


def bark(p: Patch) -> Layers:
    plates = p.cells(0.34, (0.7, 2.6), jitter=1.0)
    edge = p.warp(torch.stack((plates.edge, plates.tone)), 0.06, 0.6)
    ridge = smooth(0.0, 0.06 * p.scale, edge[0])
    fibre = p.fbm(0.3, 0.9, stretch=(0.35, 2.5))
    t = ridge * (0.55 + 0.3 * edge[1]) + 0.1 * fibre
    return Layers(ramp(t, ("#24150c", "#5c3a20", "#8f6239", "#bf9460")), 0.3 * ridge + 0.02 * fibre)


def thatch(p: Patch) -> Layers:
    layers = p.courses(PATCH_WIDE, 1.0, 0.0)
    straw = p.fbm(0.3 * p.scale, 0.5, stretch=(0.22, 3.0))
    lip = smooth(0.5, 0.2, layers.y + 0.06 * p.fbm(0.3, 1.0, stretch=(0.5, 2)))
    t = unit(0.9 * straw) * 0.75 + 0.25
    albedo = ramp(t * (0.35 + 0.65 * lip), ("#3b2610", "#8a6424", "#c99a3e", "#efcf7c"))
    return Layers(albedo, 0.05 * straw + 0.25 * (layers.y + 0.5) * lip)


PATCH_WIDE = 8.0


def straw(p: Patch) -> Layers:
    one = p.fbm(0.35 * p.scale, 0.4, stretch=(0.2, 2.2))
    two = p.fbm(0.35 * p.scale, 0.4, stretch=(2.2, 0.2))
    over = p.fbm(0.8 * p.scale, 1.0) > 0
    strands = torch.where(over, one, two)
    return Layers(ramp(unit(strands), ("#8a6a1c", "#cfa534", "#f0d05c", "#fff0a0")), 0.08 * strands)


def ivy(p: Patch) -> Layers:
    vine = p.cells(0.42, jitter=1.0)
    lobes = 0.22 * p.scale * (0.75 + 0.35 * torch.cos(3 * torch.atan2(p.fbm(0.5, 2.0), p.fbm(0.5, 2.0))))
    leaf = smooth(0.0, 0.06, lobes - vine.centre)
    t = 0.35 + 0.5 * vine.tone - 0.5 * vine.centre / p.scale
    green = ramp(t, ("#0c3a1c", "#1d6b2e", "#49a345", "#9bd46a"))
    wall = ramp(unit(p.fbm(0.7, 1.2)) * 0.6 + 0.2, ("#4b3a2c", "#8b765d", "#b7a387"))
    return Layers(green * leaf + wall * (1 - leaf) * 0.75, 0.2 * leaf * (0.6 + 0.4 * vine.tone), gloss=0.15)


LIVING = (
    Material(
        "grass",
        grass,
        (
            "grass",
            "lawn",
            "green grass",
            "turf",
            "grassland",
            "grassy ground",
            "grass field",
            "mown lawn",
            "pasture",
            "sward",
        ),
        ("greensward", "prairie grass", "golf green"),
        weight=1.6,
    ),
    Material(
        "meadow",
        meadow,
        (
            "meadow",
            "flower meadow",
            "wildflowers",
            "flowers in grass",
            "field of flowers",
            "flowery meadow",
            "blooming field",
            "grass with flowers",
            "daisies and poppies",
            "spring meadow",
        ),
        ("flower bed", "blossoming pasture", "wildflower field"),
        weight=1.2,
    ),
    Material(
        "moss",
        moss,
        (
            "moss",
            "mossy ground",
            "thick moss",
            "moss carpet",
            "cushion moss",
            "moss cushions",
            "forest moss",
            "soft moss",
            "green moss",
            "moss bed",
        ),
        ("lichen", "sphagnum", "peat moss"),
    ),
    Material(
        "leaves",
        leaves,
        (
            "leaves",
            "foliage",
            "leafy bush",
            "tree leaves",
            "big leaves",
            "leaf canopy",
            "tree crown",
            "jungle leaves",
            "treetop",
            "leafage",
        ),
        ("tree canopy", "greenery", "jungle foliage"),
    ),
    Material(
        "hedge",
        hedge,
        (
            "hedge",
            "boxwood hedge",
            "trimmed hedge",
            "shrub",
            "bush",
            "hedgerow",
            "clipped bush",
            "dense shrubbery",
            "garden hedge",
            "topiary",
        ),
        ("privet", "garden bush", "maze hedge"),
    ),
    Material(
        "ivy",
        ivy,
        (
            "ivy",
            "ivy wall",
            "climbing ivy",
            "vines",
            "creepers on a wall",
            "wall of vines",
            "ivy leaves",
            "climbing plants",
            "overgrown wall",
        ),
        ("creeper", "grapevine", "vine-covered wall"),
        place="wall",
    ),
    Material(
        "bark",
        bark,
        (
            "bark",
            "tree bark",
            "tree trunk",
            "oak bark",
            "rough bark",
            "trunk",
            "pine bark",
            "log",
            "bark of an old tree",
            "wood bark",
        ),
        ("elm bark", "stem of a tree", "timber log"),
    ),
    Material(
        "thatch",
        thatch,
        (
            "thatch",
            "thatched roof",
            "reed roof",
            "straw roof",
            "thatch roof",
            "reed thatch",
            "roof of straw",
            "thatching",
            "cottage roof",
        ),
        ("reed roofing", "palm thatch", "hut roof"),
    ),
    Material(
        "straw",
        straw,
        (
            "straw",
            "hay",
            "dry straw",
            "haystack",
            "hay bale",
            "heap of straw",
            "dry grass",
            "golden hay",
            "stubble",
            "straw bale",
        ),
        ("wheat straw", "hayrick", "fodder"),
    ),
)
