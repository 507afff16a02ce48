"""Things people make: brick, tiles, roof tiles, planks, metal, concrete, plaster, facade, carpet, gold."""

from __future__ import annotations

import torch

from diffusion.training.data.materials.base import Layers, Material
from diffusion.training.data.materials.patterns import Patch, ramp, smooth, unit


def brick(p: Patch) -> Layers:
    bond = p.courses(0.8, 0.34, 0.5)
    bump = smooth(0.022, 0.055, bond.edge)
    rough = p.fbm(0.3, 0.8)
    palette = p.pick((("#6e2417", "#9c3a22", "#bf5434", "#d97a50"), ("#6e2417", "#a8452a", "#c25f3c", "#dd8a60")))
    t = 0.15 + 0.7 * bond.tone + 0.09 * rough
    mortar = ramp(unit(p.fbm(0.3, 0.8)), ("#b3a794", "#d8cebb"))
    return Layers(ramp(t, palette) * bump + mortar * (1 - bump), 0.08 * bump + 0.01 * rough)


def tiles(p: Patch) -> Layers:
    grid = p.courses(0.67, 0.67, 0.0)
    bump = smooth(0.018, 0.045, grid.edge)
    pair = p.pick((("#1c6fa8", "#f1f5f2"), ("#0f8b7d", "#e9f3e6"), ("#2b2d34", "#f3f1ea"), ("#b5432e", "#f2e2c4")))
    n = round(8 / (0.67 * p.scale))
    checker = ((p.u * n / 8).long() + (p.v * n / 8).long()) % 2 if n % 2 == 0 else (grid.tone > 0.5).long()
    albedo = ramp(checker.float(), pair) * (0.92 + 0.12 * grid.tone) * bump + 0.62 * (1 - bump)
    return Layers(albedo.clamp(0, 1), 0.05 * bump, gloss=0.6)


def mosaic(p: Patch) -> Layers:
    small = p.cells(0.34, jitter=0.55)
    bump = smooth(0.018, 0.035, small.edge)
    band = unit(p.warp(p.fbm(1.6, 2.0), 0.1, 1.0))
    t = (torch.floor(band * 4) / 4 + 0.18 * small.tone).clamp(0, 1)
    albedo = ramp(t, ("#123a7a", "#1e8fb8", "#e8dcb0", "#e0a030", "#b03028"))
    return Layers(albedo * bump + 0.82 * (1 - bump), 0.05 * bump, gloss=0.5)


def roof_tiles(p: Patch) -> Layers:
    rows = p.courses(0.5, 0.5, 0.5)
    curve = (0.25 - rows.x * rows.x).clamp(min=0) * 4
    lip = rows.y + 0.5 - 0.35 * (1 - curve)
    face = smooth(-0.02, 0.06, lip) * smooth(0.0, 0.12, 1 - (rows.y + 0.5))
    side = smooth(0.0, 0.07, 0.5 - rows.x.abs())
    t = 0.25 + 0.5 * rows.tone + 0.25 * curve
    albedo = ramp(t, ("#7d2a16", "#b0472a", "#d4683f", "#eb9462")) * (0.3 + 0.7 * torch.minimum(face, side))
    return Layers(albedo, 0.13 * curve * side + 0.12 * (rows.y + 0.5), gloss=0.1)


def planks(p: Patch) -> Layers:
    boards = p.courses(2.67, 0.42, 0.5, uneven=0.7)
    bump = smooth(0.012, 0.035, boards.edge)
    rings = torch.sin(14 * (p.fbm(1.2, 2.0, stretch=(3.0, 0.5)) * 0.35 + boards.tone * 9))
    grain = p.fbm(0.3, 0.7, stretch=(4.0, 0.4))
    t = 0.3 + 0.4 * boards.tone + 0.1 * rings + 0.08 * grain
    albedo = ramp(t, ("#5a3416", "#8f5a2a", "#bd8446", "#dfb274")) * (0.22 + 0.78 * bump)
    return Layers(albedo, 0.05 * bump + 0.006 * rings, gloss=0.15)


def rust(p: Patch) -> Layers:
    plates = p.courses(2.0, 1.34, 0.5)
    seam = smooth(0.0, 0.03, plates.edge)
    blotch = p.fbm(1.0 * p.scale, 1.0)
    worn = smooth(-0.3, 0.4, blotch + 0.3)
    red = ramp(unit(p.fbm(0.4, 0.7)), ("#4a1d0c", "#8a3a12", "#c0601c", "#e08d3c"))
    steel = ramp(unit(p.fbm(0.6, 1)), ("#4f5860", "#76818a"))
    rivet = _rivets(p, plates.x * 2.0 * p.scale, plates.y * 1.34 * p.scale, p.scale)
    albedo = (red * worn + steel * (1 - worn)) * (0.35 + 0.65 * seam) * (1 + 0.35 * rivet)
    return Layers(albedo.clamp(0, 1), 0.04 * seam + 0.02 * worn + 0.06 * rivet, gloss=0.25)


