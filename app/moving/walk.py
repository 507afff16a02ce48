"""Movement: pure functions from (walker, input, seconds) to the next walker.

Flying passes through everything. Walking keeps the eyes 1.7 blocks above the ground, climbs half a block, slides along walls,
falls and jumps. Both are independent of the frame rate: velocity relaxes exponentially and is integrated exactly.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from scenes.camera import Camera, Vector

EYES = 1.7  # blocks above the feet
HEADROOM = 0.15  # blocks above the eyes
RADIUS = 0.25  # of the body, blocks
CLIMB = 0.55  # blocks that a walker can step up without jumping
GRAVITY = 18.0  # blocks/s²; higher than on Earth, which feels like the moon in games
JUMP = 6.5  # blocks/s at take-off, for a jump a little over one block high
RELAX = 0.08  # s: time constant of velocity
RISE = 0.06  # s: time constant of the eyes' height after a step up
FAST = 4.0
SPEEDS = (0.25, 40.0)  # blocks/s
PITCH = 89.0  # degrees
HIGHEST = 1e4  # blocks: higher than anything that can be built
STRIDE = 1 / 120  # s: maximum time step of walking, so that a walker doesn't fall through a floor


class Ground(Protocol):
    """Ground and obstacles. Heights in blocks; -inf where there is nothing."""

    def top(self, x: float, z: float, below: float) -> float:
        """Height of the highest surface at (x, z) that is not above `below`."""
        ...

    def solid(self, x: float, z: float, low: float, high: float) -> bool:
        """Whether anything solid stands at (x, z) between two heights."""
        ...


@dataclass(frozen=True)
class Walker:
    """position: the eyes, blocks; velocity: blocks/s; yaw, pitch: degrees as in Camera.from_angles."""

    position: Vector = (0.0, EYES, 0.0)
    velocity: Vector = (0.0, 0.0, 0.0)
    yaw: float = 0.0
    pitch: float = 0.0

    @staticmethod
    def at(camera: Camera) -> Walker:
        """A walker at rest at a camera; the camera's roll is ignored."""
        pitch = float(np.clip(camera.pitch, -PITCH, PITCH))
        return Walker(camera.position, yaw=camera.yaw, pitch=pitch)

    def camera(self, fov: float) -> Camera:
        return Camera.from_angles(self.position, self.yaw, self.pitch, fov)

    @property
    def still(self) -> bool:
        return max(map(abs, self.velocity)) < 0.02


@dataclass(frozen=True)
class Movement:
    """Requested movement. forward, right, up: -1..1, relative to the view; speed: blocks/s; fast: multiply it by FAST."""

    forward: float = 0.0
    right: float = 0.0
    up: float = 0.0
    speed: float = 4.0
    fast: bool = False


def turn(walker: Walker, dx: float, dy: float, degrees: float = 0.12) -> Walker:
    """Turn by mouse movement. dx, dy: points, right and down positive; degrees: per point."""
    yaw = (walker.yaw - dx * degrees + 180.0) % 360.0 - 180.0
    return replace(walker, yaw=yaw, pitch=float(np.clip(walker.pitch - dy * degrees, -PITCH, PITCH)))


def lift_out(walker: Walker, ground: Ground) -> Walker:
    """Move a walker that is inside blocks, as after an edit, to the top of them."""
    x, eyes, z = walker.position
    if not any(ground.solid(px, pz, eyes - EYES + CLIMB, eyes + HEADROOM) for px, pz in _body(x, z)):
        return walker
    top = max(ground.top(px, pz, HIGHEST) for px, pz in _body(x, z))
    return replace(walker, position=(x, top + EYES, z), velocity=(0.0, 0.0, 0.0))


def change_speed(speed: float, clicks: float) -> float:
    """Change the speed by 20 % for each click of the wheel."""
    return float(np.clip(speed * 1.2**clicks, *SPEEDS))


