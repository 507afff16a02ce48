"""The two camera paths that every scene has: `orbit` around it, and `walk` through its open ground at eye height.

The walk is a loop through distant open cells that keeps away from walls. It is smoothed only as far as the eye stays in free air.
The unsmoothed route through cell centres always does, since a Catmull-Rom curve through neighbouring centres deviates from the
straight lines by less than 0.08 block.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from scenes.camera import Camera
from scenes.extrude import Blocks
from scenes.ground import STEP, Cell, Ground, find_distances, find_ground, trace_route
from scenes.paths import sample_positions
from scenes.scene import CameraPath, Keyframe

EYE = 1.7  # blocks above the ground
SPEED = 2.2  # blocks a second
WALK_REACH = 14  # most blocks from the start of a walk to its stops
DIRECTIONS = 5  # directions in which a walk looks for stops
MARGIN = 0.2  # blocks between the smoothed eye and anything solid
# Corners of a cube, and the middles of its upright edges since voxels may be flat: what reaches into the cube holds one.
BODY = np.array([(x, y, z) for x in (-1, 1) for y in (-1, 0, 1) for z in (-1, 1)], dtype=float)
ORBIT_SECONDS = 12.0
FOV = 60.0


def generate_paths(blocks: Blocks) -> dict[str, CameraPath]:
    """Return {"orbit": …, "walk": …} for any blocks."""
    return {"orbit": make_orbit(blocks), "walk": make_walk(blocks)}


def make_orbit(blocks: Blocks, seconds: float = ORBIT_SECONDS, keys: int = 16) -> CameraPath:
    """Make a loop outside the bounding box, 30° above its centre, that looks at the centre."""
    x, y, z = blocks.size
    middle = np.array([x / 2, min(y / 2, 2.0), z / 2])
    radius = 0.5 * float(np.hypot(x, z)) + 2.0
    height = max(middle[1] + radius * np.tan(np.radians(30)), y + 1.0)
    cameras = []
    for turn in np.linspace(0, 2 * np.pi, keys + 1) + np.pi / 4:
        place = (middle[0] + radius * np.sin(turn), height, middle[2] + radius * np.cos(turn))
        cameras.append(Camera.look_at(place, tuple(middle), FOV))
    return _path("orbit", cameras, np.linspace(0, seconds, keys + 1))


def make_walk(blocks: Blocks) -> CameraPath:
    """Make a loop at eye height through open ground, else over roofs; if nothing is walkable, a hover above everything.

    The eye is never inside anything solid, at no time of the path.
    """
    ground = find_ground(blocks)
    cells = plan_route(ground) if ground.walkable.any() else []
    if len(cells) < 4:
        return _make_hover(blocks)
    centres = np.array([(x + 0.5, ground.level[z, x] + EYE, z + 0.5) for z, x in cells])
    for rounds in (24, 8, 2):
        path = _walk_along(_smooth(blocks, centres, rounds))
        if is_clear(blocks, path):
            return path
    return _walk_along(centres)


def is_clear(blocks: Blocks, path: CameraPath, per_second: float = 60.0, margin: float = 0.05) -> bool:
    """Return whether the camera keeps `margin` blocks from anything solid at `per_second` samples a second.

    At walking speed the path deviates by less than the margin between two samples, so it is then clear at all times.
    """
    times = np.linspace(0, path.seconds, int(path.seconds * per_second) + 2)
    return not blocks.is_solid(sample_positions(path, times)[:, None] + margin * BODY).any()


def plan_route(ground: Ground) -> list[Cell]:
    """Return a loop of 4-connected walkable cells past distant open places on all sides; the first cell isn't repeated."""
    start = _find_start(ground)
    z, x = np.indices(ground.walkable.shape)
    around = (
        np.maximum(abs(z - start[0]), abs(x - start[1])) <= 2 * WALK_REACH
    )  # a large map costs no more than a small one
    ground = dataclasses.replace(ground, walkable=ground.walkable & around)
    usual = np.median(ground.level[ground.walkable])
    cost = 1.0 + 4.0 / np.maximum(ground.clearance, 1) ** 2 + 8.0 * abs(ground.level - usual) / STEP  # ponds are low
    far, _ = find_distances(ground, start, cost)
    stops = _find_stops(ground, start, far, cost)
    cells: list[Cell] = []
    for here, there in zip(stops, [*stops[1:], stops[0]], strict=True):
        _, back = find_distances(ground, here, cost)
        leg = trace_route(back, there)
        cost = _raise_cost(cost, leg)
        cells += leg[:-1]
    return _prune(cells)


