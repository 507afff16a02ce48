"""How fibrous things are drawn: bark, thatch, straw."""

from __future__ import annotations

import torch

from diffusion.training.data.materials.base import Layers
from diffusion.training.data.materials.patterns import PATCH, Patch, ramp, smooth, unit
from diffusion.training.data.materials.stamps import leaf, scatter, stalk


def bark(p: Patch) -> Layers:
    plates = p.cells(0.5, (0.9, 3.4), jitter=0.95)
    edge, tone = p.warp(torch.stack((plates.edge, plates.tone)), 0.07, 0.8)
    ridge = smooth(0.01, 0.075 * p.scale, edge)
    fibre = p.fbm(0.35, 0.8, stretch=(0.3, 3.0))
    cross = smooth(1.2, 1.7, p.fbm(0.3, 1.0, stretch=(1.6, 0.6)))
    t = 0.2 + ridge * (0.34 + 0.2 * tone) + 0.08 * fibre * (0.4 + ridge) - 0.18 * cross * ridge
    grey = p.pick((0.0, 0.0, 0.5))
    brown = ramp(t, ("#1c110a", "#4a3020", "#7c5a3c", "#a98662", "#cfb08a"))
    silver = ramp(t, ("#16130f", "#423c34", "#736b5f", "#a59c8e", "#d0c8ba"))
    return Layers(brown * (1 - grey) + silver * grey, 0.3 * ridge + 0.03 * fibre - 0.05 * cross)


def thatch(p: Patch) -> Layers:
    wave = 0.05 * p.fbm(0.3, 1.0, stretch=(0.6, 4.0)) + 0.05 * p.fbm(1.6, 2.0)
    n = max(2, round(PATCH / (1.0 * p.scale)))
    level = p.v * n / PATCH + wave
    low = level - level.floor()  # 0 under the edge of the layer above .. 1 at this layer's own edge
    reed = p.fbm(0.34 * p.scale, 0.55, stretch=(0.2, 4.0))
    tuft = p.fbm(0.5 * p.scale, 0.9, stretch=(0.5, 2.5))
    shadow = 0.3 + 0.7 * smooth(0.0, 0.3, low)
    t = (0.45 + 0.17 * reed + 0.1 * tuft + 0.22 * low) * shadow
    fresh = ("#2e1e0c", "#75521e", "#b18636", "#dcb55c", "#f6e09c")
    worn = ("#241c12", "#5e4c30", "#8f7a50", "#bba676", "#e2d3a8")
    albedo = ramp(t, p.pick((fresh, fresh, worn)))
    return Layers(albedo, 0.34 * low + 0.035 * reed + 0.03 * tuft)


def straw(p: Patch) -> Layers:
    one = scatter(p, 0.2, 0.36, stalk(0.7, 0.062))
    base = unit(p.fbm(0.3 * p.scale, 0.5, stretch=(2.6, 0.25)))
    round_ = (0.031 - one.x.abs()).clamp(min=0) / 0.031
    t = torch.where(one.covered, 0.34 + 0.3 * one.order + 0.4 * (one.other - 0.5) + 0.14 * round_, 0.16 + 0.4 * base)
    chaff = scatter(p, 0.5, 0.12, leaf(0.22, 0.09))
    t = torch.where(chaff.covered, 0.75 + 0.2 * chaff.other, t)
    albedo = ramp(t, ("#6e4414", "#bb8228", "#e6b548", "#f8da80", "#fff3c0"))
    height = torch.where(one.covered, 0.03 + 0.13 * one.order + 0.02 * round_, 0.03 * base)
    return Layers(albedo, height + 0.04 * chaff.covered)
