"""How walls and floors laid piece by piece are drawn: brick, ashlar, rubble, cobbles, tiles, mosaic, roof tiles."""

from __future__ import annotations

import torch

from diffusion.training.data.materials.base import Layers
from diffusion.training.data.materials.patterns import PATCH, Patch, mix, ramp, smooth, unit

BRICKS = (
    ("#5e1d14", "#943623", "#b9502f", "#d67a50", "#e6a077"),
    ("#4a1a18", "#7f2f24", "#a5452f", "#c06a48", "#d9967a"),
    ("#6a2a18", "#a8502c", "#c97343", "#dd9a66", "#e8bd90"),
)
MORTAR = (("#a89c88", "#d2c7b2"), ("#8c857a", "#b5afa3"), ("#c4bba8", "#e6dfcf"))


def brick(p: Patch) -> Layers:
    """Courses stay where they are in every bond: what differs is the bricks' length and offset, colour, mortar and age."""
    length, shift = p.pick(((0.8, 0.5), (0.8, 0.5), (0.8, 0.5), (1.0, 0.5), (0.67, 0.5)))
    bond = p.courses(length, 0.34, shift)
    rough = p.fbm(0.3, 0.8)
    wobble = 0.008 * p.fbm(0.25, 1.2)
    bump = smooth(0.02, 0.05, bond.edge + wobble)
    spread, age = p.number(0.45, 0.85), p.number(-0.4, 0.7)
    burnt = (torch.remainder(bond.tone * 37, 1) > 0.9).float()
    t = 0.5 + spread * (bond.tone - 0.5) + 0.07 * rough - 0.3 * burnt
    face = ramp(t, p.pick(BRICKS))
    bloom = smooth(1.0 - age, 2.2 - age, p.fbm(1.3, 1.4)) * 0.4  # salt and soot of the years
    face = mix(face, p.pick(("#d8cdbc", "#3a302a")), bloom)
    mortar = ramp(unit(p.fbm(0.3, 0.8)), p.pick(MORTAR))
    pillow = smooth(0.0, 0.14, bond.edge)
    return Layers(mix(mortar, face, bump), 0.075 * bump + 0.018 * pillow + 0.008 * rough * bump)


def ashlar(p: Patch) -> Layers:
    blocks = p.courses(p.pick((1.34, 1.34, 1.6)), 0.67, 0.5)
    rough, chips = p.fbm(0.5, 0.9), p.fbm(0.16, 0.8)
    edge = blocks.edge + 0.012 * chips.clamp(-2, 0)
    bump = smooth(0.012, 0.06, edge)
    stain = smooth(0.2, 1.8, p.fbm(1.4, 1.4, stretch=(1.6, 0.6)))
    t = 0.52 + p.number(0.3, 0.5) * (blocks.tone - 0.5) + 0.08 * rough + 0.04 * chips - 0.2 * stain
    palette = p.pick(
        (
            ("#6e675c", "#a39b8c", "#c9c2b2", "#e8e3d4"),
            ("#7d6b4c", "#b39c70", "#d6c196", "#efe2c0"),
            ("#5f6266", "#8d9195", "#b4b7b8", "#d8dad8"),
        )
    )
    albedo = ramp(t, palette) * (0.5 + 0.5 * bump)
    return Layers(albedo, 0.1 * bump + 0.009 * rough + 0.004 * chips + 0.03 * (blocks.tone - 0.5) * bump)


def stone_wall(p: Patch) -> Layers:
    """Rubble in rough courses: cells whose rows are kept, with wide pale mortar."""
    stones = p.cells(0.8, (1.3, 0.72), jitter=0.72)
    edge, tone = p.warp(torch.stack((stones.edge, stones.tone)), 0.03, 0.4)
    rough, grain = p.fbm(0.45, 1.0), p.fbm(0.12, 0.5)
    bump = smooth(0.03, 0.065, edge)
    dome = smooth(0.03, 0.26 * p.scale, edge)
    grey = ramp(0.5 + 0.75 * (tone - 0.5) + 0.1 * rough, ("#55534f", "#7f7b74", "#a5a096", "#c9c4b8"))
    warm = ramp(0.5 + 0.75 * (tone - 0.5) + 0.1 * rough, ("#6a543c", "#94795a", "#b99f7c", "#d8c5a2"))
    share = p.number(0.25, 0.7)
    face = torch.where(torch.remainder(tone * 53, 1) < share, warm, grey) * (1 + 0.05 * grain)
    mortar = ramp(unit(p.fbm(0.3, 1)), p.pick((("#4a443a", "#6a6254"), ("#8d8574", "#aea693"), ("#2f2b26", "#4a443a"))))
    albedo = mix(mortar, face, bump)
    return Layers(albedo, 0.07 * bump + 0.14 * dome + (0.02 * rough + 0.004 * grain) * bump)


