"""A canvas' G-buffer as input of the surface-aware networks: geometry per latent pixel, hints per pixel, regions' exact shares."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from base.grid import CELL, by_cell
from diffusion.canvas import Canvas, FacingGBuffer, GBuffer, Surface
from diffusion.models.surface_conditions import (
    SurfaceGeometry,
    borders,
    compute_facing_geometry,
    compute_view_geometry,
    conditions,
    fine_channels,
    owners,
)
from diffusion.models.surface_place import SKY


def cell_surface(gbuffer: GBuffer | FacingGBuffer) -> SurfaceGeometry:
    """The surface at each latent pixel."""
    if isinstance(gbuffer, FacingGBuffer):
        return compute_facing_geometry(gbuffer.cell_point, gbuffer.cell_side, gbuffer.span)
    return _compute_geometry(gbuffer, gbuffer.cell_side, gbuffer.cell_depth)[0]


def cell_geometry(gbuffer: GBuffer | FacingGBuffer) -> Tensor:
    """float32 [1,CONDITIONS,h,w]: the denoiser's conditions of each latent pixel, computed once per dream."""
    return conditions(cell_surface(gbuffer))[None]


def decoder_hint(surface: Surface) -> Tensor | None:
    """float32 [1,FINE,H,W]: each pixel's surface, and the borders of surfaces and regions; None without a G-buffer."""
    gbuffer = surface.gbuffer
    if gbuffer is None:
        return None
    if isinstance(gbuffer, FacingGBuffer):
        seen = compute_facing_geometry(gbuffer.point, gbuffer.side, gbuffer.span / CELL, CELL)
        point = torch.from_numpy(gbuffer.point).movedim(-1, 0)
    else:
        seen, point = _compute_geometry(gbuffer, gbuffer.side, gbuffer.depth)
    side = torch.from_numpy(gbuffer.side.astype(np.int64))
    axis, sign = torch.where(side < 0, SKY, side // 2), torch.where(side % 2 == 0, 1, -1)
    region = torch.zeros_like(side) if surface.region_ids is None else torch.from_numpy(surface.region_ids).long()
    mesh = gbuffer.mesh if isinstance(gbuffer, GBuffer) else None
    edges = borders(owners(region, axis, sign, point, mesh))
    if isinstance(gbuffer, FacingGBuffer):
        edges |= borders(torch.from_numpy(gbuffer.patch.astype(np.int64)))
    return fine_channels(seen, edges)[None]


def with_exact_shares(canvas: Canvas) -> Canvas:
    """The canvas with each region's mask replaced by its share of each latent pixel's pixels, if `region_ids` are known.

    Pixels without a region are ignored; latent pixels with no pixel in any region keep their masks.
    """
    ids = canvas.surface.region_ids
    if ids is None:
        return canvas
    cells = by_cell(ids)
    shares = np.stack([(cells == k).mean((1, 3), dtype=np.float32) for k in range(len(canvas.regions))])
    total = shares.sum(0)
    masks = [
        np.where(total > 0, share / np.maximum(total, 1e-6), region.mask).astype(np.float32)
        for share, region in zip(shares, canvas.regions, strict=True)
    ]
    return replace(canvas, regions=tuple(replace(r, mask=m) for r, m in zip(canvas.regions, masks, strict=True)))


def _compute_geometry(gbuffer: GBuffer, side: np.ndarray, depth: np.ndarray) -> tuple[SurfaceGeometry, Tensor]:
    """The geometry of a grid of the canvas, and its points [3,H,W] in blocks (the camera's position in the sky)."""
    height, width = side.shape
    distance = np.where(side < 0, 0, depth).astype(np.float64)
    rays = gbuffer.camera.rays((width, height))
    point = np.asarray(gbuffer.camera.position) + distance[..., None] * rays
    grid = CELL if side.shape != gbuffer.cell_side.shape else 1
    return compute_view_geometry(gbuffer.camera, (width, height), point, side, distance, grid), torch.from_numpy(
        point
    ).movedim(-1, 0)
