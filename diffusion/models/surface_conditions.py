"""Conditions of surface-aware networks: each pixel's geometry, computed by one function for training worlds and for views."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from diffusion.models.depth import FARTHEST, FOCAL, NEAREST
from diffusion.models.surface_place import PERIOD, SKY, place, sky_place
from scenes.camera import Camera

WAVES = (*range(1, 25), 26, 28, 30, 32, 36, 40, 44, 48)
"""Waves per PERIOD blocks in which the denoiser gets u and v."""
FINE_WAVES = (1, 2, 4, 6, 8, 12, 16, 24, 32, 48)
"""Waves for the decoder."""
KINDS = ("floor", "wall", "ceiling", "sky")
SHAPE = 3 + 1 + len(KINDS) + 2
"""Channels of `shape`: the normal, log depth, the kind, and log footprints along u and v."""
HARMONICS = 4 * len(WAVES)
CONDITIONS = HARMONICS + SHAPE
"""Channels of `conditions`."""
FINE = 4 * len(FINE_WAVES) + SHAPE + 2
"""Channels of `fine_channels`."""
PLANES = 64  # steps in the height of a block, by which `owners` tells planes apart
STEPS = 1 << 24  # number of different steps
GRAZING = 0.02  # least cosine between a ray and a surface; smaller ones are clamped, which bounds footprints
LARGEST = 64.0  # largest footprint of a latent pixel in blocks; larger ones are clipped


@dataclass(frozen=True)
class SurfaceGeometry:
    """The surface at every pixel of a grid; its pixels are latent pixels or a picture's pixels.

    uv: float32 [2,H,W], blocks modulo PERIOD. span: float32 [2,H,W], extent of a pixel along u and v, blocks.
    normal: float32 [3,H,W], to the camera's right, up and back; 0 in the sky.
    depth: float32 [H,W], view-space z in blocks as the reference camera would see it (`diffusion.models.depth`), inf = sky.
    kind: int64 [H,W], index of KINDS. All on one device.
    """

    uv: Tensor
    span: Tensor
    normal: Tensor
    depth: Tensor
    kind: Tensor


def compute_geometry(
    point: Tensor,
    axis: Tensor,
    sign: Tensor,
    z: Tensor,
    rays: Tensor,
    axes: Tensor,
    focal: float,
    shift: Tensor,
    grid: int = 1,
) -> SurfaceGeometry:
    """Compute the geometry of axis-aligned faces as a camera sees them.

    point: float [3,H,W], blocks, any value in the sky. axis: [H,W], 0..2, the axis of a face's normal, or SKY; sign: [H,W],
    1 or -1, its direction. z: [H,W], view depth. rays: [3,H,W] with view depth 1 per unit length. axes: [3,3], rows right, up, forward.
    focal: pixels of this grid per unit of tangent. shift: blocks by which u and v are moved, [2,H,W] or [2,1,1].
    grid: pixels of this grid in a latent pixel, a side.
    Point and rays may be float64, which keeps u and v exact far from the origin.
    """
    sky = axis == SKY
    # the sky has no points: a plane facing the camera replaces it
    uv = torch.where(
        sky, sky_place(rays, axes[0], axes[1]), place(torch.where(sky, torch.zeros_like(point), point), axis, sign)
    )
    # normals lie along the world's axes: a product with one is a component, and a small table holds their camera coordinates
    chosen, side = axis.clamp(min=0), sign.to(rays.dtype)
    # one pixel to the right (below), the ray turns by right / focal (-up / focal) and meets the same plane
    cosine = torch.where(sky, torch.zeros_like(z, dtype=rays.dtype), rays.gather(0, chosen[None])[0] * side)
    least = GRAZING * rays.norm(dim=0)
    cosine = torch.where(cosine.abs() < least, -least, cosine)
    distance = torch.where(sky, torch.full_like(z, PERIOD), z).to(rays.dtype)
    steps = []
    for along in (axes[0], -axes[1]):
        tilt = torch.where(sky, torch.zeros_like(cosine), along.to(rays.dtype)[chosen] * side / cosine)
        moved = (along.view(3, 1, 1) - rays * tilt) * (distance / focal)
        origin = torch.zeros_like(sign)
        steps.append(torch.where(sky, sky_place(moved, axes[0], axes[1]) / PERIOD, place(moved, axis, sign + origin)))
    across, down = steps
    span = (across.square() + down.square()).sqrt().clamp(max=LARGEST)
    up = torch.where(axis == 1, torch.where(sign > 0, 0, 2), 1)
    return SurfaceGeometry(
        uv=torch.remainder(uv + shift, PERIOD).float(),
        span=span.float(),
        normal=torch.stack([torch.where(sky, 0.0, a[chosen] * side) for a in (axes[0], axes[1], -axes[2])]).float(),
        depth=torch.where(sky, torch.full_like(z, torch.inf), z * (FOCAL * grid / focal)).float(),
        kind=torch.where(sky, KINDS.index("sky"), up),
    )


def harmonics(uv: Tensor, span: Tensor, waves: tuple[int, ...] = WAVES, out: Tensor | None = None) -> Tensor:
    """[...,4·len(waves),H,W]: sin and cos of `waves` waves in PERIOD blocks of u, then of v; 0 where a pixel is larger than the wave.

    uv, span: [...,2,H,W]; out: where to write the result, if given. A box filter of a pixel's size would
    scale a wave f by sinc(f·span), which oscillates; the Gaussian used here doesn't.
    """
    rate = torch.tensor(waves, dtype=uv.dtype, device=uv.device).view(-1, 1, 1) / PERIOD
    phase = 2 * math.pi * uv.unsqueeze(-3) * rate
    weak = (rate * span.unsqueeze(-3)).square_().mul_(-2).exp_()
    if out is None:
        out = uv.new_empty(*uv.shape[:-3], 4 * len(waves), *uv.shape[-2:])
    parts = out.unflatten(-3, (2, 2, len(waves)))  # of u and v, sine and cosine
    parts.select(-4, 0).copy_(phase).sin_().mul_(weak)
    parts.select(-4, 1).copy_(phase).cos_().mul_(weak)
    return out


def shape(seen: SurfaceGeometry) -> Tensor:
    """[...,SHAPE,H,W]: the normal, log depth in -1..1, the kind as one of KINDS, and log2 of the footprints over 4."""
    octaves = (seen.depth.clamp(NEAREST, FARTHEST) / NEAREST).log2() / math.log2(FARTHEST / NEAREST)
    kind = F.one_hot(seen.kind, len(KINDS)).movedim(-1, -3).float()
    far = (1 - 2 * octaves).unsqueeze(-3)
    return torch.cat((seen.normal, far, kind, seen.span.clamp(1e-3, LARGEST).log2() / 4), -3)


def owners(region: Tensor, axis: Tensor, sign: Tensor, point: Tensor, mesh: np.ndarray | None = None) -> Tensor:
    """int64 [H,W], equal for pixels of one region in one plane, or on one mesh.

    region, axis, sign: int [H,W]; point: [3,H,W], blocks, as for `compute_geometry`; mesh: int [H,W], its number, −1 elsewhere."""
    plane = point.gather(0, axis.clamp(min=0)[None])[0]
    plane = torch.where(axis == SKY, torch.zeros_like(plane), plane)
    side = (region * 4 + axis + 1) * 2 + (sign > 0)
    owner = side * STEPS + (plane * PLANES).round().long() % STEPS
    if mesh is None:
        return owner
    number = torch.from_numpy(mesh.astype(np.int64))
    return torch.where(number < 0, owner, -1 - number - region * STEPS)


def borders(owner: Tensor) -> Tensor:
    """bool [2,H,W]: where the next pixel to the right, and the next below, shows another surface. owner: from `owners`."""
    right = F.pad(owner[:, 1:] != owner[:, :-1], (0, 1))
    return torch.stack((right, F.pad(owner[1:] != owner[:-1], (0, 0, 0, 1))))


def fine_channels(seen: SurfaceGeometry, edges: Tensor) -> Tensor:
    """[...,FINE,H,W] at the picture's resolution, for the decoder: a few harmonics, the shape, and `borders` [...,2,H,W]."""
    channels = seen.uv.new_empty(*seen.uv.shape[:-3], FINE, *seen.uv.shape[-2:])
    waves, rest = channels.tensor_split((4 * len(FINE_WAVES),), -3)
    harmonics(seen.uv, seen.span, FINE_WAVES, waves)
    rest.copy_(torch.cat((shape(seen), edges.float()), -3))
    return channels


