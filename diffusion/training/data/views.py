"""Training views: small random worlds of boxes, traced through a camera and lit. Each pixel knows its surface and place."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from diffusion.models.depth import FARTHEST, FOCAL, NEAREST
from diffusion.models.surface_place import PERIOD, place, sky_place
from diffusion.training.data.bank import Bank
from diffusion.training.data.captions import Mood
from diffusion.training.data.light import LIGHTS, STYLES, Shading, shade

SLOTS = 4  # surfaces a picture may have: floor, two kinds of boxes, sky


@dataclass(frozen=True)
class World:
    """Boxes on a ground at y = 0, and a camera.

    boxes: [K,2,3], lower and upper corners in blocks; slots: [K], the surface slot of each box (0 is the ground, 3 the sky)
    eye: the camera's place in blocks; yaw, pitch: radians, yaw 0 looks along -z
    size: side of the picture in pixels; focal: focal length in pixels
    """

    boxes: np.ndarray
    slots: np.ndarray
    eye: np.ndarray
    yaw: float
    pitch: float
    focal: float
    size: int


@dataclass(frozen=True)
class Picture:
    """A view of a world, with the conditions that a network gets of it.

    image: uint8 [3,H,W]; depth: float32 [H/8,W/8], as `depth_channel` computes it
    slots: uint8 [SLOTS,H/8,W/8], the share of each cell that a slot covers, 255 for all of it
    shifts: float32 [SLOTS,2], the offset of each slot's pattern along u and v, in blocks
    """

    image: Tensor
    depth: Tensor
    slots: Tensor
    world: World
    shifts: Tensor


def depth_channel(z: Tensor, focal: float | Tensor = FOCAL) -> Tensor:
    """The model's depth channel: linear in log z, from 1 at half a block to -1 at 64 blocks and in the sky.

    z: view depth in blocks, inf for the sky; focal: focal length in latent pixels. Depth is converted to the distance at
    which the reference camera (FOCAL) shows the surface at the same size, so it determines a pattern's size in pixels.
    """
    distance = (z * (FOCAL / focal)).clamp(NEAREST, FARTHEST)
    return 1 - 2 * (distance / NEAREST).log2() / float(np.log2(FARTHEST / NEAREST))


def random_world(rng: np.random.Generator, kind: str, size: int) -> World:
    """A random world. kind: "wall" (one surface, seen face-on), "floor" (ground fills the picture), "sky", or "boxes"."""
    focal = FOCAL * 8 * float(np.exp(rng.uniform(-0.25, 0.25)))
    half = np.arctan(size / 2 / focal)
    none = np.zeros((0, 2, 3)), np.zeros(0, int)
    if kind == "wall":
        distance = float(np.exp(rng.uniform(np.log(1.5), np.log(13))))
        box = np.array([[[-200, -200, -100], [200, 200, 0]]], float)
        return World(
            box, np.array([1]), np.array([0, 1.5, distance]), rng.normal(0, 0.3), rng.normal(0, 0.12), focal, size
        )
    if kind == "floor":
        pitch = -float(rng.uniform(half + 0.05, np.pi / 2))
        return World(
            *none,
            np.array([0, float(np.exp(rng.uniform(np.log(1.4), np.log(9)))), 0]),
            rng.uniform(0, 6.28),
            pitch,
            focal,
            size,
        )
    if kind == "sky":
        return World(
            *none, np.array([0, 2.0, 0]), rng.uniform(0, 6.28), float(rng.uniform(half + 0.02, 1.3)), focal, size
        )
    count = int(rng.integers(8, 19))
    corner = np.round(rng.normal(0, 6, (count, 2)))
    extent = np.where(rng.random((count, 2)) < 0.4, rng.integers(4, 12, (count, 2)), rng.integers(1, 4, (count, 2)))
    height = rng.integers(1, 8, count) * rng.choice([0.5, 1.0], count, p=[0.2, 0.8])
    low = np.stack((corner[:, 0], np.zeros(count), corner[:, 1]), 1)
    high = np.stack((corner[:, 0] + extent[:, 0], height, corner[:, 1] + extent[:, 1]), 1)
    eye = np.array([0.5, float(rng.uniform(1.2, 2.2) if rng.random() < 0.6 else rng.uniform(2.5, 9)), 0.5])
    clear = ~(
        (low[:, 0] - 1 < eye[0]) & (high[:, 0] + 1 > eye[0]) & (low[:, 2] - 1 < eye[2]) & (high[:, 2] + 1 > eye[2])
    )
    boxes, slots = np.stack((low, high), 1)[clear], rng.integers(1, 3, count)[clear]
    pitch = float(rng.normal(-0.1 - 0.06 * (eye[1] - 1.5), 0.15))
    return World(boxes, slots, eye, rng.uniform(0, 6.28), pitch, focal, size)


Window = tuple[slice, slice]
"""Rows and columns of a picture."""
WHOLE: Window = (slice(None), slice(None))


def _rays(world: World, device: str, window: Window) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Rays [3,H,W] scaled to a view depth of 1; the camera's right and up, and the level direction behind it, [3] each."""
    cy, sy, cp, sp = np.cos(world.yaw), np.sin(world.yaw), np.cos(world.pitch), np.sin(world.pitch)
    right = torch.tensor([cy, 0.0, -sy], dtype=torch.float32, device=device)
    forward = torch.tensor([-sy * cp, sp, -cy * cp], dtype=torch.float32, device=device)
    up = torch.linalg.cross(right, forward)
    axis = (torch.arange(world.size, device=device) + 0.5 - world.size / 2) / world.focal
    y, x = torch.meshgrid(-axis[window[0]], axis[window[1]], indexing="ij")
    rays = forward.view(3, 1, 1) + right.view(3, 1, 1) * x + up.view(3, 1, 1) * y
    back = torch.tensor([sy, 0.0, cy], dtype=torch.float32, device=device)
    return rays, right, up, back


