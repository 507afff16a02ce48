"""A drawn world's geometry as the program tells a scene's: at latent resolution for the denoiser, at the picture's for the decoder."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from diffusion.models.surface_conditions import Seen, seen
from diffusion.models.surface_place import SKY
from diffusion.training.data.views import SLOTS, World, cast

CELL = 8


def seen_world(world: World, shifts: Tensor, cell: int = 1) -> tuple[Seen, Tensor]:
    """What pixels of `cell` × `cell` of the world's own see at their centres, and the slot of each, int64 [H,W].

    shifts: [SLOTS,2], blocks by which the patterns are moved; u and v are told after it.
    """
    small = replace(world, size=world.size // cell, focal=world.focal / cell)
    hit = cast(small)
    sky = torch.isinf(hit["z"])
    z = torch.where(sky, torch.zeros_like(hit["z"]), hit["z"])
    axes = torch.stack((hit["right"], hit["up"], torch.linalg.cross(hit["up"], hit["right"])))
    sign = torch.where(hit["normal"].sum(0) < 0, -1, 1)
    told = seen(
        point=hit["eye"] + hit["rays"] * z,
        axis=torch.where(sky, SKY, hit["axis"]),
        sign=sign,
        z=hit["z"],
        rays=hit["rays"],
        axes=axes,
        focal=small.focal,
        shift=shifts[hit["slot"]].movedim(-1, 0),
        grid=CELL // cell,
    )
    return told, torch.where(sky, SLOTS - 1, hit["slot"])
