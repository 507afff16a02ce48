"""Ground and stone: soil, mud, sand, gravel, cobble, stone wall, rock, cliff, marble, crystal, snow, ice."""

from __future__ import annotations

import torch

from diffusion.training.data.materials.base import Layers, Material
from diffusion.training.data.materials.patterns import Patch, ramp, smooth, unit


def soil(p: Patch) -> Layers:
    lumps = p.fbm(0.5 * p.scale, 0.9)
    pebbles = p.cells(0.3, jitter=1.0)
    stone = smooth(0.06, 0.03, pebbles.centre / p.scale) * (pebbles.tone < 0.4)
    t = unit(lumps)
    albedo = ramp(t, ("#2a170c", "#4a2b17", "#6b4226", "#8d5f3a"))
    return Layers(albedo * (1 - stone) + stone * ramp(pebbles.tone * 2, ("#8a7a68", "#c0ae98")), 0.1 * t + 0.05 * stone)


def cracked_earth(p: Patch) -> Layers:
    cells = p.cells(0.75, jitter=0.95)
    crack = smooth(0.0, 0.05, cells.edge - 0.012)
    grain = p.fbm(0.4, 0.8)
    t = 0.6 + 0.15 * grain + 0.25 * (cells.tone - 0.5)
    albedo = ramp(t, ("#8a5a34", "#b98552", "#d9ac77", "#efcfa0")) * (0.25 + 0.75 * crack)
    return Layers(albedo, 0.15 * crack + 0.01 * grain)


def sand(p: Patch) -> Layers:
    wind = p.warp(torch.sin(p.v * (2 * torch.pi * round(8 / (0.5 * p.scale)) / 8)), 0.14, 1.4)
    grain = p.fbm(0.12, 0.3)
    dune = p.fbm(2.0, 2.0)
    t = 0.55 + 0.17 * wind + 0.07 * grain + 0.08 * dune
    return Layers(ramp(t, ("#b9853f", "#dcae60", "#f2cf86", "#fff0c0")), 0.045 * wind + 0.008 * grain)


def gravel(p: Patch) -> Layers:
    cells = p.cells(0.42, jitter=1.0)
    bump = smooth(0.0, 0.1 * p.scale, cells.edge)
    t = 0.25 + 0.65 * cells.tone + 0.06 * p.fbm(0.15, 0.6)
    albedo = ramp(t, ("#57524d", "#8a8580", "#b5ada3", "#d8d2c8")) * (0.3 + 0.7 * bump)
    return Layers(albedo, 0.16 * bump)


def pebbles(p: Patch) -> Layers:
    cells = p.cells(0.6, (1.15, 0.9), jitter=0.95)
    bump = smooth(0.0, 0.16 * p.scale, cells.edge)
    albedo = ramp((cells.tone * 3.7) % 1, ("#8d7f74", "#d9cdbd", "#6f7d86", "#b38b6a", "#4f555c")) * (
        0.25 + 0.75 * bump
    )
    return Layers(albedo * (1 + 0.05 * p.fbm(0.15, 0.5)), 0.2 * bump, gloss=0.25)


def cobble(p: Patch) -> Layers:
    stones = p.courses(0.67, 0.57, 0.5, uneven=0.25)
    edge = p.warp(torch.stack((stones.edge, stones.tone)), 0.022, 0.5)
    bump = smooth(0.015, 0.15 * p.scale, edge[0])
    t = 0.3 + 0.5 * edge[1] + 0.06 * p.fbm(0.25, 0.8)
    albedo = ramp(t, ("#4a4c55", "#6f727d", "#9699a1", "#bcbcbd"))
    joint = ramp(unit(p.fbm(0.3, 1.0)), ("#2a2620", "#4c4636"))
    return Layers(albedo * bump + joint * (1 - bump), 0.17 * bump, gloss=0.15)


def stone_wall(p: Patch) -> Layers:
    cells = p.cells(0.85, (1.35, 0.75), jitter=0.85)
    bump = smooth(0.02, 0.08 * p.scale, cells.edge)
    rough = p.fbm(0.4, 1.0)
    t = 0.2 + 0.55 * cells.tone + 0.12 * rough
    albedo = ramp(t, ("#6a5f52", "#8f8370", "#b1a68f", "#cfc8b4"))
    mortar = ramp(unit(p.fbm(0.3, 1)), ("#3e372e", "#5c5244"))
    return Layers(albedo * bump + mortar * (1 - bump), 0.15 * bump + 0.02 * rough)


