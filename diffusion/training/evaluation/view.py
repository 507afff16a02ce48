"""A view to paint, with its true picture: a drawn world in the form in which the program sees a scene."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from base.grid import CELL, by_cell
from diffusion.canvas import Canvas, GBuffer, Region, Surface
from diffusion.training.data.bank import Bank
from diffusion.training.data.captions import Mood
from diffusion.training.data.views import SLOTS, World, paint, trace_world
from scenes.camera import Camera

UNMOVED = torch.zeros(SLOTS, 2)
"""Offsets of zero: patterns lie at the world's own u and v, as in a scene."""


@dataclass(frozen=True)
class View:
    """truth: uint8 [3,H,W], the true picture; gbuffer: the camera's G-buffer; regions: int16 [H,W], each pixel's index of a prompt."""

    truth: Tensor
    gbuffer: GBuffer
    regions: np.ndarray
    prompts: tuple[str, ...]
    negative: str = ""

    @property
    def surface(self) -> Surface:
        """The geometry in the form of a canvas."""
        return Surface(region_ids=self.regions, gbuffer=self.gbuffer)

    def canvas(self, noise: np.ndarray) -> Canvas:
        """Return an empty canvas for this view. noise: float32 [C,h,w]."""
        cells = by_cell(self.regions)
        masks = [(cells == k).mean((1, 3), dtype=np.float32) for k in range(len(self.prompts))]
        asked = tuple(Region(p, m, self.negative) for p, m in zip(self.prompts, masks, strict=True))
        return Canvas(asked, noise, np.ones(noise.shape[1:], np.float32), surface=self.surface)


def draw_view(
    world: World, bank: Bank, chosen: Sequence[int], mood: Mood, prompts: Sequence[str], seed: int = 0
) -> View:
    """Draw a world with the bank's surfaces `chosen`, one per slot. prompts: one per slot, or one for all slots."""
    return view_of(world, paint(world, bank, list(chosen), mood, seed, UNMOVED).image, prompts)


def view_of(world: World, truth: Tensor, prompts: Sequence[str]) -> View:
    """Return the view of a world whose picture is known."""
    side, depth, slot = _trace(world)
    cell_side, cell_depth, _ = _trace(replace(world, size=world.size // CELL, focal=world.focal / CELL))
    regions = slot if len(prompts) == SLOTS else np.zeros_like(slot)
    return View(truth, GBuffer(camera_of(world), cell_side, cell_depth, side, depth), regions, tuple(prompts))


def camera_of(world: World) -> Camera:
    """Return the camera of a world's square picture."""
    x, y, z = (float(value) for value in world.eye)
    fov = 2 * math.degrees(math.atan(world.size / 2 / world.focal))
    return Camera.from_angles((x, y, z), math.degrees(world.yaw), math.degrees(world.pitch), fov)


def _trace(world: World) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Side int8, view depth float32 and slot int16, each [size,size], as in `GBuffer`."""
    hit = trace_world(world)
    sky = torch.isinf(hit["z"])
    side = 2 * hit["axis"] + (hit["normal"].sum(0) < 0)
    side = torch.where(sky, -1, side).to(torch.int8)
    slot = torch.where(sky, SLOTS - 1, hit["slot"]).to(torch.int16)
    return side.numpy(), hit["z"].float().numpy(), slot.numpy()