def _find_start(ground: Ground) -> Cell:
    """Return the walkable cell nearest to the centre of the ground."""
    z, x = np.nonzero(ground.walkable)
    best = np.argmin(np.hypot(z - z.mean(), x - x.mean()))
    return int(z[best]), int(x[best])


def _find_stops(ground: Ground, start: Cell, far: np.ndarray, cost: np.ndarray) -> list[Cell]:
    """Return the farthest reachable open place within WALK_REACH in each direction, and the start if there is only one."""
    z, x = np.indices(far.shape)
    away = np.hypot(z - start[0], x - start[1])
    side = ((np.arctan2(z - start[0], x - start[1]) / (2 * np.pi) + 0.5) * DIRECTIONS).astype(int) % DIRECTIONS
    score = np.where(np.isfinite(far) & (away > 0) & (away <= WALK_REACH), away / cost, -1.0)
    stops = []
    for k in range(DIRECTIONS):
        best = int(np.argmax(np.where(side == k, score, -1.0)))
        cell = (best // far.shape[1], best % far.shape[1])
        if side[cell] == k and score[cell] > 0:
            stops.append(cell)
    return stops if len(stops) > 1 else [start, *stops]


def _raise_cost(cost: np.ndarray, cells: list[Cell]) -> np.ndarray:
    """Return the cost with used cells and their surroundings raised, so that the way back differs."""
    dear = np.zeros(cost.shape)
    dear[tuple(np.array(cells).T)] = 1.0
    padded = np.pad(dear, 1)
    for axis in (0, 1):
        padded = np.maximum.reduce([padded, np.roll(padded, 1, axis), np.roll(padded, -1, axis)])
    return cost * (1 + 2 * dear + 2 * padded[1:-1, 1:-1])


def _prune(cells: list[Cell]) -> list[Cell]:
    """Return the loop without spurs (into a cell and straight back) as long as four cells remain."""
    kept: list[Cell] = []
    for cell in cells:
        if len(kept) > 1 and kept[-2] == cell and len(cells) > 4:
            kept.pop()
        else:
            kept.append(cell)
    while len(kept) > 5 and kept[1] == kept[-1]:
        kept = kept[1:-1]
    return kept if len(kept) >= 4 else cells


def _smooth(blocks: Blocks, points: np.ndarray, rounds: int) -> np.ndarray:
    """Round the closed polyline [N,3] by averaging; points move only where they keep MARGIN from anything solid."""
    fine = np.stack([points, (points + np.roll(points, -1, axis=0)) / 2], axis=1).reshape(-1, 3)
    for _ in range(rounds):
        moved = (np.roll(fine, 1, axis=0) + 2 * fine + np.roll(fine, -1, axis=0)) / 4
        blocked = blocks.is_solid(moved[:, None] + MARGIN * BODY).any(axis=1, keepdims=True)
        fine = np.where(blocked, fine, moved)
    return fine[::2]


def _walk_along(points: np.ndarray) -> CameraPath:
    """Make a loop through the closed polyline at walking speed that looks where the path leads in the next few blocks."""
    ring = np.concatenate([points, points[:1]])
    lengths = np.maximum(np.linalg.norm(np.diff(ring, axis=0), axis=1), 0.2)
    times = np.concatenate([[0.0], np.cumsum(lengths)]) / SPEED
    ahead = np.sum([np.roll(points, -k, axis=0) - points for k in range(1, min(6, len(points) - 1))], axis=0)
    # A path that turns back on itself has nothing ahead for a moment: average with its neighbours.
    for _ in range(8):
        ahead = (np.roll(ahead, 1, axis=0) + 2 * ahead + np.roll(ahead, -1, axis=0)) / 4
    yaw = np.degrees(np.arctan2(-ahead[:, 0], -ahead[:, 2]))
    cameras = [Camera.from_angles(tuple(p), float(a), -3.0, FOV) for p, a in zip(points, yaw, strict=True)]
    return _path("walk", [*cameras, cameras[0]], times)


def _make_hover(blocks: Blocks) -> CameraPath:
    """Make a slow loop above everything that looks down at the centre."""
    x, y, z = blocks.size
    height, radius = y + EYE + 0.5, max(1.0, 0.3 * min(x, z))
    turns = np.linspace(0, 2 * np.pi, 17)
    places = [(x / 2 + radius * np.sin(a), height, z / 2 + radius * np.cos(a)) for a in turns]
    return _path("walk", [Camera.look_at(p, (x / 2, 0.0, z / 2), FOV) for p in places], np.linspace(0, 12, 17))


def _path(name: str, cameras: list[Camera], times: np.ndarray) -> CameraPath:
    keys = tuple(Keyframe(camera, float(time)) for camera, time in zip(cameras, times, strict=True))
    return CameraPath(name=name, keyframes=keys, loop=True)
