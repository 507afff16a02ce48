"""Paint views of a built-in scene, with geometry from the CPU raycaster and a prompt for each region."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from PIL import Image

from base.files import atomic_write
from base.grid import CELL
from diffusion.canvas import GBuffer
from diffusion.training.config import DenoiserConfig
from diffusion.training.evaluation.subject import open_painter
from diffusion.training.evaluation.view import View
from scenes.camera import Camera
from scenes.extrude import Blocks, extrude_scene
from scenes.load import load_scene
from scenes.paths import sample_path
from scenes.raycast import cast_rays
from scenes.scene import Scene

SCENE, PATH = "hamlet", "tour"
SHARES = (0.0, 0.3, 0.6, 0.9)
"""Times of the views, as shares of the path's duration."""
SIZE = (512, 320)  # width, height, pixels


def scene_view(scene: Scene, blocks: Blocks, camera: Camera, size: tuple[int, int]) -> View:
    """Return a camera's view of a scene, with a black picture as its truth. size: (width, height), multiples of 32."""
    cells, pixels = (cast_rays(blocks, camera, (size[0] // n, size[1] // n)) for n in (CELL, 1))
    material = np.where(pixels.side < 0, -1, blocks.find_material(pixels.voxel))
    names, regions = np.unique(material, return_inverse=True)
    return View(
        truth=torch.zeros(3, size[1], size[0], dtype=torch.uint8),
        gbuffer=GBuffer(camera, cells.side, cells.depth, pixels.side, pixels.depth),
        regions=regions.reshape(material.shape).astype(np.int16),
        prompts=tuple(scene.prompt(name)[0] for name in names.tolist()),
    )


def paint_tour(config: DenoiserConfig) -> Path:
    """Paint views of SCENE along PATH by the model or the run's last checkpoint; write a sheet to the run's folder."""
    painter, scene = open_painter(config), load_scene(SCENE)
    blocks, path = extrude_scene(scene), scene.paths[PATH]
    views = [scene_view(scene, blocks, sample_path(path, s * path.seconds), SIZE) for s in SHARES]
    shown = painter.paint(views, seed=3)
    out = Path(config.out) / "tour.png"
    out.parent.mkdir(parents=True, exist_ok=True)
    rows = [torch.cat(list(part), 2) for part in shown.split(2)]
    with atomic_write(out) as temporary:
        Image.fromarray(torch.cat(rows, 1).permute(1, 2, 0).numpy()).save(temporary)
    return out
