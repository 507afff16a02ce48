"""The walks of the consistency measurement: lists of cameras that end where they began."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product

import numpy as np

from scenes.camera import Camera, Vector
from scenes.extrude import Blocks
from scenes.paths import sample_path
from scenes.raycast import cast_rays
from scenes.scene import Scene

FULL_WALK = 48  # views of a full run; a shorter orbit or loop keeps this spacing and covers only a part of the way
FARTHEST, NEAREST = 14.0, 1.5  # blocks from the surface that `walk_in` approaches
MAX_ZOOM = 1.4  # maximum ratio of two successive distances, so that the views can be compared
PASSING_DISTANCE = 5.0  # blocks from what `walk_past` passes
MAX_FREE_WIDTH = 4.0  # blocks to each side
CLEARANCE = 0.75  # blocks of air around the eye


def orbit(scene: Scene, blocks: Blocks, views: int) -> list[Camera]:
    """Round the scene from outside; successive views are 1/FULL_WALK of the round apart."""
    path = scene.paths["orbit"]
    return [sample_path(path, path.seconds * k / FULL_WALK) for k in range(views)]


def walk_in(scene: Scene, blocks: Blocks, views: int) -> list[Camera]:
    """Straight up to a surface, from FARTHEST to NEAREST (or as near as few views get), each nearer by the same factor."""

    def score(camera: Camera) -> float:
        ahead = distance(blocks, camera)
        return min(ahead, FARTHEST) if ahead < 2 * FARTHEST else -1.0

    camera = max(viewpoints(scene), key=score)
    ahead = distance(blocks, camera)
    ahead = max(ahead, 2 * NEAREST) if np.isfinite(ahead) else FARTHEST
    start, forward = np.asarray(camera.position), camera.axes[2]
    far = min(ahead, FARTHEST)
    left = np.geomspace(far, max(NEAREST, far / MAX_ZOOM ** (views - 1)), views)
    return [camera.with_changes(position=_place(start + (ahead - d) * forward)) for d in left]


def walk_past(scene: Scene, blocks: Blocks, views: int) -> list[Camera]:
    """Sideways past a surface, looking straight at it."""

    def score(camera: Camera) -> float:
        return free_width(blocks, camera) - abs(distance(blocks, camera) - PASSING_DISTANCE)

    camera = max(viewpoints(scene), key=score)
    reach = max(free_width(blocks, camera), 0.5)
    start, right = np.asarray(camera.position), camera.axes[0]
    return [camera.with_changes(position=_place(start + s * right)) for s in np.linspace(-reach, reach, views)]


def loop(scene: Scene, blocks: Blocks, views: int) -> list[Camera]:
    """Along the scene's walk; successive views are 1/FULL_WALK of it apart."""
    path = scene.paths["walk"]
    return [sample_path(path, path.seconds * k / FULL_WALK) for k in range(views)]


Path = Callable[[Scene, Blocks, int], list[Camera]]
PATHS: dict[str, Path] = {"orbit": orbit, "walk-in": walk_in, "walk-past": walk_past, "loop-and-return": loop}


def make_walk(name: str, scene: Scene, blocks: Blocks, views: int) -> list[Camera]:
    """`views` cameras of a path of PATHS; the last equals the first, so every path ends with a revisit."""
    cameras = PATHS[name](scene, blocks, views - 1)
    return [*cameras, cameras[0]]


def viewpoints(scene: Scene) -> Iterator[Camera]:
    """Views along the scene's walk in four directions, level and slightly down (for scenes lower than the eye)."""
    path = scene.paths["walk"]
    for seconds in np.linspace(0, path.seconds, 24, endpoint=False):
        camera = sample_path(path, float(seconds))
        for turn, pitch in product((0.0, 90.0, 180.0, 270.0), (0.0, -10.0)):
            yield Camera.from_angles(camera.position, round(camera.yaw / 90) * 90 + turn, pitch, camera.fov)


def distance(blocks: Blocks, camera: Camera) -> float:
    """Blocks along the centre ray to the first surface; inf for the sky."""
    return float(cast_rays(blocks, camera, (1, 1)).depth[0, 0])


def free_width(blocks: Blocks, camera: Camera, step: float = 0.25) -> float:
    """Blocks that are free to both sides, up to MAX_FREE_WIDTH, with CLEARANCE around. The start itself must be free."""
    steps = np.arange(0.0, MAX_FREE_WIDTH + step / 2, step)
    places = np.asarray(camera.position) + np.concatenate([steps, -steps])[:, None] * camera.axes[0]
    around = CLEARANCE * np.concatenate([camera.axes, -camera.axes])
    blocked = blocks.is_solid(places[:, None] + around).any(axis=1).reshape(2, -1).any(axis=0)
    return float(steps[blocked.argmax() - 1] if blocked.any() else MAX_FREE_WIDTH)


def _place(point: np.ndarray) -> Vector:
    return float(point[0]), float(point[1]), float(point[2])
