"""Periodic patterns on a square patch of surface: spectral noise, cells, courses of bricks; all sizes in blocks."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

PATCH = 8  # blocks along a side; every pattern repeats after it
TEXELS = 64  # texels per block


@dataclass(frozen=True)
class Cells:
    """A Worley pattern: distance to the cell's border and its centre (blocks), a random number per cell.

    index: row and column of each texel's cell in a grid of `shape`, as row · columns + column.
    """

    edge: Tensor
    centre: Tensor
    tone: Tensor
    index: Tensor
    shape: tuple[int, int]

    def flat(self, picture: Tensor) -> Tensor:
        """The picture [S,S] with one value per cell: the one near its centre."""
        rows, columns = self.shape
        size = picture.shape[-1]
        v = (torch.arange(rows, device=picture.device) * 2 + 1) * size // (2 * rows)
        u = (torch.arange(columns, device=picture.device) * 2 + 1) * size // (2 * columns)
        return picture[v[:, None], u[None, :]].reshape(-1)[self.index]


@dataclass(frozen=True)
class Courses:
    """A brick bond: distance to the joint, place in the brick (each -0.5..0.5 of its size), a number per brick."""

    edge: Tensor
    x: Tensor
    y: Tensor
    tone: Tensor


class Patch:
    """A patch of surface to draw a material on; `u` to the right, `v` down, both [S,S] in blocks.

    `scale` multiplies the size of the main pattern ("large bricks"). All randomness comes from `seed`.
    """

    def __init__(self, seed: int, scale: float = 1.0, texels: int = TEXELS, device: str = "cpu") -> None:
        self.random = torch.Generator(device="cpu").manual_seed(seed)
        self.scale, self.size, self.device = scale, PATCH * texels, device
        axis = (torch.arange(self.size, device=device, dtype=torch.float32) + 0.5) / texels
        self.v, self.u = torch.meshgrid(axis, axis, indexing="ij")

    def number(self, low: float = 0.0, high: float = 1.0) -> float:
        return low + (high - low) * float(torch.rand((), generator=self.random))

    def pick(self, options: Sequence):
        return options[int(torch.randint(len(options), (), generator=self.random))]

    def _rand(self, *shape: int) -> Tensor:
        return torch.rand(*shape, generator=self.random).to(self.device)

    def fbm(
        self, size: float, slope: float = 1.3, stretch: tuple[float, float] = (1.0, 1.0), fine: float = 0.0
    ) -> Tensor:
        """Noise of zero mean and unit deviation [S,S] with features up to `size` blocks.

        Its amplitude falls with frequency to the power 1 + slope beyond 1/size; `stretch` elongates it along
        u and v; details smaller than `fine` blocks are left out.
        """
        n = self.size
        fu = torch.fft.rfftfreq(n, PATCH / n, device=self.device)[None, :] * stretch[0]
        fv = torch.fft.fftfreq(n, PATCH / n, device=self.device)[:, None] * stretch[1]
        squared = fu * fu + fv * fv
        gain = (squared + 1.0 / (size * size)) ** (-(1.0 + slope) / 2)
        # below the base frequency nothing grows further: a patch keeps an even tone
        gain = gain * squared / (squared + (0.3 / size) ** 2)
        if fine > 0:
            gain = gain * torch.exp(-squared * (fine * fine))
        white = torch.fft.rfft2(torch.randn(n, n, generator=self.random).to(self.device))
        noise = torch.fft.irfft2(white * gain, s=(n, n))
        return noise / noise.std().clamp_min(1e-9)

    def warp(self, picture: Tensor, amount: float, size: float) -> Tensor:
        """The picture [...,S,S] moved about by smooth noise of `amount` blocks."""
        shift = amount * self.size / PATCH
        rows = torch.arange(self.size, device=self.device)
        du = (self.fbm(size, 2.5) * shift).round().long() + rows[None, :]
        dv = (self.fbm(size, 2.5) * shift).round().long() + rows[:, None]
        return picture[..., dv % self.size, du % self.size]

    def cells(self, size: float, squash: tuple[float, float] = (1.0, 1.0), jitter: float = 0.9) -> Cells:
        """Cells of about `size` blocks (times `scale`), `squash` times as wide and high."""
        nx = max(3, round(PATCH / (size * self.scale * squash[0])))
        ny = max(3, round(PATCH / (size * self.scale * squash[1])))
        px = 0.5 + jitter * (self._rand(ny, nx) - 0.5)
        py = 0.5 + jitter * (self._rand(ny, nx) - 0.5)
        tones = self._rand(ny, nx)
        gx, gy = self.u / PATCH * nx, self.v / PATCH * ny
        ix, iy = gx.long(), gy.long()
        first = torch.full_like(gx, 9.0)
        second, index = first.clone(), torch.zeros_like(ix)
        for dy in (-1, 0, 1):
            for dx in (-1, 0, 1):
                at = ((iy + dy) % ny) * nx + (ix + dx) % nx
                distance = (ix + dx - gx + px.view(-1)[at]) ** 2 + (iy + dy - gy + py.view(-1)[at]) ** 2
                nearer = distance < first
                second = torch.where(nearer, first, torch.minimum(second, distance))
                index = torch.where(nearer, at, index)
                first = torch.where(nearer, distance, first)
        first, second = first.sqrt(), second.sqrt()
        unit = PATCH / max(nx, ny)
        return Cells((second - first) * unit / 2, first * unit, tones.view(-1)[index], index, (ny, nx))

    def courses(self, width: float, height: float, shift: float = 0.5, uneven: float = 0.0) -> Courses:
        """Bricks of `width` x `height` blocks (times `scale`), every second course moved by `shift` bricks."""
        nx = max(2, round(PATCH / (width * self.scale)))
        ny = max(2, 2 * round(PATCH / (height * self.scale) / 2))
        w, h = PATCH / nx, PATCH / ny
        row = (self.v / h).long()
        along = self.u / w + shift * (row % 2)
        if uneven > 0:  # random offset per course, so that joints don't line up
            along = along + uneven * self._rand(ny)[row.clamp(max=ny - 1)]
        column = along.long() % nx
        x, y = along - along.floor() - 0.5, self.v / h - row - 0.5
        edge = torch.minimum((0.5 - x.abs()) * w, (0.5 - y.abs()) * h)
        return Courses(edge, x, y, self._rand(ny, nx)[row.clamp(max=ny - 1), column])

    def stars(self, size: float, share: float) -> Tensor:
        """Soft dots of about `size` blocks at a `share` of a grid's places, brightness 0..1 [S,S]."""
        cells = self.cells(size * 3, jitter=0.7)
        lit = (cells.tone < share).float() * (0.4 + 0.6 * cells.tone / share)
        return lit * torch.exp(-((cells.centre / size) ** 2) * 3)