def _rivets(p: Patch, x: torch.Tensor, y: torch.Tensor, scale: float) -> torch.Tensor:
    """Round heads along a plate's border; x, y in blocks from its middle."""
    near = (0.67 * scale - y.abs()) - 0.15
    along = torch.remainder(x + 0.17, 0.334) - 0.167
    return smooth(0.055, 0.035, (near * near + along * along).sqrt())


def steel(p: Patch) -> Layers:
    plates = p.courses(1.34, 1.34, 0.0)
    seam = smooth(0.012, 0.035, plates.edge)
    brushed = p.fbm(0.4, 0.5, stretch=(5.0, 0.3))
    t = 0.5 + 0.1 * brushed + 0.25 * (plates.tone - 0.5)
    albedo = ramp(t, ("#57626e", "#8796a4", "#b4c2cd", "#dfe8ee")) * (0.35 + 0.65 * seam)
    bolt = smooth(0.07, 0.045, ((0.5 - plates.x.abs() - 0.1) ** 2 + (0.5 - plates.y.abs() - 0.1) ** 2).sqrt() * 1.34)
    return Layers(albedo * (1 - 0.35 * bolt), 0.06 * seam + 0.05 * bolt, gloss=0.9)


def concrete(p: Patch) -> Layers:
    panels = p.courses(2.0, 2.0, 0.0)
    seam = smooth(0.006, 0.03, panels.edge)
    hole = smooth(0.07, 0.05, ((panels.x.abs() - 0.3) ** 2 + (panels.y.abs() - 0.3) ** 2).sqrt() * 2)
    stain = p.fbm(1.2, 1.2, stretch=(0.6, 2.0))
    t = 0.5 + 0.11 * stain + 0.06 * p.fbm(0.2, 0.5)
    albedo = ramp(t, ("#77787a", "#98999a", "#b5b5b3", "#cfcfcb")) * (0.5 + 0.5 * seam) * (1 - 0.45 * hole)
    return Layers(albedo, 0.03 * seam - 0.04 * hole + 0.004 * stain)


def plaster(p: Patch) -> Layers:
    trowel = p.warp(p.fbm(0.9 * p.scale, 1.3), 0.15, 0.8)
    wear = smooth(1.5, 1.8, p.fbm(1.6, 1.4))
    palette = p.pick((("#e6d2a8", "#f8ecd0"), ("#d9a26a", "#f0c895"), ("#eceae2", "#ffffff"), ("#d98f7a", "#f2b8a2")))
    albedo = ramp(unit(trowel), palette)
    under = ramp(unit(p.fbm(0.4, 0.9)), ("#9a6a4c", "#b98a66"))
    return Layers(albedo * (1 - wear) + under * wear, 0.012 * trowel - 0.04 * wear)


def facade(p: Patch) -> Layers:
    grid = p.courses(1.0, 1.0, 0.0)
    x, y = grid.x.abs(), grid.y
    inside = smooth(0.02, 0.0, torch.maximum(x - 0.27, (y + 0.02).abs() - 0.33))
    frame = smooth(0.02, 0.0, torch.maximum(x - 0.34, (y + 0.02).abs() - 0.40)) - inside
    bars = smooth(0.035, 0.02, torch.minimum(x, (y + 0.02).abs())) * inside
    lit = (grid.tone < 0.45).float()
    wall = ramp(
        unit(0.6 * p.fbm(0.8, 1.0)), p.pick((("#7d6a68", "#9c8782"), ("#56637a", "#74829a"), ("#b09a78", "#cdb892")))
    )
    ledge = smooth(0.06, 0.03, 0.5 - y)
    wall = wall * (1 + 0.3 * ledge)
    glass = ramp(grid.tone, ("#20304a", "#486a8a"))
    warm = ramp(0.4 + 0.6 * (grid.y + 0.5), ("#ffe08a", "#ffb648"))
    pane = glass * (1 - lit) + warm * lit
    albedo = wall * (1 - inside - frame) + 0.9 * frame + pane * inside
    albedo = albedo * (1 - bars) + 0.35 * bars
    return Layers(
        albedo.clamp(0, 1),
        0.06 * frame + 0.05 * ledge - 0.05 * inside,
        0.1 + 0.6 * inside,
        warm * inside * lit * (1 - bars),
    )


def carpet(p: Patch) -> Layers:
    weave = p.courses(1.0, 1.0, 0.0)
    radius = weave.x.abs() + weave.y.abs()
    rings = torch.floor(radius * 8) / 8
    star = smooth(0.02, -0.02, (weave.x.abs().minimum(weave.y.abs()) - 0.06))
    t = (rings * 1.6 + 0.25 * star) % 1.0
    albedo = ramp(t, ("#6d0f1f", "#b5172e", "#e3b04b", "#1d2f63", "#8a1328"))
    thread = p.fbm(0.12, 0.3)
    return Layers((albedo * (1 + 0.07 * thread)).clamp(0, 1), 0.015 * thread)


