"""How liquids are drawn: water, swamp, lava."""

from __future__ import annotations

import torch

from diffusion.training.data.materials.base import Layers
from diffusion.training.data.materials.patterns import PATCH, Patch, mix, ramp, smooth, unit
from diffusion.training.data.materials.stamps import scatter, star


def water(p: Patch) -> Layers:
    """Wave trains with whole cycles per patch, crossing at small angles, over a bright web of refracted light."""
    height = torch.zeros_like(p.u)
    for cycles in (5, 8, 11, 16):
        down = max(2, round(cycles / p.scale))
        across = round(down * p.number(-0.45, 0.45))
        phase = (p.v * down + p.u * across) / PATCH + 0.35 * p.fbm(1.6, 2.2)
        height = height + torch.sin(2 * torch.pi * phase) / down
    height = height * 5.5
    net = p.warp(p.cells(0.9, (1.2, 0.8), jitter=1.0).edge, 0.12, 0.7) / p.scale
    web = torch.exp(-((net / 0.035) ** 2)) + 0.35 * torch.exp(-((net / 0.1) ** 2))
    deep = p.fbm(2.4, 2.2)
    t = 0.34 + 0.08 * height + 0.09 * deep
    palette = p.pick(
        (
            ("#06324f", "#0c5c8c", "#2490bb", "#6cc8dc", "#d2f3f2"),
            ("#06324f", "#0c5c8c", "#2490bb", "#6cc8dc", "#d2f3f2"),
            ("#07363c", "#0e666c", "#2c9c98", "#76d0bc", "#d8f6e4"),
        )
    )
    crest = smooth(1.15, 1.9, height + 0.3 * deep)
    albedo = mix(ramp(t + 0.26 * web * smooth(-1.5, 0.8, deep), palette), "#eafaff", 0.3 * crest)
    return Layers(albedo.clamp(0, 1), 0.016 * height, gloss=0.45)


def swamp(p: Patch) -> Layers:
    """Lily pads, each with its notch and veins, some with a flower, on murky water with duckweed."""

    def pad(x: torch.Tensor, y: torch.Tensor, tone: torch.Tensor) -> torch.Tensor:
        round_ = 0.42 * (0.55 + 0.45 * tone) - (x * x + y * y).sqrt()
        return torch.where(y > 0, torch.minimum(round_, x.abs() - 0.32 * y), round_)

    pads = scatter(p, 0.72, 0.43, pad)
    away = (pads.x * pads.x + pads.y * pads.y).sqrt()
    leaf = pads.covered.float()
    veins = smooth(0.75, 1.0, torch.cos(9 * torch.atan2(pads.x, pads.y))) * smooth(0.03, 0.1, away)
    rim = smooth(0.05, 0.0, pads.inside)
    t = 0.32 + 0.3 * pads.order + 0.25 * (pads.other - 0.5) + 0.12 * veins + 0.12 * rim
    green = ramp(t, ("#1c4a22", "#3a7a34", "#6ba84a", "#a8d06e"))
    murk = ramp(unit(p.fbm(1.2, 1.7)), ("#101c14", "#22301c", "#3b4a2a"))
    weed = scatter(p, 0.16, 0.06, star(0.055, 3, 0.25))
    weedy = (weed.covered & (p.fbm(1.3, 1.5) > 0.35)).float()
    pond = mix(murk, ramp(weed.other, ("#5c8a2c", "#9cbc48")), weedy)
    flower = scatter(p, 1.6, 0.25, star(0.23, 8, 0.42))
    bloom = flower.covered.float() * smooth(0.0, 0.02, flower.inside)
    heart = smooth(0.09, 0.06, (flower.x * flower.x + flower.y * flower.y).sqrt())
    petals = mix(mix(ramp(flower.other, ("#fff6fa", "#f6a8c8")), "#e884ae", 0.3 * (1 - flower.order)), "#f6c832", heart)
    albedo = mix(mix(pond, green, leaf), petals, bloom)
    height = 0.01 * p.fbm(0.8, 1.8) * (1 - leaf) + leaf * (0.05 + 0.04 * pads.order + 0.03 * rim) + 0.1 * bloom
    return Layers(albedo, height, 0.12 + 0.75 * (1 - leaf) * (1 - weedy))


def lava(p: Patch) -> Layers:
    crust = p.cells(0.95, jitter=1.0)
    edge, tone = p.warp(torch.stack((crust.edge, crust.tone)), 0.07, 0.6)
    flow = unit(p.fbm(1.5, 1.6))
    width = p.scale * (0.05 + 0.06 * flow)
    heat = torch.exp(-((edge / width) ** 2)) + 0.3 * flow * torch.exp(-((edge / (0.2 * p.scale)) ** 2))
    fine = smooth(0.03, 0.0, p.warp(p.cells(0.4, jitter=1.0).edge, 0.05, 0.3)) * smooth(0.4, 1.0, flow)
    heat = torch.maximum(heat, 0.6 * fine)
    rough = p.fbm(0.3, 0.9)
    rockface = ramp(0.42 + 0.16 * rough + 0.3 * (tone - 0.5), ("#0d090a", "#2a2122", "#4a3f3e", "#6d625e"))
    fire = ramp(heat, ("#1c0400", "#8f1400", "#f04a06", "#ff9a20", "#ffdf7c"))
    hot = smooth(0.12, 0.45, heat)
    height = 0.22 * (1 - heat.clamp(0, 1)) + 0.025 * rough + 0.05 * tone
    return Layers(mix(rockface, 0.6 * fire, hot), height, 0.08, fire * smooth(0.06, 0.45, heat))