def ashlar(p: Patch) -> Layers:
    blocks = p.courses(1.34, 0.67, 0.5)
    bump = smooth(0.012, 0.05, blocks.edge)
    rough = p.fbm(0.5, 0.9)
    t = 0.45 + 0.35 * (blocks.tone - 0.5) + 0.12 * rough
    albedo = ramp(t, ("#7f7a72", "#a59f94", "#c6c0b2", "#e4dfd2")) * (0.4 + 0.6 * bump)
    return Layers(albedo, 0.1 * bump + 0.012 * rough)


def rock(p: Patch) -> Layers:
    facets = p.cells(1.3, (1.2, 0.9), jitter=1.0)
    slope = facets.tone * 2 - 1
    height = p.fbm(1.4 * p.scale, 1.7) * 0.14 + slope * 0.14 + 0.45 * facets.edge
    t = 0.5 + 0.12 * p.fbm(0.9, 1.3) + 0.16 * slope
    return Layers(ramp(t, ("#3c3a3d", "#636065", "#8b878a", "#b4b0b0")), height)


def cliff(p: Patch) -> Layers:
    bend = p.fbm(2.5, 2.2) * 0.18
    n = max(4, round(8 / (0.8 * p.scale)))
    level = (p.v + bend) * n / 8
    index = level.floor().long() % n
    tone = torch.rand(n, generator=p.random).to(p.device)[index]
    ledge = level - level.floor()
    grain = p.fbm(0.5, 0.9, stretch=(2.5, 0.6))
    t = 0.15 + 0.65 * tone + 0.09 * grain
    albedo = ramp(t, ("#7a3b22", "#b4623a", "#d98f58", "#efc38c")) * (0.55 + 0.45 * smooth(0, 0.16, ledge))
    return Layers(albedo, 0.12 * tone + 0.05 * ledge + 0.02 * grain)


def marble(p: Patch) -> Layers:
    swirl = p.warp(p.fbm(2.2 * p.scale, 1.4), 0.35, 1.5)
    vein = torch.exp(-((swirl / 0.09) ** 2)) + 0.5 * torch.exp(
        -((p.warp(p.fbm(1.1 * p.scale, 1.5), 0.2, 1) / 0.05) ** 2)
    )
    ink = p.pick(("#5c6270", "#6a655c", "#8a7440"))
    albedo = ramp(unit(p.fbm(1.5, 1.6)), ("#ddd9d4", "#fbf8f2"))
    veins = (vein * 0.85).clamp(0, 1)
    return Layers(albedo * (1 - veins) + ramp(veins, (ink, ink)) * veins, 0.002 * swirl, gloss=0.7)


def crystal(p: Patch) -> Layers:
    shards = p.cells(0.9, (0.7, 1.4), jitter=1.0)
    finer = p.cells(0.4, (0.7, 1.4), jitter=1.0)
    hue = p.pick((("#2b0f63", "#6a2fd0", "#b072ff", "#f1d9ff"), ("#06344f", "#0f86b5", "#4fd6ef", "#e4fdff")))
    t = 0.2 + 0.5 * shards.tone + 0.3 * finer.tone * smooth(0.02, 0.2, shards.edge)
    rim = torch.exp(-((shards.edge / 0.02) ** 2))
    albedo = ramp(t, hue) * (1 - 0.7 * rim) + 0.7 * rim
    return Layers(albedo, 0.35 * shards.edge + 0.15 * (shards.tone - 0.5) + 0.1 * finer.tone, 0.8, 0.35 * albedo * t)


def snow(p: Patch) -> Layers:
    drift = p.fbm(1.8 * p.scale, 2.2)
    crust = p.fbm(0.35, 1.0)
    t = 0.72 + 0.1 * drift + 0.05 * crust
    sparkle = p.stars(0.04, 0.12)
    return Layers(
        (ramp(t, ("#9fb9e0", "#d3e3f6", "#f2f8ff", "#ffffff")) + 0.2 * sparkle).clamp(0, 1),
        0.2 * drift + 0.012 * crust,
        0.2,
    )


def ice(p: Patch) -> Layers:
    cracks = p.cells(1.1, jitter=1.0)
    fine = p.cells(0.5, jitter=1.0)
    line = torch.exp(-((cracks.edge / 0.03) ** 2)) + 0.5 * torch.exp(-((fine.edge / 0.015) ** 2)) * (cracks.tone > 0.5)
    deep = unit(p.fbm(1.5, 1.7))
    albedo = ramp(0.15 + 0.7 * deep, ("#3f9ccb", "#7cc8e6", "#b5e6f5", "#e6fbff"))
    line = line.clamp(0, 1)
    return Layers(albedo * (1 - line) + 0.97 * line, 0.03 * line + 0.015 * p.fbm(0.8, 1.5), gloss=0.85)