def gold(p: Patch) -> Layers:
    plates = p.courses(1.0, 0.5, 0.5)
    seam = smooth(0.012, 0.04, plates.edge)
    hammered = p.cells(0.3, jitter=0.9)
    t = 0.35 + 0.3 * plates.tone + 0.9 * hammered.edge + 0.08 * p.fbm(0.4, 1)
    albedo = ramp(t, ("#8a5a08", "#d79b14", "#ffcf3e", "#fff1a6")) * (0.4 + 0.6 * seam)
    return Layers(albedo, 0.06 * seam + 0.12 * hammered.edge, gloss=0.95)


BUILT = (
    Material(
        "brick",
        brick,
        (
            "brick wall",
            "bricks",
            "brick",
            "red brick wall",
            "brickwork",
            "brick masonry",
            "wall of bricks",
            "clay bricks",
            "old brick wall",
            "brick facade",
        ),
        ("brick house", "masonry bricks", "chimney"),
        weight=1.6,
    ),
    Material(
        "tiles",
        tiles,
        (
            "tiles",
            "ceramic tiles",
            "tiled floor",
            "checkered tiles",
            "bathroom tiles",
            "floor tiles",
            "glazed tiles",
            "kitchen tiles",
            "checkerboard floor",
        ),
        ("chessboard floor", "azulejo", "porcelain tiles"),
        weight=1.2,
    ),
    Material(
        "mosaic",
        mosaic,
        (
            "mosaic",
            "roman mosaic",
            "mosaic floor",
            "coloured mosaic",
            "mosaic tiles",
            "glass mosaic",
            "mosaic wall",
            "little mosaic stones",
        ),
        ("tesserae", "byzantine mosaic", "inlaid stones"),
    ),
    Material(
        "roof tiles",
        roof_tiles,
        (
            "roof tiles",
            "tiled roof",
            "terracotta roof",
            "clay roof",
            "shingles",
            "red roof",
            "roof shingles",
            "rooftop",
            "pantiles",
        ),
        ("terracotta tiles", "shingled roof", "house roof"),
        weight=1.1,
    ),
    Material(
        "planks",
        planks,
        (
            "wooden planks",
            "planks",
            "wood boards",
            "wooden floor",
            "wood planks",
            "timber boards",
            "wooden wall",
            "floorboards",
            "deck",
            "wood",
        ),
        ("parquet", "wooden fence", "plank floor"),
        weight=1.5,
    ),
    Material(
        "rust",
        rust,
        (
            "rusty metal",
            "rust",
            "rusted iron",
            "rusty iron plates",
            "corroded metal",
            "rusty steel",
            "oxidised iron",
            "scrap metal",
            "old iron",
        ),
        ("corroded iron", "ship hull", "rusting steel"),
    ),
    Material(
        "steel",
        steel,
        (
            "steel plates",
            "metal",
            "brushed steel",
            "metal panels",
            "steel wall",
            "spaceship hull",
            "aluminium panels",
            "shiny metal",
            "metal plates",
        ),
        ("sheet metal", "titanium panels", "chrome"),
    ),
    Material(
        "concrete",
        concrete,
        (
            "concrete",
            "concrete wall",
            "cement",
            "grey concrete",
            "concrete panels",
            "bunker wall",
            "raw concrete",
            "concrete slab",
            "pavement",
        ),
        ("brutalist wall", "cement slab", "sidewalk"),
    ),
    Material(
        "plaster",
        plaster,
        (
            "plaster",
            "stucco",
            "plastered wall",
            "painted wall",
            "house wall",
            "rendered wall",
            "stucco wall",
            "whitewashed wall",
            "lime plaster",
        ),
        ("adobe wall", "rendering", "mud wall"),
        place="wall",
    ),
    Material(
        "facade",
        facade,
        (
            "city facade",
            "building with windows",
            "apartment building",
            "lit windows",
            "skyscraper windows",
            "office building",
            "house front with windows",
            "city building",
            "windows",
            "tower block",
        ),
        ("apartment block", "hotel front", "office tower"),
        place="wall",
        weight=1.2,
    ),
    Material(
        "carpet",
        carpet,
        (
            "carpet",
            "persian carpet",
            "oriental rug",
            "patterned carpet",
            "red carpet",
            "rug",
            "woven carpet",
            "tapestry",
        ),
        ("kilim", "woven rug", "palace carpet"),
        place="floor",
        weight=0.8,
    ),
    Material(
        "gold",
        gold,
        (
            "gold",
            "golden plates",
            "gold bars",
            "gold wall",
            "hammered gold",
            "treasure gold",
            "shining gold",
            "golden wall",
        ),
        ("gilded wall", "bullion", "brass plates"),
        weight=0.8,
    ),
)
