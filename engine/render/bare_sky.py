"""Unpainted sky and paler colours on the CPU, as shaders/common/daylight.glsl and pale.glsl draw them."""

from __future__ import annotations

import numpy as np

from engine.render.daylight import SUN, atmosphere_uniforms
from scenes.camera import Camera
from scenes.scene import Colour


def sky_colours(directions: np.ndarray, sky: Colour | None) -> np.ndarray:
    """float64 [...,3], 0..1 and above: the bare sky in directions [...,3] of any length. sky: the scene's colour overhead."""
    air = {name: np.array(value) for name, value in atmosphere_uniforms(sky).items()}
    direction = directions / np.linalg.norm(directions, axis=-1, keepdims=True)
    up = direction[..., 1:2]
    t = np.maximum(1 - np.abs(up), 0)
    above = air["horizon"] + (air["zenith"] - air["horizon"]) * (1 - t**2.5)
    below = air["horizon"] + (air["nadir"] - air["horizon"]) * (1 - t**6)
    near = np.maximum(direction @ SUN, 0)[..., None]
    return np.where(up > 0, above, below) + air["glow"] * (near**4 + 4 * near**200)


def bare_sky(camera: Camera, size: tuple[int, int], sky: Colour | None) -> np.ndarray:
    """uint8 [H,W,3]: what a camera would see of the sky in every pixel, if nothing stood before it. sky: as in `sky_colours`."""
    return np.rint(255 * sky_colours(camera.rays(size), sky).clip(0, 1)).astype(np.uint8)


def make_paler(colours: np.ndarray) -> np.ndarray:
    """uint8 [...,3]: colours of unpainted surfaces or sky as the mode `painted` shows them, a little paler than they are."""
    bare = colours / 255
    grey = (bare @ (0.3, 0.6, 0.1))[..., None] * 0.9 + 0.08
    return np.rint(255 * (0.78 * bare + 0.22 * grey)).astype(np.uint8)