def conditions(seen: SurfaceGeometry) -> Tensor:
    """[...,CONDITIONS,H,W], the denoiser's conditions of each latent pixel: the harmonics, then the shape."""
    return torch.cat((harmonics(seen.uv, seen.span), shape(seen)), -3)


def compute_view_geometry(
    camera: Camera, size: tuple[int, int], point: np.ndarray, side: np.ndarray, depth: np.ndarray, grid: int = 1
) -> SurfaceGeometry:
    """Compute the geometry of a (width, height) picture of a scene, from `scenes.raycast.Hits` or a G-buffer: point [H,W,3] in blocks,
    side [H,W], 0..5 = +x -x +y -y +z -z and -1 = sky, view-space depth [H,W]. u and v are the world's own.
    grid: pixels in a latent pixel, a side."""
    sides = torch.from_numpy(side.astype(np.int64))
    axis = torch.where(sides < 0, SKY, sides // 2)
    sign = torch.where(sides % 2 == 0, 1, -1)
    where = torch.from_numpy(point).movedim(-1, 0)
    rays = torch.from_numpy(camera.rays(size)).movedim(-1, 0)
    axes = torch.from_numpy(camera.axes)
    return compute_geometry(
        where, axis, sign, torch.from_numpy(depth), rays, axes, camera.focal(size), torch.zeros(2, 1, 1), grid
    )


def compute_facing_geometry(point: np.ndarray, side: np.ndarray, span: float, grid: int = 1) -> SurfaceGeometry:
    """Compute the geometry of a picture that faces its surfaces. point: [H,W,3] of its pixels, blocks; side: [H,W], 0..5; span: blocks
    along a side of a pixel; grid: pixels along a side of a latent pixel."""
    sides = torch.from_numpy(side.astype(np.int64))
    axis, sign = sides // 2, torch.where(sides % 2 == 0, 1, -1)
    back = torch.zeros(3, *side.shape)
    back[2] = 1
    return SurfaceGeometry(
        uv=torch.remainder(place(torch.from_numpy(point).movedim(-1, 0), axis, sign), PERIOD).float(),
        span=torch.full((2, *side.shape), span),
        normal=back,
        depth=torch.full(side.shape, FOCAL * grid * span),
        kind=torch.where(axis == 1, torch.where(sign > 0, 0, 2), 1),
    )
