"""How skies are drawn: a clear sky, clouds, stars, aurora."""

from __future__ import annotations

import torch

from diffusion.training.data.materials.base import Layers
from diffusion.training.data.materials.patterns import PATCH, Patch, mix, ramp, smooth, unit


def sky(p: Patch) -> Layers:
    wisps = p.warp(p.fbm(2.6, 1.4, stretch=(3.0, 0.7)), 0.1, 1.6)
    shape = smooth(-0.6, 1.4, p.fbm(3.5, 2.2))
    veil = smooth(-0.2, 2.4, wisps) * shape * p.number(0.45, 0.9)
    blue = ramp(unit(0.5 * p.fbm(6.0, 2.5)), ("#3c86dc", "#70b2f2"))
    return Layers(mix(blue, "#ffffff", veil), torch.zeros_like(veil))


def clouds(p: Patch) -> Layers:
    """Heaped clouds: lobes on lobes, bright where their upper side faces the light, grey below."""
    mass = p.fbm(2.8 * p.scale, 2.2, stretch=(1.6, 0.8))
    lobes, small = (
        p.warp(1 - p.cells(size, (1.15, 0.9), jitter=1.0).centre / (0.5 * size * p.scale), 0.1 * size, 0.7 * size)
        for size in (1.3, 0.55)
    )
    fine = p.fbm(0.4, 1.1)
    density = mass + p.number(-0.25, 0.35) + 0.55 * lobes + 0.2 * small + 0.1 * fine - 0.35
    body = smooth(0.0, 0.5, density)
    # lit from above: bright where the cloud is thinner a little further up
    texels = p.size // PATCH
    near, far = (density - torch.roll(density, texels // part, 0) for part in (5, 1))
    shade = 0.56 + 0.7 * near + 0.2 * far + 0.04 * fine + 0.05 * small
    blue = ramp(unit(0.6 * p.fbm(5.0, 2.5)), ("#3f8ad8", "#74b4ee"))
    cloud = ramp(shade, ("#6c7c98", "#92a2bc", "#c2cddd", "#f2f6fb", "#ffffff"))
    return Layers(mix(blue, cloud, body), torch.zeros_like(body))


def stars(p: Patch) -> Layers:
    """Faint dust, many small stars, a few large ones, and a band of nebula; it shines by itself."""
    drift = p.warp(p.fbm(2.6, 2.0), 0.3, 1.5)
    band = smooth(-0.4, 1.8, p.fbm(4.0, 2.2) + 0.5 * drift)
    dark = smooth(0.2, 1.6, p.fbm(1.2, 1.5))
    haze = (0.6 * band * (1 - 0.5 * dark) + 0.1 * unit(drift)).clamp(0, 1)
    hue = p.pick(
        (
            ("#03040f", "#0b1038", "#2c2566", "#7a4a9c", "#d49ac0"),
            ("#03050f", "#08183a", "#1b4070", "#4a88a8", "#b4d8d4"),
        )
    )
    dots = 1.6 * p.stars(0.15, 0.1) + 1.1 * p.stars(0.085, 0.2) + (0.4 + 0.5 * band) * p.stars(0.06, 0.22)
    tint = ramp(unit(p.fbm(0.8, 1)), ("#ffd8a8", "#ffffff", "#ffffff", "#b4ceff"))
    shown = (ramp(haze, hue) + dots * tint).clamp(0, 1)
    return Layers(shown * 0.2, torch.zeros_like(dots), 0.0, shown)


def aurora(p: Patch) -> Layers:
    """Curtains: a bright wavy lower hem, rays that fade upwards, green below and violet above."""
    shown = ramp(unit(p.fbm(4.0, 2.2)), ("#030618", "#071430", "#0c2440"))
    shown = shown + 0.9 * p.stars(0.08, 0.12)
    for strength in (1.0, 0.7, 0.5):
        sway = 0.3 * p.fbm(3.5, 2.6, stretch=(1.0, 20.0)) + 0.05 * p.fbm(1.0, 2.0, stretch=(1.0, 20.0))
        up = torch.remainder(p.number(0, PATCH) + sway - p.v, PATCH)  # blocks above the hem
        rays = 0.45 + 0.55 * unit(p.fbm(0.5, 1.0, stretch=(0.5, 30.0)))
        length = 1.1 + 1.6 * unit(p.fbm(1.6, 1.6, stretch=(0.8, 30.0)))
        fold = smooth(-1.4, 0.6, p.fbm(2.2, 2.0, stretch=(1.0, 8.0)))
        light = smooth(0.0, 0.4, up) * torch.exp(-up / length) * rays * fold * strength
        shown = shown + ramp(up / 3.5, ("#c8ffd0", "#38f58c", "#22d6a0", "#4a7cf0", "#9a4ce8")) * light * 1.15
    shown = shown.clamp(0, 1)
    return Layers(shown * 0.2, torch.zeros_like(p.u), 0.0, shown)
