"""The test canvas: a worker may paint only if it dreams this canvas with the same bits as the other workers."""

from __future__ import annotations

import hashlib

import numpy as np

from base.grid import CELL
from diffusion.canvas import Canvas, Dreamed, GBuffer, Guide, Region, Surface
from diffusion.settings import DreamSettings
from scenes.camera import Camera

SIDE = 64  # pixels, at least
STEPS = 2
SETTINGS = DreamSettings(steps=STEPS)


def trial_canvas(channels: int, multiple: int) -> Canvas:
    """Return a small view of grass below a sky, with its left half painted grey, which exercises every part of a model.

    channels: of the latents; multiple: of the canvas' sides, pixels.
    """
    side = -(-SIDE // multiple) * multiple
    cells, camera = side // CELL, Camera.look_at((0.0, 2.0, 0.0), (0.0, 1.5, -4.0), fov=70)
    (cell_side, cell_depth), (pixel_side, pixel_depth) = (_ground(camera, n) for n in (cells, side))
    sky = cell_side < 0
    regions = (Region("green grass", (~sky).astype(np.float32)), Region("blue sky", sky.astype(np.float32), "clouds"))
    noise = np.random.default_rng(0).standard_normal((channels, cells, cells), np.float32)
    left = np.arange(cells) < cells // 2
    colours = np.full((side, side, 4), 128, np.uint8)
    colours[..., 3] = 255 * np.repeat(left, CELL)
    guide = Guide(colours=colours, known_mask=np.broadcast_to(left, (cells, cells)).copy())
    surface = Surface(
        depth=np.where(sky, np.inf, cell_depth).astype(np.float32),
        region_ids=(pixel_side < 0).astype(np.int16),
        gbuffer=GBuffer(camera, cell_side, cell_depth, pixel_side, pixel_depth),
    )
    return Canvas(regions, noise, np.ones((cells, cells), np.float32), guide, surface)


def _ground(camera: Camera, side: int) -> tuple[np.ndarray, np.ndarray]:
    """(the side that each pixel's surface faces, int8 [side,side], its depth in blocks): the plane y = 0, and the sky above it."""
    down = -camera.rays((side, side))[..., 1]
    hits = down > 0.05
    depth = np.where(hits, camera.position[1] / np.maximum(down, 0.05), np.inf)
    return np.where(hits, 2, -1).astype(np.int8), depth.astype(np.float32)


def fingerprint(dreamed: Dreamed) -> str:
    """Return eight hex digits of a hash of the whole dream."""
    return hashlib.sha256(dreamed.latents.tobytes() + dreamed.image.tobytes()).hexdigest()[:8]