def smooth(low: float, high: float, x: Tensor) -> Tensor:
    """0 below `low`, 1 above `high`, smoothstep between."""
    t = ((x - low) / (high - low)).clamp(0, 1)
    return t * t * (3 - 2 * t)


def colour(code: str) -> Tensor:
    """'#rrggbb' as float [3,1,1], 0..1."""
    return torch.tensor([int(code[i : i + 2], 16) / 255 for i in (1, 3, 5)]).view(3, 1, 1)


def ramp(t: Tensor, codes: Sequence[str]) -> Tensor:
    """Colours [3,S,S] along evenly spaced stops; `t` [S,S] in 0..1."""
    stops = torch.stack([colour(c).view(3) for c in codes]).to(t.device)
    x = t.clamp(0, 1) * (len(codes) - 1)
    low = x.floor().long().clamp(max=len(codes) - 2)
    part = (x - low)[..., None]
    return (stops[low] * (1 - part) + stops[low + 1] * part).permute(2, 0, 1)


def mix(below: Tensor, above: Tensor | str, mask: Tensor | float) -> Tensor:
    """`above`, a picture or a colour code, where `mask` is 1; `below` where it is 0."""
    if isinstance(above, str):
        above = colour(above).to(below.device)
    return below + (above - below) * mask


def unit(noise: Tensor) -> Tensor:
    """Noise of unit deviation squeezed to 0..1 (about evenly spread)."""
    return 0.5 * (1 + torch.erf(noise / math.sqrt(2)))