def cobble(p: Patch) -> Layers:
    setts = p.courses(0.67, 0.57, 0.5, uneven=0.25)
    x, y = setts.x.abs() * 0.67 * p.scale, setts.y.abs() * 0.57 * p.scale
    corner = 0.17 * p.scale
    rounded = (
        corner
        - ((x - 0.335 * p.scale + corner).clamp(min=0) ** 2 + (y - 0.285 * p.scale + corner).clamp(min=0) ** 2).sqrt()
    )
    edge = torch.where(rounded < corner, rounded, setts.edge.clamp(min=corner))
    edge, tone = p.warp(torch.stack((edge, setts.tone)), 0.03, 0.45)
    bump = smooth(0.02, 0.05, edge)
    dome = smooth(0.0, 0.2 * p.scale, edge)
    grain = p.fbm(0.2, 0.7)
    palette = p.pick(
        (
            ("#55565a", "#7c7d80", "#a3a2a0", "#c8c5bf"),
            ("#55565a", "#7c7d80", "#a3a2a0", "#c8c5bf"),
            ("#5c5048", "#86776a", "#aa9a88", "#cfc1ad"),
        )
    )
    face = ramp(0.5 + 0.65 * (tone - 0.5) + 0.06 * grain + 0.1 * (dome - 0.6), palette)
    damp = smooth(0.2, 1.0, p.fbm(1.4, 1.5))
    joint = ramp(unit(p.fbm(0.25, 0.8)), ("#37302a", "#5a5043"))
    green = ramp(unit(p.fbm(0.15, 0.5)), ("#2c3a16", "#5a7428"))
    joint = mix(joint, green, damp * p.pick((0.0, 0.5, 0.9)))
    return Layers(mix(joint, face, bump), 0.06 * bump + 0.13 * dome + 0.004 * grain, gloss=0.08 + 0.12 * bump)


GLAZES = (
    ("#1c6fa8", "#f1f5f2"),
    ("#1c6fa8", "#f1f5f2"),
    ("#0f8b7d", "#e9f3e6"),
    ("#2b2d34", "#f3f1ea"),
    ("#b5432e", "#f2e2c4"),
)


def tiles(p: Patch) -> Layers:
    n = max(2, 2 * round(PATCH / (0.67 * p.scale) / 2))
    grid = p.courses(PATCH / n / p.scale, PATCH / n / p.scale, 0.0)
    bump = smooth(0.02, 0.042, grid.edge)
    bevel = smooth(0.02, 0.085, grid.edge)
    checker = ((p.u * n / PATCH).long() + (p.v * n / PATCH).long()) % 2
    glaze = 0.9 + 0.12 * grid.tone + 0.025 * p.fbm(0.5, 1.0)
    face = ramp(checker.float(), p.pick(GLAZES)) * glaze * (0.93 + 0.07 * bevel)
    grout = (0.62 + 0.04 * p.fbm(0.3, 0.8)).expand_as(face)
    return Layers(mix(grout, face, bump).clamp(0, 1), 0.03 * bump + 0.025 * bevel, gloss=0.15 + 0.5 * bump)


def mosaic(p: Patch) -> Layers:
    small = p.cells(0.34, jitter=0.5)
    bump = smooth(0.02, 0.04, small.edge)
    swirl = p.warp(p.fbm(1.8, 2.2), 0.15, 1.0)
    band = torch.floor(small.flat(unit(swirl)).clamp(max=0.999) * 5) / 4
    t = band + 0.2 * (small.tone - 0.5)
    palette = p.pick(
        (
            ("#123a7a", "#1e8fb8", "#ece2b8", "#e0a030", "#b03028"),
            ("#5a1a1e", "#b8442c", "#efe3c4", "#3f8f7a", "#173f5c"),
        )
    )
    face = ramp(t, palette) * (0.85 + 0.25 * torch.remainder(small.tone * 41, 1))
    grout = torch.full_like(face, 0.78)
    return Layers(mix(grout, face, bump).clamp(0, 1), 0.05 * bump + 0.03 * small.tone, gloss=0.5)


CLAY = (
    ("#5e2012", "#9c3f24", "#c9613a", "#e58f62"),
    ("#5e2012", "#9c3f24", "#c9613a", "#e58f62"),
    ("#3f241c", "#74432f", "#a0654a", "#c79474"),
)


def roof_tiles(p: Patch) -> Layers:
    """Rounded tiles in overlapping rows; each row's lower edge throws a shadow on the row below."""
    rows = p.courses(0.5, 0.5, 0.5)
    x = rows.x * 2
    arch = 1 - x * x
    lip = rows.y + 0.5 - 0.62 + 0.27 * (1 - arch.clamp(min=0).sqrt())
    # below the lip's curve the next row, half a tile further, is seen
    own = smooth(0.34, 0.30, lip)
    dim = smooth(0.0, 0.3, rows.y + 0.5)
    side = smooth(0.0, 0.12, 0.5 - rows.x.abs())
    lichen = smooth(1.0, 1.8, p.fbm(0.6, 1.0)) * p.pick((0.0, 0.0, 0.6))
    t = 0.22 + 0.55 * rows.tone + 0.22 * arch + 0.05 * p.fbm(0.3, 0.8)
    face = ramp(t, p.pick(CLAY))
    face = mix(face, "#b9b36a", lichen)
    shade = (0.45 + 0.55 * dim) * (0.5 + 0.5 * own) * (0.7 + 0.3 * side)
    return Layers(face * shade, 0.11 * arch * side * own + 0.2 * (rows.y + 0.5) * own, gloss=0.12)
