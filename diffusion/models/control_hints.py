"""Hint pictures for ControlNets, computed exactly from a canvas' G-buffer: depth, normals, edges and segments."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch

from diffusion.canvas import Canvas, GBuffer
from diffusion.models.control import Control, pack_hints
from diffusion.models.depth import disparity, fade
from diffusion.models.segment_colours import SKY_COLOUR, colour_of, side_colours
from diffusion.models.surface_conditions import borders, owners
from diffusion.models.surface_place import SKY

# A hint: (G-buffer, index of each pixel's region int [H,W] or −1, prompt of each region) → uint8 [H,W,3].
Hint = Callable[[GBuffer, np.ndarray, Sequence[str]], np.ndarray]


def depth_hint(gbuffer: GBuffer, regions: np.ndarray, prompts: Sequence[str]) -> np.ndarray:
    """Inverse depth in grey as MiDaS gives it, times the opacity: white at the nearest point, black in the sky."""
    grey = fade(disparity(np.where(gbuffer.side < 0, np.inf, gbuffer.depth)), gbuffer.opacity)
    return np.repeat(_bytes(np.where(gbuffer.side < 0, 0, (grey + 1) / 2))[..., None], 3, -1)


def normal_hint(gbuffer: GBuffer, regions: np.ndarray, prompts: Sequence[str]) -> np.ndarray:
    """View-space normals as in ControlNet 1.1 (NormalBae): red faces left, green up, blue the camera; grey in the sky."""
    side = gbuffer.side.astype(np.int64)
    normals = np.zeros((*side.shape, 3))
    np.put_along_axis(normals, (np.maximum(side, 0) // 2)[..., None], np.where(side % 2 == 0, 1.0, -1.0)[..., None], -1)
    right, up, forward = gbuffer.camera.axes
    seen = normals @ np.stack([-right, up, -forward], -1)
    return _bytes((np.where(side[..., None] < 0, 0.0, seen) + 1) / 2)


def edge_hint(gbuffer: GBuffer, regions: np.ndarray, prompts: Sequence[str]) -> np.ndarray:
    """White lines where two surfaces or two regions meet, black elsewhere."""
    height, width = gbuffer.side.shape
    side = torch.from_numpy(gbuffer.side.astype(np.int64))
    distance = np.where(gbuffer.side < 0, 0, gbuffer.depth).astype(np.float64)
    point = np.asarray(gbuffer.camera.position) + distance[..., None] * gbuffer.camera.rays((width, height))
    axis, sign = torch.where(side < 0, SKY, side // 2), torch.where(side % 2 == 0, 1, -1)
    where = torch.from_numpy(point).movedim(-1, 0)
    surface = owners(torch.from_numpy(regions.astype(np.int64)), axis, sign, where, gbuffer.mesh)
    lines = borders(surface).numpy().max(0)
    return np.repeat(_bytes(lines)[..., None], 3, -1)


def segment_hint(gbuffer: GBuffer, regions: np.ndarray, prompts: Sequence[str]) -> np.ndarray:
    """Each pixel in the ADE20K colour of the class its region's prompt names; without one, of wall, floor or ceiling."""
    picture = side_colours(gbuffer.side)
    for index, prompt in enumerate(prompts):
        if (colour := colour_of(prompt)) is not None:
            picture[regions == index] = colour
    picture[gbuffer.side < 0] = SKY_COLOUR
    return picture


HINTS: dict[str, Hint] = {
    "depth": depth_hint,
    "normal": normal_hint,
    "edges": edge_hint,
    "segmentation": segment_hint,
}


def hints_of(controls: Sequence[Control], canvas: Canvas) -> torch.Tensor | None:
    """float32 [1,K,h,w]: the hint of each ControlNet, packed. They come from the canvas' own pictures or its G-buffer.

    None without ControlNets or if the canvas has neither.
    """
    surface = canvas.surface
    if not controls:
        return None
    if surface.hints:
        return pack_hints([surface.hints[min(place, len(surface.hints) - 1)] for place in range(len(controls))])
    if not isinstance(surface.gbuffer, GBuffer):
        return None
    nowhere = np.full(surface.gbuffer.side.shape, -1)
    regions = nowhere if surface.region_ids is None else surface.region_ids
    prompts = [region.prompt for region in canvas.regions]
    return pack_hints([HINTS[control.kind](surface.gbuffer, regions, prompts) for control in controls])


def _bytes(shares: np.ndarray) -> np.ndarray:
    return np.rint(np.clip(shares, 0, 1) * 255).astype(np.uint8)