def trace_world(world: World, device: str = "cpu", window: Window = WHOLE) -> dict[str, Tensor]:
    """The nearest hit of each pixel in a window.

    Returns z (view depth in blocks, inf for the sky), slot, axis (0..2) and normal (towards the eye) of the face that was hit,
    the rays and the camera's directions as `_rays` returns them, and the eye.
    """
    rays, right, up, back = _rays(world, device, window)
    eye = torch.tensor(world.eye, dtype=torch.float32, device=device).view(3, 1, 1)
    safe = torch.where(rays.abs() < 1e-6, torch.full_like(rays, 1e-6), rays)
    ground = -eye[1] / safe[1]
    z = torch.where(ground > 0, ground, torch.inf)
    slot = torch.where(ground > 0, 0, SLOTS - 1)
    axis = torch.ones_like(slot)
    for box, kind in zip(torch.tensor(world.boxes, dtype=torch.float32, device=device), world.slots, strict=True):
        a, b = (box[0].view(3, 1, 1) - eye) / safe, (box[1].view(3, 1, 1) - eye) / safe
        near, face = torch.minimum(a, b).max(0)
        far = torch.maximum(a, b).amin(0)
        hit = (near < far) & (near > 0.05) & (near < z)
        z = torch.where(hit, near, z)
        slot = torch.where(hit, int(kind), slot)
        axis = torch.where(hit, face, axis)
    normal = torch.zeros_like(rays).scatter_(0, axis[None], -torch.sign(safe.gather(0, axis[None])))
    return {
        "z": z,
        "slot": slot,
        "normal": normal,
        "rays": rays,
        "right": right,
        "up": up,
        "back": back,
        "axis": axis,
        "eye": eye,
    }


def places(hit: dict[str, Tensor], shifts: Tensor) -> Tensor:
    """u and v of each hit of `trace_world`, [2,H,W] in blocks, with the offsets `shifts` [SLOTS,2] of the slots' patterns."""
    sky = torch.isinf(hit["z"])
    point = hit["eye"] + hit["rays"] * torch.where(sky, torch.zeros_like(hit["z"]), hit["z"])
    sign = torch.sign(hit["normal"].sum(0))
    found = torch.where(sky, sky_place(hit["rays"], hit["right"], hit["up"]), place(point, hit["axis"], sign))
    return found + shifts[hit["slot"]].movedim(-1, 0)


