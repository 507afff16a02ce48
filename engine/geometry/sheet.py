"""Sheets: canvases made of rectangles of planes, seen straight on.

A view paints what it sees at a slant as streaks, and what is far away coarsely. A sheet shows surfaces face-on instead, one latent
pixel for each square of texels, whatever stands in front of them. Small surfaces share a sheet.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import scipy  # its parts are imported when they are first needed, which shortens the start

from base.grid import CELL

RIM = 2  # latent pixels around a patch that are dreamed but not stored: the surface goes on there


def nearest_of(mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return row and column, int [h,w], of the nearest pixel of a mask, bool [h,w]."""
    rows, columns = np.asarray(scipy.ndimage.distance_transform_edt(~mask, return_distances=False, return_indices=True))
    return rows, columns


@dataclass(frozen=True)
class Patch:
    """A rectangle of a plane. plane: index of `PlaneIndex`; u, v: its first texel there; columns, rows: its size, and column, row:
    its place on the sheet, in latent pixels, without its rim."""

    plane: int
    u: int
    v: int
    columns: int
    rows: int
    column: int = RIM
    row: int = RIM

    @property
    def area(self) -> int:
        """Latent pixels."""
        return self.columns * self.rows


@dataclass(frozen=True)
class Sheet:
    """patches: at least one, disjoint with their rims; columns, rows: latent pixels of the sheet; scale: texels along a side of a
    latent pixel; u and v of all patches are multiples of it."""

    patches: tuple[Patch, ...]
    columns: int
    rows: int
    scale: int

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) in pixels."""
        return self.columns * CELL, self.rows * CELL

    @property
    def density(self) -> float:
        """Pixels per texel."""
        return CELL / self.scale

    @property
    def texels(self) -> int:
        """Texels under the patches, if surfaces fill them."""
        return sum(patch.area for patch in self.patches) * self.scale**2

    @cached_property
    def origins(self) -> np.ndarray:
        """int64 [n,2]: for each patch the texel (u, v) of its plane that would lie at the sheet's first corner."""
        return np.array([(p.u - p.column * self.scale, p.v - p.row * self.scale) for p in self.patches], np.int64)

    @cached_property
    def patch(self) -> np.ndarray:
        """int16 [rows,columns]: the patch of each latent pixel. Around a patch its plane goes on, up to the next one's rim."""
        label = np.full((self.rows, self.columns), -1, np.int16)
        for grow in (RIM, 0):
            for number, p in enumerate(self.patches):
                rows = slice(max(p.row - grow, 0), p.row + p.rows + grow)
                label[rows, max(p.column - grow, 0) : p.column + p.columns + grow] = number
        if (label < 0).any():
            label = label[nearest_of(label >= 0)]
        return label

    def touches(self, other: Sheet) -> bool:
        """Whether writing this sheet may change what gathering the other one reads."""
        mine, (low, high) = self._written, other._read
        planes = np.array([p.plane for p in self.patches])[:, None] == [p.plane for p in other.patches]
        return bool((planes & (mine[0][:, None] < high).all(-1) & (mine[1][:, None] > low).all(-1)).any())

    @cached_property
    def _written(self) -> tuple[np.ndarray, np.ndarray]:
        """int64 [n,2] twice: for each patch first and end texel (u, v) of its plane that are stored."""
        low = np.array([(p.u, p.v) for p in self.patches], np.int64)
        return low, low + np.array([(p.columns, p.rows) for p in self.patches]) * self.scale

    @cached_property
    def _read(self) -> tuple[np.ndarray, np.ndarray]:
        """int64 [n,2] twice: likewise of those that are gathered, with what is around the patch."""
        low, high = np.empty((2, len(self.patches), 2), np.int64)
        for number, origin in enumerate(self.origins):
            mine = self.patch == number
            at = [np.flatnonzero(mine.any(axis)) for axis in (0, 1)]
            low[number], high[number] = (
                [origin[k] + (n[end] - end) * self.scale for k, n in enumerate(at)] for end in (0, -1)
            )
        return low, high

    @cached_property
    def inner(self) -> np.ndarray:
        """bool [rows,columns]: the latent pixels that are stored."""
        out = np.zeros((self.rows, self.columns), bool)
        for p in self.patches:
            out[p.row : p.row + p.rows, p.column : p.column + p.columns] = True
        return out
