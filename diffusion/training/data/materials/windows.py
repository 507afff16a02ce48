"""How house fronts are drawn: rows of windows, by day glass and curtains, some of them lit by night."""

from __future__ import annotations

import torch

from diffusion.training.data.materials.base import Layers
from diffusion.training.data.materials.patterns import Patch, mix, ramp, smooth, unit

WALLS = (
    ("#8f7a72", "#b09a90"),
    ("#6d7a8c", "#8d9aac"),
    ("#c4ad84", "#dfcba2"),
    ("#b0685a", "#c98674"),
    ("#c9c6bd", "#e6e3da"),
)
SHUTTERS = ("#3f6b4a", "#35566f", "#7a3b2c")


def facade(p: Patch) -> Layers:
    """One window to a block: frame, bars, sill and lintel; glass that shows the sky, curtains, and lamps behind some panes.

    The lamps' glow is weak, so that daylight outshines it.
    """
    grid = p.courses(1.0, 1.0, 0.0)
    x, y = grid.x.abs(), grid.y + 0.02
    other = torch.remainder(grid.tone * 61, 1)

    def box(half_width: float, half_height: float, soft: float = 0.015) -> torch.Tensor:
        return smooth(soft, -soft, torch.maximum(x - half_width, y.abs() - half_height))

    glass, frame, reveal = box(0.23, 0.31), box(0.275, 0.355), box(0.31, 0.39)
    bars = smooth(0.025, 0.014, torch.minimum(x, (y + 0.1).abs())) * glass
    sill = smooth(0.012, -0.012, torch.maximum(x - 0.34, (y - 0.4).abs() - 0.035))
    lintel = smooth(0.012, -0.012, torch.maximum(x - 0.33, (y + 0.415).abs() - 0.035))
    band = smooth(0.47, 0.478, grid.y.abs())

    rough = p.fbm(0.3, 0.8)
    runs = smooth(0.4, 2.0, p.fbm(0.7, 1.2, stretch=(0.35, 3.0)))
    albedo = ramp(unit(0.5 * p.fbm(0.9, 1.1) + 0.25 * rough), p.pick(WALLS)) * (1 - 0.18 * runs)
    trim = p.pick(("#e8e2d4", "#cfc6b4", "#9a8f80"))
    albedo = mix(mix(albedo, trim, lintel), trim, band * 0.6)
    shutter = torch.zeros_like(x)
    if p.number() < 0.15:
        shutter = smooth(0.012, -0.012, torch.maximum((x - 0.4).abs() - 0.075, y.abs() - 0.36))
        slats = 0.82 + 0.18 * torch.cos(grid.y * 2 * torch.pi * 14)
        albedo = mix(albedo, mix(torch.zeros_like(albedo), p.pick(SHUTTERS), 1.0) * slats, shutter)
    albedo = mix(albedo * (1 - 0.35 * (reveal - frame).clamp(min=0)), p.pick(("#f4f0e6", "#f4f0e6", "#4a3626")), frame)

    # by day: the sky's reflection, brighter to the top, with a slanting glint; curtains at either side of some windows
    glint = smooth(0.05, 0.0, (torch.remainder(grid.x + 0.7 * y + other, 0.5) - 0.25).abs() - 0.05)
    pane = ramp(0.62 - 0.7 * y + 0.18 * (other - 0.5) + 0.2 * glint, ("#16222f", "#2f4a63", "#6f95b4", "#c2dcea"))
    drawn = 0.05 + 0.16 * other + 0.02 * torch.cos(y * 9)
    curtain = smooth(0.02, 0.0, 0.23 - drawn * (grid.tone > 0.35) - x) * glass
    folds = 0.75 + 0.25 * torch.cos(grid.x * 2 * torch.pi * 17)
    pane = mix(pane, ramp(other, ("#d8c9b0", "#efe9dd", "#b98f80")) * folds * 0.72, 0.75 * curtain)
    albedo = mix(albedo, pane, glass)
    albedo = mix(mix(albedo, p.pick(("#f4f0e6", "#e2dccb")), bars), trim, sill)

    lit = (torch.remainder(grid.tone * 17, 1) < 0.45).float() * glass * (1 - bars)
    lamp = ramp(0.75 - 0.8 * y, ("#d9801e", "#ffb43c", "#ffe07c")) * (0.82 - 0.22 * curtain * folds)
    height = 0.05 * frame + 0.09 * sill + 0.06 * lintel + 0.03 * band + 0.05 * shutter - 0.12 * glass + 0.06 * bars
    return Layers(albedo.clamp(0, 1), height + 0.004 * rough * (1 - reveal), 0.05 + 0.75 * glass, lamp * lit)
