"""Finds what a ray points at: one ray at a time, fast enough for every frame. `raycast` casts whole pictures."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scenes.camera import Camera, Vector
from scenes.extrude import Blocks
from scenes.mesh import Mesh
from scenes.scene import SKY, Scene


@dataclass(frozen=True)
class Surface:
    """A place on a surface. block: (x, z) on the map; voxel: (x, y, z) in voxels; side: 0..5 = +x −x +y −y +z −z; point: in the
    world, in blocks."""

    block: tuple[int, int]
    voxel: tuple[int, int, int]
    side: int
    point: Vector


def aim(camera: Camera, aspect: float, place: tuple[float, float]) -> Vector:
    """Return the direction of a view's ray, of depth 1. aspect: width / height; place: (x, y) in 0..1 of the view, y down."""
    tangent = np.tan(np.radians(camera.fov) / 2)
    x, y = (place[0] * 2 - 1) * tangent * aspect, (1 - place[1] * 2) * tangent
    right, up, forward = (np.array([x, y, 1.0]) @ camera.axes).tolist()
    return right, up, forward


def find_surface(blocks: Blocks, origin: Vector, ray: Vector) -> Surface | None:
    """Find the first solid face along a ray, by the rules of `raycast.cast_rays`; None for the sky."""
    n, solid = blocks.voxels_per_block, blocks.solid
    shape = solid.shape[2], solid.shape[0], solid.shape[1]
    scale = (1.0, float(n), 1.0)  # cells per block
    start, way = ([v * s for v, s in zip(vector, scale, strict=True)] for vector in (origin, ray))
    t, last, axis = 0.0, float("inf"), -1
    for a in range(3):
        if way[a] == 0:
            if not 0 <= start[a] < shape[a]:
                return None
            continue
        near, far = sorted((-start[a] / way[a], (shape[a] - start[a]) / way[a]))
        if near > t:
            t, axis = near, a
        last = min(last, far)
    if t >= last:
        return None
    cell = [min(max(int(np.floor(s + t * w)), 0), m - 1) for s, w, m in zip(start, way, shape, strict=True)]
    if axis >= 0:
        cell[axis] = 0 if way[axis] > 0 else shape[axis] - 1
    # inside a block one looks out of it; from below one looks through the ground
    before = bool(solid[cell[1], cell[2], cell[0]]) if axis < 0 else axis == 1 and way[1] > 0
    while True:
        now = bool(solid[cell[1], cell[2], cell[0]])
        if now and not before:
            return _surface(n, origin, ray, t, axis, cell)
        before = now
        t, axis = min(((cell[a] + (way[a] > 0) - start[a]) / way[a], a) for a in range(3) if way[a])
        cell[axis] += 1 if way[axis] > 0 else -1
        if not 0 <= cell[axis] < shape[axis]:
            return None


def material_at(scene: Scene, blocks: Blocks, camera: Camera, aspect: float, place: tuple[float, float]) -> int:
    """Return the index of the material that a view of a scene shows at a place (see `aim`), or SKY. blocks: the scene's."""
    ray = aim(camera, aspect, place)
    found = find_surface(blocks, camera.position, ray)
    depth = np.inf if found is None else float(np.subtract(found.point, camera.position) @ camera.axes[2])
    material = SKY if found is None else int(blocks.find_material(np.array(found.voxel)))
    for mesh in scene.meshes:
        nearer = find_mesh_depth(mesh, camera.position, ray)
        if nearer < depth:
            depth, material = nearer, scene.material_index(mesh.place.material)
    return material


def find_mesh_depth(mesh: Mesh, origin: Vector, ray: Vector) -> float:
    """Return how many times `ray` it is from the origin to the nearest triangle that faces it; inf if it meets none.

    After Möller & Trumbore, "Fast, Minimum Storage Ray/Triangle Intersection" (1997).
    """
    corners = mesh.corners
    one, two = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    across = np.cross(ray, two)
    slope = (one * across).sum(-1)
    facing = slope > 1e-12
    start = np.asarray(origin) - corners[facing, 0]
    turned = np.cross(start, one[facing])
    u = (start * across[facing]).sum(-1) / slope[facing]
    v = turned @ np.asarray(ray) / slope[facing]
    t = (turned * two[facing]).sum(-1) / slope[facing]
    return float(t[(u >= 0) & (v >= 0) & (u + v <= 1) & (t > 0)].min(initial=np.inf))


def find_height(origin: Vector, ray: Vector, x: float, z: float) -> float | None:
    """Return the height at which a ray passes the upright line through (x, z) most closely on the plan; None behind the origin."""
    across = ray[0] ** 2 + ray[2] ** 2
    t = ((x - origin[0]) * ray[0] + (z - origin[2]) * ray[2]) / across if across > 1e-9 else -1.0
    return origin[1] + t * ray[1] if t > 0 else None


def find_on_plane(origin: Vector, ray: Vector, y: float) -> tuple[float, float] | None:
    """Return where (x, z) a ray meets the level plane of a height; None if it doesn't."""
    t = (y - origin[1]) / ray[1] if ray[1] else -1.0
    return (origin[0] + t * ray[0], origin[2] + t * ray[2]) if t > 0 else None


def _surface(n: int, origin: Vector, ray: Vector, t: float, axis: int, cell: list[int]) -> Surface:
    forward = ray[axis] > 0
    point = [o + t * r for o, r in zip(origin, ray, strict=True)]
    point[axis] = (cell[axis] + (not forward)) / (n if axis == 1 else 1)  # exactly on the face
    low = cell[0] * n, cell[1], cell[2] * n
    high = low[0] + n - 1, low[1], low[2] + n - 1
    x, y, z = (min(max(int(np.floor(p * n)), a), b) for p, a, b in zip(point, low, high, strict=True))
    return Surface((cell[0], cell[2]), (x, y, z), 2 * axis + forward, (point[0], point[1], point[2]))
