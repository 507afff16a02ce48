"""Compute the geometry of a drawn world exactly as the program does for a scene's views."""

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
    """Return the geometry at the centres of cells of `cell`×`cell` pixels, each cell's slot and its owner, both int64 [H,W].

    The denoiser needs cells of a latent pixel, the decoder cells of one pixel.

    shifts: [SLOTS,2], offsets of the patterns in blocks, which u and v include; window: the part to compute, in cells.
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
