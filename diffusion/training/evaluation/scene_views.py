"""Views of a built-in scene, painted by a run in training: conditions by the CPU raycaster, every region's prompt in one call."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from base.files import atomic_write
from diffusion.models.surface_conditions import packed, seen_through
from diffusion.models.surface_denoiser import denoise, flow_schedule
from diffusion.sampling.schedules import make_sigmas
from diffusion.sampling.solvers import SAMPLERS
from diffusion.training.config import DenoiserConfig
from diffusion.training.data.seen_worlds import CELL
from diffusion.training.evaluation.painter import Painter, load_painter
from scenes.camera import Camera
from scenes.extrude import Blocks, extrude_scene
from scenes.load import load_scene
from scenes.paths import sample_path
from scenes.raycast import cast_rays
from scenes.scene import Scene

SCENE, PATH = "hamlet", "tour"
SHARES = (0.0, 0.3, 0.6, 0.9)
"""Of the path's length in time, where it is looked at."""
SIZE = (512, 320)  # width, height, pixels


def regions(scene: Scene, blocks: Blocks, camera: Camera, size: tuple[int, int]) -> tuple[list[str], Tensor]:
    """The prompts of what a picture sees, and the share of each in every latent pixel [R,h,w]."""
    hits = cast_rays(blocks, camera, size)
    material = torch.from_numpy(np.where(hits.side < 0, -1, blocks.find_material(hits.voxel)).astype(np.int64))
    names = material.unique().tolist()
    shares = torch.stack([F.avg_pool2d((material == name).float()[None], CELL)[0] for name in names])
    return [scene.prompt(name)[0] for name in names], shares


@torch.inference_mode()
def paint_view(
    painter: Painter, scene: Scene, blocks: Blocks, camera: Camera, size: tuple[int, int], seed: int
) -> Tensor:
    """uint8 [3,H,W]: one view, painted by Euler's method in the painter's steps and guidance. size: (width, height), multiples of 32."""
    small = (size[0] // CELL, size[1] // CELL)
    hits = cast_rays(blocks, camera, small)
    geometry = packed(seen_through(camera, small, hits.point, hits.side, hits.depth))[None]
    prompts, shares = regions(scene, blocks, camera, size)
    said, silence = painter.text.encode(prompts), painter.text.encode([""]).expand(len(prompts), -1, -1)
    owners = torch.zeros(len(prompts), dtype=torch.int64)

    def guided(x: Tensor, sigma: float) -> Tensor:
        heard, unheard = (denoise(painter.unet, x, sigma, geometry, c, shares, owners) for c in (said, silence))
        return unheard + painter.guidance * (heard - unheard)

    sigmas = make_sigmas(flow_schedule(), "trailing", painter.steps)
    noise = torch.randn(
        1, painter.vae.config["latent_channels"], *shares.shape[1:], generator=torch.Generator().manual_seed(seed)
    )
    latents = SAMPLERS["euler"](guided, noise * float(sigmas[0]), sigmas).to(painter.vae.dtype)
    shown = painter.vae.decode(latents).sample[0].float()
    return ((shown.clamp(-1, 1) + 1) * 127.5).round().byte()


def paint_tour(config: DenoiserConfig) -> Path:
    """A sheet of views of SCENE along PATH, painted by the run's last checkpoint."""
    painter, scene = load_painter(config), load_scene(SCENE)
    blocks, path = extrude_scene(scene), scene.paths[PATH]
    shown = [paint_view(painter, scene, blocks, sample_path(path, s * path.seconds), SIZE, seed=3) for s in SHARES]
    out = Path(config.out) / "tour.png"
    rows = [torch.cat(shown[i : i + 2], 2) for i in range(0, len(shown), 2)]
    with atomic_write(out) as temporary:
        Image.fromarray(torch.cat(rows, 1).permute(1, 2, 0).numpy()).save(temporary)
    return out
