"""A drawn world's geometry as the program computes a scene's: at latent resolution for the denoiser, at the picture's for the decoder."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from base.grid import CELL
from diffusion.models.surface_conditions import SurfaceGeometry, compute_geometry, owners
from diffusion.models.surface_place import SKY
from diffusion.training.data.views import SLOTS, WHOLE, Window, World, trace_world


def compute_world_geometry(
    world: World, shifts: Tensor, cell: int = 1, window: Window = WHOLE
) -> tuple[SurfaceGeometry, Tensor, Tensor]:
    """What pixels of `cell` × `cell` of the world's own see at their centres; the slot of each, int64 [H,W]; and its owner, int64 [H,W].

    shifts: [SLOTS,2], blocks by which the patterns are moved; u and v are computed after it. window: of these pixels.
    """
    small = replace(world, size=world.size // cell, focal=world.focal / cell)
    hit = trace_world(small, window=window)
    sky = torch.isinf(hit["z"])
    z = torch.where(sky, torch.zeros_like(hit["z"]), hit["z"])
    slot = torch.where(sky, SLOTS - 1, hit["slot"])
    axis, sign = torch.where(sky, SKY, hit["axis"]), torch.where(hit["normal"].sum(0) < 0, -1, 1)
    point = hit["eye"] + hit["rays"] * z
    told = compute_geometry(
        point=point,
        axis=axis,
        sign=sign,
        z=hit["z"],
        rays=hit["rays"],
        axes=torch.stack((hit["right"], hit["up"], torch.linalg.cross(hit["up"], hit["right"]))),
        focal=small.focal,
        shift=shifts[hit["slot"]].movedim(-1, 0),
        grid=CELL // cell,
    )
    return told, slot, owners(slot, axis, sign, point)