def paint(world: World, bank: Bank, chosen: list[int], mood: Mood, seed: int, shifts: Tensor | None = None) -> Picture:
    """Render a world.

    chosen: indices in the bank of the surfaces of the four slots; mood: light and style
    shifts: [SLOTS,2], offsets of the patterns in blocks; None draws them at random
    """
    device = str(bank.rows.device)
    hit = trace_world(world, device)
    random = torch.Generator().manual_seed(seed)
    sky = torch.isinf(hit["z"])
    length = hit["rays"].norm(dim=0)
    direction = hit["rays"] / length
    z = torch.where(sky, torch.zeros_like(hit["z"]), hit["z"])
    normal = hit["normal"]
    # drawn even if unused, so that a style's grain stays the same
    moved = torch.rand(SLOTS, 2, generator=random) * PERIOD
    shifts = moved if shifts is None else shifts
    u, v = places(hit, shifts.to(device))
    elevation = torch.asin(direction[1].clamp(-1, 1))
    cosine = (direction * normal).sum(0).abs().clamp(min=0.06)
    footprint = (
        torch.where(sky, torch.full_like(z, 8.0), z) / world.focal / torch.where(sky, torch.ones_like(z), cosine.sqrt())
    )
    which = torch.tensor(chosen, device=device)[hit["slot"]]
    rows = bank.sample(which.flatten(), u.flatten(), v.flatten(), footprint.flatten()).T.view(
        -1, world.size, world.size
    )
    picture = shade(_shading(rows, hit, normal, direction, sky, length, elevation, z), LIGHTS[mood.light])
    if mood.style:
        picture = STYLES[mood.style](picture, random)
    image = (picture.clamp(0, 1) * 255).round().to(torch.uint8)
    cells = torch.nn.functional.one_hot(hit["slot"], SLOTS).permute(2, 0, 1).float()
    shares = torch.nn.functional.avg_pool2d(cells, 8)
    depth = depth_channel(hit["z"][4::8, 4::8], world.focal / 8)
    return Picture(image, depth, (shares * 255).round().to(torch.uint8), world, shifts)


def _shading(
    rows: Tensor,
    hit: dict[str, Tensor],
    normal: Tensor,
    direction: Tensor,
    sky: Tensor,
    length: Tensor,
    elevation: Tensor,
    z: Tensor,
) -> Shading:
    """Convert directions to the camera's upright frame (right, up, back), in which a light's direction is given."""
    axis = hit["axis"]
    zero = torch.zeros_like(z)
    sign_x, sign_z = torch.sign(normal[0]), torch.sign(normal[2])
    along_u = torch.stack(
        (
            torch.where(axis == 0, zero, torch.where(axis == 1, zero + 1, sign_z)),
            zero,
            torch.where(axis == 0, -sign_x, zero),
        )
    )
    along_v = torch.stack((zero, torch.where(axis == 1, zero, zero - 1), torch.where(axis == 1, zero + 1, zero)))
    bumped = torch.nn.functional.normalize(normal - along_u * rows[3] - along_v * rows[4], dim=0)
    frame = torch.stack((hit["right"], torch.tensor([0.0, 1.0, 0.0], device=z.device), hit["back"]))

    def turned(x: Tensor) -> Tensor:
        return torch.einsum("ij,jhw->ihw", frame, x)

    return Shading(
        rows[:3].clamp(0, 1),
        rows[6:9].clamp(0, 1),
        turned(bumped),
        turned(-direction),
        rows[5].clamp(0, 1),
        z * length,
        elevation,
        sky,
    )


def surfaces_seen(picture: Picture, least: float = 0.02) -> list[int]:
    """The slots that cover at least the share `least` of the picture."""
    return [i for i in range(SLOTS) if float(picture.slots[i].float().mean()) / 255 >= least]
