"""A point's position on its surface: u to the right and v down as seen from outside, in blocks."""

from __future__ import annotations

import torch
from torch import Tensor

PERIOD = 8.0
"""Blocks after which every pattern in the training worlds repeats; u and v are given modulo this."""
SKY = -1
"""The axis of a pixel without a surface."""


def place(point: Tensor, axis: Tensor, sign: Tensor) -> Tensor:
    """[2,...] u and v of points [3,...] on faces whose normal is `sign` (1 or -1) along `axis` (0, 1, 2); axis and sign [...].

    Seen from outside, u runs to the right and v down. On floors and ceilings x runs to the right. Charts use the same directions.
    """
    u = torch.where(axis == 0, -sign * point[2], torch.where(axis == 1, point[0], sign * point[0]))
    return torch.stack((u, torch.where(axis == 1, sign * point[2], -point[1])))


def sky_place(rays: Tensor, right: Tensor, up: Tensor) -> Tensor:
    """[2,...] u and v of the sky: a plane PERIOD blocks away that faces the camera. Unlike a dome's coordinates, it has no poles.

    rays: [3,...] with view depth 1 per unit length; right, up: the camera's axes [3].
    """
    return torch.stack((torch.tensordot(right, rays, 1), -torch.tensordot(up, rays, 1))) * PERIOD
