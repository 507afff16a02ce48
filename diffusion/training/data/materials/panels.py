"""How boards, plates and coats are drawn: planks, rust, steel, concrete, plaster, carpet, gold."""

from __future__ import annotations

import torch
from torch import Tensor

from diffusion.training.data.materials.base import Layers
from diffusion.training.data.materials.patterns import Patch, mix, ramp, smooth, unit

WOODS = (
    ("#4a2a12", "#84521f", "#b67c40", "#dcac6c"),
    ("#4a2a12", "#84521f", "#b67c40", "#dcac6c"),
    ("#3a2416", "#6a4024", "#94603a", "#bd8c5c"),
    ("#4c463e", "#7d756a", "#a59c8e", "#cbc3b5"),
)


def planks(p: Patch) -> Layers:
    boards = p.courses(2.67, 0.42, 0.5, uneven=0.7)
    bump = smooth(0.012, 0.038, boards.edge)
    knot = p.fbm(0.9, 2.2, stretch=(2.6, 0.7))
    rings = torch.sin(16 * (knot * 0.3 + boards.tone * 9) + 9 * boards.y)
    grain = p.fbm(0.3, 0.7, stretch=(5.0, 0.3))
    t = 0.42 + 0.5 * (boards.tone - 0.5) + 0.09 * rings + 0.07 * grain
    ends = (0.5 - boards.x.abs()) * 2.67 * p.scale - 0.11
    nails = smooth(0.034, 0.02, (ends * ends + ((boards.y.abs() - 0.26) * 0.42 * p.scale) ** 2).sqrt())
    albedo = ramp(t, p.pick(WOODS)) * (0.2 + 0.8 * bump) * (1 - 0.7 * nails)
    cup = 0.03 * smooth(0.0, 0.12, boards.edge)
    return Layers(albedo, 0.05 * bump + cup + 0.005 * rings + 0.006 * grain + 0.02 * (boards.tone - 0.5) * bump, 0.12)


def rust(p: Patch) -> Layers:
    plates = p.courses(2.0, 1.34, 0.5)
    seam = smooth(0.0, 0.03, plates.edge)
    blotch = p.fbm(1.0 * p.scale, 1.0)
    worn = smooth(-0.3, 0.4, blotch + p.number(0.1, 0.7))
    runs = smooth(0.3, 1.6, p.fbm(0.6, 1.0, stretch=(0.4, 3.0))) * (1 - worn)
    red = ramp(unit(p.fbm(0.4, 0.7)), ("#3c170a", "#7e3410", "#b85a1c", "#e0903c"))
    steel_ = ramp(unit(p.fbm(0.6, 1)), ("#4f5860", "#7d8890"))
    steel_ = mix(steel_, "#8a4a20", 0.6 * runs)
    rivet = _rivets(p, plates.x * 2.0 * p.scale, plates.y * 1.34 * p.scale, p.scale)
    albedo = mix(steel_, red, worn) * (0.35 + 0.65 * seam) * (1 + 0.25 * rivet)
    flakes = 0.008 * p.fbm(0.15, 0.6) * worn
    return Layers(albedo.clamp(0, 1), 0.04 * seam - 0.02 * worn + flakes + 0.06 * rivet, 0.35 - 0.3 * worn)


def _rivets(p: Patch, x: Tensor, y: Tensor, scale: float) -> Tensor:
    """Round heads along a plate's border; x, y in blocks from its middle."""
    near = (0.67 * scale - y.abs()) - 0.15
    along = torch.remainder(x + 0.17, 0.334) - 0.167
    return smooth(0.06, 0.03, (near * near + along * along).sqrt())


def steel(p: Patch) -> Layers:
    width = p.pick((1.34, 1.34, 2.0))
    plates = p.courses(width, 1.34, 0.0)
    seam = smooth(0.014, 0.035, plates.edge)
    brushed = p.fbm(0.4, 0.5, stretch=(6.0, 0.25))
    sheen = p.fbm(2.5, 2.2, stretch=(1.0, 2.0))
    t = 0.52 + 0.08 * brushed + 0.22 * (plates.tone - 0.5) + 0.14 * sheen
    albedo = ramp(t, ("#4b5661", "#7f8e9b", "#b0bec9", "#e3ebf0")) * (0.3 + 0.7 * seam)
    x, y = (0.5 - plates.x.abs()) * width * p.scale - 0.13, (0.5 - plates.y.abs()) * 1.34 * p.scale - 0.13
    bolt = smooth(0.065, 0.045, (x * x + y * y).sqrt())
    return Layers(albedo * (1 - 0.3 * bolt), 0.06 * seam + 0.06 * bolt + 0.002 * brushed, gloss=0.8)