def step(walker: Walker, wish: Movement, seconds: float, ground: Ground | None = None) -> Walker:
    """The walker after `seconds`: on the ground, or flying where there is None."""
    if ground is None:
        return _fly(walker, wish, seconds)
    seconds = min(seconds, 0.25)  # limited, so that a delayed frame doesn't move the walker off a roof
    pieces = max(1, int(np.ceil(seconds / STRIDE)))
    for _ in range(pieces):
        walker = _walk(walker, wish, seconds / pieces, ground)
    return walker


def _compute_velocity(walker: Walker, wish: Movement) -> np.ndarray:
    """Requested velocity [3], blocks/s, relative to the yaw; diagonals are no faster."""
    yaw = np.radians(walker.yaw)
    forward, right = np.array([-np.sin(yaw), 0, -np.cos(yaw)]), np.array([np.cos(yaw), 0, -np.sin(yaw)])
    direction = wish.forward * forward + wish.right * right + wish.up * np.array([0, 1, 0])
    direction /= max(1.0, float(np.linalg.norm(direction)))
    return direction * wish.speed * (FAST if wish.fast else 1.0)


def _relax(velocity: np.ndarray, wanted: np.ndarray, seconds: float) -> tuple[np.ndarray, np.ndarray]:
    """(velocity, distance) after `seconds` of v' = (wanted - v) / RELAX, computed exactly, so that two half steps equal a whole one."""
    left = np.exp(-seconds / RELAX)
    return wanted + (velocity - wanted) * left, wanted * seconds + (velocity - wanted) * RELAX * (1 - left)


def _fly(walker: Walker, wish: Movement, seconds: float) -> Walker:
    velocity, way = _relax(np.array(walker.velocity), _compute_velocity(walker, wish), seconds)
    return replace(walker, position=_vector(walker.position + way), velocity=_vector(velocity))


def _walk(walker: Walker, wish: Movement, seconds: float, ground: Ground) -> Walker:
    x, eyes, z = walker.position
    velocity = np.array([walker.velocity[0], 0.0, walker.velocity[2]])
    velocity, way = _relax(velocity, _compute_velocity(walker, replace(wish, up=0.0)), seconds)
    if _fits(x + way[0], z, eyes, ground):  # each axis by itself, so that the walker slides along walls
        x += way[0]
    else:
        velocity[0] = 0.0
    if _fits(x, z + way[2], eyes, ground):
        z += way[2]
    else:
        velocity[2] = 0.0
    eyes, velocity[1] = _fall(x, z, eyes, walker.velocity[1], wish.up > 0, seconds, ground)
    return replace(walker, position=_vector((x, eyes, z)), velocity=_vector(velocity))


def _fall(
    x: float, z: float, eyes: float, rising: float, jump: bool, seconds: float, ground: Ground
) -> tuple[float, float]:
    """(height of the eyes, vertical velocity) after a piece of a step at (x, z)."""
    standing = max(ground.top(px, pz, eyes - EYES + CLIMB) for px, pz in _body(x, z)) + EYES
    if rising <= 0 and eyes <= standing + 1e-3:
        if jump and standing - eyes < 0.05:
            return eyes, JUMP
        return standing + (eyes - standing) * float(np.exp(-seconds / RISE)), 0.0
    after, rising = eyes + rising * seconds - GRAVITY * seconds**2 / 2, rising - GRAVITY * seconds
    if after > eyes and any(ground.solid(px, pz, eyes, after + HEADROOM) for px, pz in _body(x, z)):
        return eyes, 0.0
    return (standing, 0.0) if rising <= 0 and after < standing <= eyes else (after, rising)


def _fits(x: float, z: float, eyes: float, ground: Ground) -> bool:
    low, high = eyes - EYES + CLIMB, eyes + HEADROOM
    return not any(ground.solid(px, pz, low, high) for px, pz in _body(x, z))


def _body(x: float, z: float) -> tuple[tuple[float, float], ...]:
    """The corners of the square that the walker stands on."""
    return tuple((x + i * RADIUS, z + j * RADIUS) for i in (-1, 1) for j in (-1, 1))


def _vector(values: object) -> Vector:
    x, y, z = np.asarray(values, dtype=float)
    return float(x), float(y), float(z)
