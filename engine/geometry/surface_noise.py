"""Noise fixed to the surfaces: a hash of the position, so that two views of one wall start from the same noise."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.geometry import sides
from engine.geometry.charts import Charts
from scenes.camera import Camera

DEEPEST, COARSEST = 10, -12  # levels: a cell is 2^-level texels
ROOT_LEVEL = (
    -3
)  # finer levels refine this one instead of drawing new noise; a cell is 8 texels here, smaller than most charts
# the sides of blocks, and a seventh: meshes' textures, one above the other
_TEXTURE = len(sides.NORMAL)
_U, _V, _NORMAL = (
    np.concatenate([table, [axis]]) for table, axis in zip((sides.U, sides.V, sides.NORMAL), np.eye(3), strict=True)
)


def surface_noise(
    charts: Charts,
    chart: np.ndarray,
    u: np.ndarray,
    v: np.ndarray,
    level: np.ndarray,
    channels: int,
    seed: int,
) -> np.ndarray:
    """Return float32 [C,...], unit normal noise at surface points (chart, u, v) [...], one value per cell of 2^-level texels.

    The noise depends on (seed, plane, cell in the world, level, channel) only, not on how charts were cut. Below ROOT_LEVEL each
    cell's four children are an orthonormal (Haar) transform of it and three new values: they are independent unit normals, and
    half their sum is their parent. So a wall seen from nearer has the same noise with more detail. On a mesh the cells are those of
    its texture, so the noise goes with it.
    """
    side = charts.side[chart].astype(np.int64)
    if charts.meshes is not None:
        side = np.where(charts.meshes.mesh[chart] >= 0, _TEXTURE, side)
    corner = charts.corner[chart].astype(np.float64)
    at = (
        corner + u[..., None] * _U[side] + v[..., None] * _V[side]
    )  # texels of the world, of the sky's side, or of a mesh's texture
    scale = np.exp2(np.asarray(level, dtype=np.float64))
    plane = np.round((corner * np.abs(_NORMAL[side])).sum(axis=-1)).astype(np.int64)
    key = _mix(np.uint64(seed & 0xFFFFFFFFFFFFFFFF))
    for part in (side + 8 * charts.sky[chart], plane):
        key = _mix(key ^ part.astype(np.uint64))
    cells = [np.floor((at * np.abs(axis[side])).sum(axis=-1) * scale).astype(np.int64) for axis in (_U, _V)]
    a, b, level, key = (np.asarray(x).ravel() for x in (*cells, level, key))
    start = np.minimum(level, ROOT_LEVEL)
    below = level - start
    noise = _normals(_cell_key(key, a >> below, b >> below, start), channels)
    for depth in range(1, int(below.max(initial=0)) + 1):
        deep = np.flatnonzero(below >= depth)
        shift = below[deep] - depth
        child_a, child_b = a[deep] >> shift, b[deep] >> shift
        detail = _normals(_cell_key(key[deep], child_a >> 1, child_b >> 1, np.int64(ROOT_LEVEL + depth)), 3 * channels)
        right, down = (np.where(child & 1, np.float32(1), np.float32(-1)) for child in (child_a, child_b))
        x, y, xy = detail.reshape(3, channels, -1)
        noise[:, deep] = (noise[:, deep] + right * x + down * y + right * down * xy) / 2
    return noise.reshape(channels, *chart.shape)


def noise_level(jacobian: np.ndarray, latent_pixel: float) -> np.ndarray:
    """Return int32 [...]: the coarsest level at which no two neighbouring latent pixels share a cell.

    jacobian: [...,2,2], picture pixels per texel. Neighbours are at least latent_pixel / σ_max texels apart at any angle, and a
    cell whose diagonal is no longer than that cannot contain both.
    """
    a, b, c, d = (jacobian[..., i, j] for i in (0, 1) for j in (0, 1))
    mean, difference = np.hypot(a + d, c - b) / 2, np.hypot(a - d, b + c) / 2
    level = np.ceil(np.log2(np.maximum((mean + difference) * np.sqrt(2) / latent_pixel, 2.0**COARSEST)))
    return np.clip(level, COARSEST, DEEPEST).astype(np.int32)


def texel_jacobian(
    charts: Charts, chart: np.ndarray, ray: np.ndarray, depth: np.ndarray, camera: Camera, focal: float
) -> np.ndarray:
    """Return [...,2,2], the derivative of picture coordinates (x, y down) by texel coordinates (u, v).

    ray: [...,3] with forward part 1; depth: the chart's depth along it (for the sky: on its cube).
    """
    right, up, forward = camera.axes
    out = np.empty((*chart.shape, 2, 2))
    for column, axis in enumerate((charts.u[chart], charts.v[chart])):
        z = axis @ forward
        out[..., 0, column] = focal / depth * (axis @ right - (ray @ right) * z)
        out[..., 1, column] = focal / depth * ((ray @ up) * z - axis @ up)
    return out


def _mix(x: Any) -> Any:
    """SplitMix64's finaliser (Steele, Lea, Flood 2014): every input bit reaches every output bit."""
    with np.errstate(over="ignore"):
        x = x + np.uint64(0x9E3779B97F4A7C15)
        x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


def _cell_key(key: np.ndarray, a: np.ndarray, b: np.ndarray, level: Any) -> np.ndarray:
    for part in (a, b, level):
        key = _mix(key ^ part.astype(np.uint64))
    return key


def _normals(key: np.ndarray, count: int) -> np.ndarray:
    """Return float32 [count,n], unit normals from uint64 keys [n] (Box & Muller 1958): 64 bits give a radius and an angle."""
    pairs = _mix(np.arange(1, -(-count // 2) + 1, dtype=np.uint64))
    bits = _mix(key[None] ^ pairs[:, None])
    radius = ((bits >> np.uint64(32)).astype(np.float32) + np.float32(0.5)) * np.float32(2.0**-32)
    angle = (bits & np.uint64(0xFFFFFFFF)).astype(np.float32) * np.float32(2.0**-32 * 2 * np.pi)
    radius = np.sqrt(-2 * np.log(np.minimum(radius, np.float32(1 - 2**-24))))
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1).reshape(-1, key.size)[:count]