def concrete(p: Patch) -> Layers:
    panels = p.courses(2.0, 2.0, 0.0)
    seam = smooth(0.01, 0.035, panels.edge)
    hole = smooth(0.075, 0.05, ((panels.x.abs() - 0.3) ** 2 + (panels.y.abs() - 0.3) ** 2).sqrt() * 2 * p.scale)
    runs = smooth(0.2, 2.0, p.fbm(0.7, 1.2, stretch=(0.35, 3.5))) * smooth(-0.5, 0.5, panels.y + 0.2)
    boards = torch.cos(p.v * 2 * torch.pi * 4)
    pores = smooth(1.9, 2.3, p.fbm(0.12, 0.4))
    t = 0.52 + 0.08 * p.fbm(1.2, 1.2) + 0.05 * p.fbm(0.2, 0.5) + 0.16 * (panels.tone - 0.5) - 0.2 * runs
    albedo = ramp(
        t, p.pick((("#6c6d6f", "#939495", "#b3b3b1", "#d2d2ce"), ("#716c64", "#99948a", "#b9b4a8", "#d8d3c6")))
    )
    albedo = albedo * (0.45 + 0.55 * seam) * (1 - 0.5 * hole) * (1 - 0.3 * pores)
    return Layers(albedo, 0.035 * seam - 0.06 * hole - 0.02 * pores + 0.003 * smooth(0.85, 1.0, boards))


PAINTS = (
    ("#e0cba0", "#f4e6c4"),
    ("#d49c62", "#eac08c"),
    ("#e6e3da", "#fbf9f2"),
    ("#d0846e", "#eaaa98"),
    ("#a9bcc0", "#cad8d8"),
)


def plaster(p: Patch) -> Layers:
    """A coat of paint that has come off in places and shows the bricks under it."""
    strokes, grain = p.warp(p.fbm(0.45 * p.scale, 1.3, stretch=(1.8, 0.7)), 0.08, 0.6), p.fbm(0.1, 0.3)
    edge = p.fbm(1.7, 1.5)
    worn = p.number(1.25, 2.0)
    wear = smooth(worn, worn + 0.08, edge)
    rim = smooth(worn - 0.14, worn, edge) - wear
    stain = smooth(0.4, 2.2, p.fbm(1.0, 1.2, stretch=(0.5, 3.0)))
    coat = ramp(0.55 + 0.17 * strokes + 0.1 * grain, p.pick(PAINTS)) * (1 - 0.2 * stain)
    bond = p.courses(0.8, 0.34, 0.5)
    bump = smooth(0.02, 0.05, bond.edge)
    under = mix(ramp(unit(edge), ("#9a8b74", "#b3a48c")), ramp(bond.tone, ("#83432c", "#b26a48")), bump)
    albedo = coat * (1 - 0.12 * rim)
    albedo = mix(albedo, under, wear)
    return Layers(albedo, (0.0035 * strokes + 0.002 * grain + 0.07) * (1 - wear) + 0.03 * bump * wear)


def carpet(p: Patch) -> Layers:
    """Medallions on a lattice, each with a rim, a star and a heart, in wool."""
    weave = p.courses(1.0, 1.0, 0.0)
    x, y = weave.x.abs(), weave.y.abs()
    diamond, square = x + y, torch.maximum(x, y)
    away = (x * x + y * y).sqrt()
    petal = away * (1 + 0.28 * torch.cos(8 * torch.atan2(y, x)))
    ground, gold, ivory, dark = p.pick(
        (
            ("#8f1526", "#dfa944", "#f0e2c0", "#1b2a58"),
            ("#8f1526", "#dfa944", "#f0e2c0", "#1b2a58"),
            ("#1d3566", "#d99f40", "#efe0bd", "#7d1522"),
        )
    )
    albedo = ramp(x * 0, (ground, ground))
    for mask, code in (
        (smooth(0.44, 0.46, square), gold),
        (smooth(0.47, 0.475, square), dark),
        (smooth(0.43, 0.41, diamond), ivory),
        (smooth(0.39, 0.37, diamond), dark),
        (smooth(0.22, 0.20, petal), gold),
        (smooth(0.15, 0.13, petal), ground),
        (smooth(0.07, 0.05, away), ivory),
        (smooth(0.16, 0.14, ((x - 0.5) ** 2 + (y - 0.5) ** 2).sqrt()), ivory),
        (smooth(0.10, 0.08, ((x - 0.5) ** 2 + (y - 0.5) ** 2).sqrt()), ground),
    ):
        albedo = mix(albedo, code, mask)
    thread, worn = p.fbm(0.12, 0.3), p.fbm(1.4, 1.5)
    rows = torch.cos(p.v * 2 * torch.pi * 8)
    return Layers((albedo * (1 + 0.07 * thread + 0.04 * worn)).clamp(0, 1), 0.014 * thread + 0.006 * rows, gloss=0.02)


def gold(p: Patch) -> Layers:
    plates = p.courses(1.0, 0.5, 0.5)
    seam = smooth(0.012, 0.045, plates.edge)
    hammered = p.cells(0.3, jitter=0.9)
    dent = hammered.centre / p.scale
    t = 0.55 + 0.26 * (plates.tone - 0.5) + 0.12 * (hammered.tone - 0.5) - 0.5 * (dent - 0.12) + 0.05 * p.fbm(0.6, 1.2)
    albedo = ramp(t, ("#6e4204", "#b87a0c", "#f0b826", "#ffdf62", "#fff6bc")) * (0.35 + 0.65 * seam)
    return Layers(albedo, 0.07 * seam + 0.3 * dent * dent, gloss=0.95)
