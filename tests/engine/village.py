"""A small village, cameras in it and made-up painted views of it, for the engine's tests."""

from __future__ import annotations

import numpy as np

from engine.atlas.views import PaintedView
from engine.atlas.volume import LatentVolume
from engine.storage.world import WorldHeader, WorldIndex
from engine.storage.world_io import Describe
from scenes.camera import Camera
from scenes.scene import Background, Material, Scene

CHANNELS = 4
SIZE = (192, 128)
CAMERAS = {
    "street": Camera.look_at((6.0, 2.2, 11.5), (5.5, 1.0, 4.0), fov=70),
    "above": Camera.look_at((-2.0, 6.0, -3.0), (6.0, 0.5, 6.0), fov=60),
    "wall": Camera.look_at((9.0, 1.3, 5.9), (2.0, 2.5, 4.0), fov=80),
}


def village() -> np.ndarray:
    """uint8 [12,12]: grass with two brick buildings and a pond."""
    map_ = np.ones((12, 12), dtype=np.uint8)
    map_[2:5, 3:8] = 2
    map_[7:10, 2:4] = 2
    map_[7:10, 7:10] = 3
    return map_


def village_scene() -> Scene:
    materials = (
        Material("grass", (0, 255, 0), "grass", 0.5, (90, 140, 70)),
        Material("brick", (255, 0, 0), "brick wall", 3.0, (160, 80, 60)),
        Material("water", (0, 0, 255), "water", 0.5, (60, 100, 160), opacity=0.5),
    )
    return Scene("village", village(), materials, Background("sky"), voxels_per_block=2)


def dreamed(camera: Camera, steps: float = 10, channels: int = CHANNELS, seed: int = 0, size=SIZE) -> PaintedView:
    """A painted view of random latents and a smooth picture."""
    rng = np.random.default_rng(seed)
    w, h = size
    y, x = np.mgrid[:h, :w]
    colours = np.stack([x * 255 // w, y * 255 // h, np.full_like(x, 40 * seed % 255)], axis=-1).astype(np.uint8)
    latents = rng.normal(size=(channels, h // 8, w // 8)).astype(np.float32)
    return PaintedView(camera, size, latents, colours, steps)


def same(a, b) -> bool:
    """Whether two snapshots hold the same bytes."""
    return a.pages.keys() == b.pages.keys() and all(
        a.pages[n][k].tobytes() == b.pages[n][k].tobytes() for n in a.pages for k in a.pages[n]
    )


def describe(scene: Scene, volume: LatentVolume, model: str = "tiny", **extras: object) -> Describe:
    """Describes this volume to a WorldWriter."""

    def capture():
        header = WorldHeader.of(scene, volume.charts, model, volume.channels, volume.seed, volume.revision)
        return lambda tiles: WorldIndex(header, tiles, extras)

    return capture
