"""Shade albedo, normals and depth in one of four lights (noon, sunset, night, fog), and draw in a style (watercolour, pencil)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

Colour = tuple[float, float, float]


@dataclass(frozen=True)
class Light:
    """A light. Colours are linear.

    sun: direction to the sun in the camera's upright frame (right, up, back)
    haze: its colour, and the share that it adds per block
    sky, sky_low: factors on the sky's own colour, overhead and near the horizon
    dazzle: exponent on the brightness of glows; above 1, faint glows (a lamp in a window) are lost and strong ones (lava) stay
    """

    sun: Colour
    key: Colour
    ambient_up: Colour
    ambient_down: Colour
    haze: Colour
    haze_density: float
    sky: Colour
    sky_low: Colour
    dazzle: float


LIGHTS: dict[str, Light] = {
    "noon": Light(
        (-0.45, 0.72, 0.53),
        (1.02, 0.96, 0.84),
        (0.30, 0.37, 0.50),
        (0.20, 0.19, 0.18),
        (0.60, 0.76, 0.95),
        0.004,
        (1.0, 1.0, 1.0),
        (1.25, 1.15, 1.05),
        8.0,
    ),
    "sunset": Light(
        (-0.80, 0.34, 0.50),
        (1.35, 0.62, 0.22),
        (0.30, 0.20, 0.36),
        (0.24, 0.12, 0.14),
        (0.95, 0.48, 0.26),
        0.012,
        (0.95, 0.48, 0.45),
        (2.3, 0.85, 0.28),
        1.5,
    ),
    "night": Light(
        (-0.45, 0.66, 0.60),
        (0.20, 0.28, 0.52),
        (0.095, 0.135, 0.27),
        (0.06, 0.08, 0.16),
        (0.02, 0.035, 0.10),
        0.012,
        (0.05, 0.07, 0.19),
        (0.08, 0.11, 0.26),
        0.0,
    ),
    "fog": Light(
        (-0.3, 0.85, 0.43),
        (0.20, 0.20, 0.21),
        (0.52, 0.54, 0.57),
        (0.36, 0.37, 0.39),
        (0.66, 0.69, 0.73),
        0.06,
        (0.5, 0.5, 0.5),
        (0.6, 0.6, 0.6),
        3.0,
    ),
}


@dataclass(frozen=True)
class Shading:
    """What is shaded, all [...,H,W].

    albedo, glow: [3], sRGB; normal, view: [3], unit vectors in the camera's upright frame, view points to the eye
    gloss: 0..1; depth: distance in blocks, inf for the sky; elevation: of the view ray, radians; is_sky: bool
    """

    albedo: Tensor
    glow: Tensor
    normal: Tensor
    view: Tensor
    gloss: Tensor
    depth: Tensor
    elevation: Tensor
    is_sky: Tensor


def shade(s: Shading, light: Light) -> Tensor:
    """The shaded picture [3,H,W], sRGB in 0..1. Linear light is approximated by the square of sRGB."""

    def three(c: Colour) -> Tensor:
        return torch.tensor(c, device=s.albedo.device).view(3, 1, 1)

    sun = F.normalize(three(light.sun), dim=0)
    albedo, glow = s.albedo**2, s.glow**2
    up = 0.5 + 0.5 * s.normal[1]
    ambient = three(light.ambient_down) * (1 - up) + three(light.ambient_up) * up
    facing = (s.normal * sun).sum(0).clamp(min=0)
    half = F.normalize(sun + s.view, dim=0)
    shine = (s.normal * half).sum(0).clamp(min=0) ** 24 * s.gloss * 0.9
    mirrored = s.gloss * 0.25 * (1 - (s.normal * s.view).sum(0).clamp(0, 1)) ** 2
    lit = albedo * (ambient + three(light.key) * facing) + shine * three(light.key) + mirrored * three(light.sky)
    lit = lit + 0.9 * glow * s.glow.amax(0) ** light.dazzle
    thickness = 1 - torch.exp(-light.haze_density * (s.depth - 2).clamp(0, 60))
    lit = lit * (1 - thickness) + three(light.haze) * thickness
    low = torch.exp(-(s.elevation.clamp(min=0)) / 0.25)
    tint = three(light.sky) * (1 - low) + three(light.sky_low) * low
    fogged = light.haze_density > 0.03
    sky = albedo * tint + 0.9 * glow
    sky = 0.25 * sky + 0.75 * three(light.haze) if fogged else sky
    linear = torch.where(s.is_sky, sky, lit)
    return tone(linear).sqrt()


def tone(linear: Tensor) -> Tensor:
    """Compress linear light to 0..1: linear up to 0.6, then a soft shoulder."""
    soft = 0.6 + 0.4 * (1 - torch.exp(-(linear - 0.6) / 0.4))
    return torch.where(linear > 0.6, soft, linear).clamp(0, 1)


def _blur(picture: Tensor, radius: int) -> Tensor:
    kernel = torch.hann_window(2 * radius + 3, periodic=False, device=picture.device)[1:-1]
    kernel = kernel / kernel.sum()
    n = picture.shape[0]
    x = F.pad(picture[None], (radius,) * 4, mode="reflect")
    x = F.conv2d(x, kernel.view(1, 1, 1, -1).expand(n, 1, 1, -1), groups=n)
    return F.conv2d(x, kernel.view(1, 1, -1, 1).expand(n, 1, -1, 1), groups=n)[0]


def _edges(picture: Tensor) -> Tensor:
    """Strength of luminance edges [H,W]."""
    grey = _blur(picture.mean(0, keepdim=True), 1)[0]
    dx = F.pad(grey, (1, 1, 0, 0), mode="replicate" if grey.dim() > 2 else "constant")
    dx = (dx[:, 2:] - dx[:, :-2]).clone()
    dy = F.pad(grey, (0, 0, 1, 1))
    dy = dy[2:] - dy[:-2]
    dx[:, 0] = dx[:, -1] = 0
    dy[0] = dy[-1] = 0
    return (dx * dx + dy * dy).sqrt()


def watercolour(picture: Tensor, random: torch.Generator) -> Tensor:
    """Watercolour: soft washes with darker rims on paper."""
    h, w = picture.shape[1:]
    noise = torch.randn(1, h, w, generator=random).to(picture.device)
    paper = _blur(noise, 1)[0] * 0.03
    pools = _blur(noise, 12)[0] * 1.6
    flat = _blur(picture, 3)
    wash = torch.round(flat * 7) / 7 * 0.5 + flat * 0.5
    rim = _edges(_blur(wash, 2)) * 1.6
    pale = 1 - (1 - wash) * (0.78 + 0.5 * pools.clamp(-0.3, 0.3))
    return (pale - 0.5 * rim.clamp(0, 0.35) + paper).clamp(0, 1)


def pencil(picture: Tensor, random: torch.Generator) -> Tensor:
    """Pencil: graphite lines and hatching on white paper."""
    h, w = picture.shape[1:]
    grey = _blur(picture.mean(0, keepdim=True), 1)[0]
    y, x = torch.meshgrid(torch.arange(h, device=grey.device), torch.arange(w, device=grey.device), indexing="ij")
    noise = _blur(torch.randn(1, h, w, generator=random).to(grey.device), 1)[0]
    hatch = 0.5 + 0.5 * torch.sin((x + y) * (2 * torch.pi / 7) + noise * 2)
    tone_left = 0.96 - (1 - grey) * 0.35 - (0.62 - grey).clamp(0, 0.5) * hatch * 0.7
    line = (_edges(grey[None]) * 2.2).clamp(0, 0.6)
    sheet = (tone_left - line + 0.03 * noise).clamp(0.05, 1)
    return sheet[None].expand(3, -1, -1) * torch.tensor([1.0, 0.99, 0.96], device=grey.device).view(3, 1, 1)


STYLES = {"watercolour": watercolour, "pencil": pencil}