MINERAL = (
    Material(
        "soil",
        soil,
        (
            "soil",
            "earth",
            "dirt",
            "bare earth",
            "brown soil",
            "dirt ground",
            "garden soil",
            "ploughed earth",
            "topsoil",
            "dirt path",
        ),
        ("humus", "farmland soil", "loam"),
    ),
    Material(
        "cracked earth",
        cracked_earth,
        (
            "cracked earth",
            "dried mud",
            "parched ground",
            "drought soil",
            "desert floor",
            "cracked clay",
            "salt flat",
            "dry lake bed",
            "dry cracked ground",
        ),
        ("parched riverbed", "clay pan", "arid ground"),
    ),
    Material(
        "sand",
        sand,
        (
            "sand",
            "desert sand",
            "beach",
            "sandy ground",
            "dune",
            "sand dunes",
            "rippled sand",
            "beach sand",
            "golden sand",
            "desert",
        ),
        ("sandbank", "sahara", "seashore"),
        weight=1.3,
    ),
    Material(
        "gravel",
        gravel,
        (
            "gravel",
            "crushed stone",
            "gravel path",
            "grit",
            "rubble",
            "loose stones",
            "gravel road",
            "stone chips",
            "grey gravel",
        ),
        ("shingle", "ballast", "scree"),
    ),
    Material(
        "pebbles",
        pebbles,
        (
            "pebbles",
            "river stones",
            "round stones",
            "pebble beach",
            "smooth pebbles",
            "river pebbles",
            "rounded stones",
            "stream bed",
        ),
        ("river rocks", "pebbled shore", "smooth stones"),
    ),
    Material(
        "cobble",
        cobble,
        (
            "cobblestone",
            "cobbles",
            "cobbled street",
            "stone paving",
            "cobblestone road",
            "old street paving",
            "setts",
            "paved road",
            "cobbled pavement",
            "cobblestones",
        ),
        ("cobbled lane", "paving stones", "roman road"),
        weight=1.3,
    ),
    Material(
        "stone wall",
        stone_wall,
        (
            "stone wall",
            "rubble wall",
            "fieldstone wall",
            "dry stone wall",
            "rough stone wall",
            "old stone wall",
            "wall of stones",
            "medieval stone wall",
            "stone masonry",
            "castle wall",
        ),
        ("boulder wall", "rampart", "fortress wall"),
        weight=1.4,
    ),
    Material(
        "ashlar",
        ashlar,
        (
            "stone blocks",
            "ashlar",
            "cut stone blocks",
            "limestone blocks",
            "temple wall",
            "stone block wall",
            "pyramid blocks",
            "dressed stone",
            "large stone blocks",
            "sandstone blocks",
        ),
        ("cathedral wall", "hewn stone", "quarried blocks"),
    ),
    Material(
        "rock",
        rock,
        (
            "rock",
            "rock face",
            "boulder",
            "grey rock",
            "granite",
            "mountain rock",
            "bare rock",
            "rocky ground",
            "stone",
            "natural stone",
        ),
        ("basalt", "crag", "bedrock"),
        weight=1.2,
    ),
    Material(
        "cliff",
        cliff,
        (
            "cliff",
            "sandstone cliff",
            "canyon wall",
            "layered rock",
            "rock strata",
            "red cliff",
            "sedimentary rock",
            "canyon",
            "sandstone layers",
        ),
        ("gorge wall", "badlands", "mesa"),
    ),
    Material(
        "marble",
        marble,
        (
            "marble",
            "white marble",
            "polished marble",
            "marble floor",
            "veined marble",
            "carrara marble",
            "marble slab",
            "palace floor",
            "marble wall",
        ),
        ("polished stone", "alabaster", "marble column"),
    ),
    Material(
        "crystal",
        crystal,
        (
            "crystal",
            "crystals",
            "amethyst",
            "gemstone",
            "crystal cave",
            "quartz",
            "glowing crystals",
            "jewels",
            "crystal wall",
        ),
        ("geode", "sapphire", "gem"),
    ),
    Material(
        "snow",
        snow,
        (
            "snow",
            "fresh snow",
            "snowfield",
            "deep snow",
            "white snow",
            "powder snow",
            "snow drift",
            "snowy ground",
            "blanket of snow",
        ),
        ("snowbank", "winter ground", "hoarfrost"),
        weight=1.2,
    ),
    Material(
        "ice",
        ice,
        (
            "ice",
            "frozen lake",
            "glacier ice",
            "blue ice",
            "cracked ice",
            "ice sheet",
            "frozen water",
            "glacier",
            "icy surface",
        ),
        ("iceberg", "ice rink", "permafrost"),
    ),
)
