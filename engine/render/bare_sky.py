"""What is unpainted, on the CPU, as shaders/common/daylight.glsl and pale.glsl draw it."""

from __future__ import annotations

import numpy as np

from engine.render.daylight import SUN, atmosphere_uniforms
from scenes.camera import Camera
from scenes.scene import Colour


def bare_sky(camera: Camera, size: tuple[int, int], sky: Colour | None) -> np.ndarray:
    """uint8 [H,W,3]: what a camera would see of the sky in every pixel, if nothing stood before it. sky: the scene's colour overhead."""
    right, up, forward = camera.axes
    focal = camera.focal(size)
    across, down = ((np.arange(n) + 0.5 - n / 2) / focal for n in size)
    rays = across[None, :, None] * right - down[:, None, None] * up + forward
    rays /= np.linalg.norm(rays, axis=2, keepdims=True)
    colours = {name: np.array(value) for name, value in atmosphere_uniforms(sky).items()}
    t = 1 - np.abs(rays[..., 1:2])
    above = colours["horizon"] + (colours["zenith"] - colours["horizon"]) * (1 - t**2.5)
    below = colours["horizon"] + (colours["nadir"] - colours["horizon"]) * (1 - t**6)
    near = np.maximum(rays @ SUN, 0)[..., None]
    shown = np.where(rays[..., 1:2] > 0, above, below) + colours["glow"] * (near**4 + 4 * near**200)
    return np.rint(255 * shown.clip(0, 1)).astype(np.uint8)


def make_paler(colours: np.ndarray) -> np.ndarray:
    """uint8 [...,3]: colours of unpainted surfaces or sky as the mode `painted` shows them, a little paler than they are."""
    bare = colours / 255
    grey = (bare @ (0.3, 0.6, 0.1))[..., None] * 0.9 + 0.08
    return np.rint(255 * (0.78 * bare + 0.22 * grey)).astype(np.uint8)
