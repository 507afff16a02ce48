"""Noise that belongs to the surface: a hash of where it is, so that two views of one wall start from the same noise."""

from __future__ import annotations

import numpy as np

from engine import sides
from engine.charts import Charts
from scenes.camera import Camera

DEEPEST, COARSEST = 12, -12  # levels: a cell is 2^-level texels


def surface_noise(
    charts: Charts,
    chart: np.ndarray,
    u: np.ndarray,
    v: np.ndarray,
    level: np.ndarray,
    channels: int,
    seed: int,
) -> np.ndarray:
    """Unit normal float32 [C,...] for the surface points (chart, u, v) [...], one value per cell of 2^-level texels.

    A function of (seed, plane, cell in the world, level, channel) only: how charts were cut doesn't matter.
    """
    side = charts.side[chart].astype(np.int64)
    sky = charts.sky[chart]
    scale = np.exp2(level.astype(np.float64))
    corner = charts.corner[chart].astype(np.float64)
    at = (
        corner + u[..., None] * sides.U[side] + v[..., None] * sides.V[side]
    )  # in texels of the world, or of a sky side
    plane = np.round((corner * np.abs(sides.NORMAL[side])).sum(axis=-1)).astype(np.int64)
    along_u = np.floor((at * np.abs(sides.U[side])).sum(axis=-1) * scale).astype(np.int64)
    along_v = np.floor((at * np.abs(sides.V[side])).sum(axis=-1) * scale).astype(np.int64)
    key = _mix(np.uint64(seed & 0xFFFFFFFFFFFFFFFF))
    for part in (side + 8 * sky, plane, along_u, along_v, level.astype(np.int64)):
        key = _mix(key ^ part.astype(np.uint64))
    pairs = np.arange(-(-channels // 2), dtype=np.uint64).reshape(-1, *([1] * chart.ndim))
    bits = _mix(key[None] ^ _mix(pairs + np.uint64(1)))
    return _box_muller(bits, channels)


def noise_level(jacobian: np.ndarray, latent_pixel: float) -> np.ndarray:
    """int32 [...]: the coarsest level whose cells are so small that no two neighbouring latent pixels share one.

    jacobian: [...,2,2], picture pixels per texel. Neighbours are at least latent_pixel / σ_max texels apart, at any angle;
    a cell whose diagonal is no longer than that can't hold both.
    """
    a, b, c, d = (jacobian[..., i, j] for i in (0, 1) for j in (0, 1))
    mean, difference = np.hypot(a + d, c - b) / 2, np.hypot(a - d, b + c) / 2
    level = np.ceil(np.log2(np.maximum((mean + difference) * np.sqrt(2) / latent_pixel, 2.0**COARSEST)))
    return np.clip(level, COARSEST, DEEPEST).astype(np.int32)


def texel_jacobian(
    charts: Charts, chart: np.ndarray, ray: np.ndarray, depth: np.ndarray, camera: Camera, focal: float
) -> np.ndarray:
    """[...,2,2] derivative of picture coordinates (x, y down) by texel coordinates (u, v).

    ray: [...,3] with forward part 1; depth: the chart's depth along it (for the sky: on its cube).
    """
    right, up, forward = camera.axes
    out = np.empty((*chart.shape, 2, 2))
    for column, axis in enumerate((charts.u[chart], charts.v[chart])):
        z = axis @ forward
        out[..., 0, column] = focal / depth * (axis @ right - (ray @ right) * z)
        out[..., 1, column] = focal / depth * ((ray @ up) * z - axis @ up)
    return out


def _mix(x: np.ndarray) -> np.ndarray:
    """SplitMix64's finaliser (Steele, Lea, Flood 2014): every input bit reaches every output bit."""
    with np.errstate(over="ignore"):
        x = x + np.uint64(0x9E3779B97F4A7C15)
        x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


def _box_muller(bits: np.ndarray, channels: int) -> np.ndarray:
    """Unit normal float32 [channels,...] from uint64 [ceil(channels/2),...]: the halves give radius and angle."""
    radius = ((bits >> np.uint64(32)).astype(np.float32) + np.float32(0.5)) * np.float32(2.0**-32)
    angle = (bits & np.uint64(0xFFFFFFFF)).astype(np.float32) * np.float32(2.0**-32 * 2 * np.pi)
    radius = np.sqrt(-2 * np.log(np.minimum(radius, np.float32(1 - 2**-24))))
    both = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
    return both.reshape(-1, *bits.shape[1:])[:channels]
