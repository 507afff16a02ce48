"""Decode each region of a dream separately near its borders, so that the two sides of a border don't mix.

A decoded pixel depends on several latent pixels around it. Near borders, each region is therefore decoded from latents in which it
continues, mirrored, beyond the border; each pixel of the picture then comes from its own region. A latent pixel on a border thus
gives each side its own colours. Pieces of regions are packed side by side on sheets, so that a few decodings are enough.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import scipy  # scipy imports its parts at first use, which shortens the start-up
import torch
from torch import Tensor
from torch.nn.functional import pad

from base.grid import CELL, by_cell
from diffusion.canvas import Canvas
from diffusion.compositing.upsampling import interpolate_cells
from diffusion.models.model import Model

REACH = 3  # latent pixels from a border within which a decoder mixes both sides
MARGIN = 2  # latent pixels by which a piece extends beyond the part that the picture uses


@dataclass(frozen=True, eq=False)
class _Piece:
    """A part of a region near its borders, in a box of the canvas.

    number: index of the region
    source: int [h,w], the latent pixel whose latents to use here
    needed: bool [h,w], where the decoder needs them
    share: float32 [h,w] in 0..1, this piece's share of the picture
    """

    number: int
    box: tuple[slice, slice]
    source: np.ndarray
    needed: np.ndarray
    share: np.ndarray


@torch.inference_mode()
def decode_per_region(model: Model, latents: Tensor, canvas: Canvas) -> Tensor:
    """float32 [3,H,W] in about -1..1, from a dream's latents [1,C,h,w]; decoded as a whole if the canvas has no `region_ids`."""
    picture = model.decode_tensor(latents)[0]
    if canvas.surface.region_ids is None:
        return picture
    # Pieces also extend beyond the picture's edge, because another piece may lie next to them on a sheet
    labels = np.pad(canvas.region_labels, MARGIN, mode="edge")
    ids = np.pad(canvas.surface.region_ids, CELL * MARGIN, constant_values=-1)
    wider, picture = pad(latents, 4 * (MARGIN,), mode="replicate").flatten(2), pad(picture, 4 * (CELL * MARGIN,))
    for source, places in _pack_sheets(list(_border_pieces(labels, ids)), labels.shape):
        sheet = model.decode_tensor(wider[:, :, torch.from_numpy(source).to(latents.device)])[0]
        for piece, (row, column) in places:
            here, (height, width) = _pixel_box(piece.box), (CELL * n for n in piece.needed.shape)
            decoded = sheet[:, CELL * row : CELL * row + height, CELL * column : CELL * column + width]
            own = torch.from_numpy(ids[here] == piece.number)
            share = interpolate_cells(torch.from_numpy(piece.share)[None])[0]
            picture[:, *here] = torch.lerp(picture[:, *here], decoded, (share * own).to(picture))
    return picture[:, CELL * MARGIN : -CELL * MARGIN, CELL * MARGIN : -CELL * MARGIN]


def _border_pieces(labels: np.ndarray, ids: np.ndarray) -> Iterator[_Piece]:
    """The visible parts of each region near its borders, in pieces that don't touch. labels: int [h,w]; ids: int [H,W]."""
    cells = by_cell(ids)
    for number in np.unique(labels):
        own = labels == number
        visible = (cells == number).any((1, 3))
        if own.all():
            continue
        away = np.asarray(scipy.ndimage.distance_transform_edt(own))
        share = np.clip((REACH + 1 - away) / (REACH - 1), 0, 1).astype(np.float32)
        pieces = np.zeros(labels.shape, np.int32)
        scipy.ndimage.label(
            scipy.ndimage.maximum_filter(visible & (share > 0), 2 * MARGIN + 1), np.ones((3, 3)), output=pieces
        )
        source = _extend(own)
        for k, box in enumerate(scipy.ndimage.find_objects(pieces), start=1):
            needed = pieces[box] == k
            yield _Piece(int(number), box, source[box], needed, share[box] * needed)


def _extend(own: np.ndarray) -> np.ndarray:
    """int [h,w]: the latent pixel that continues a region beyond its border.

    The region is mirrored at its border. Where it is too narrow for that, the nearest latent pixels alternate: a row of equal ones
    would be decoded to stripes.
    """
    nearest = np.asarray(scipy.ndimage.distance_transform_edt(~own, return_distances=False, return_indices=True))
    here, last = np.indices(own.shape), np.array(own.shape)[:, None, None] - 1
    across = nearest - here
    along = np.sign(across[::-1]) * np.array([1, -1])[:, None, None] * (-1) ** np.abs(across).max(0)
    found = nearest
    for tried in (nearest + along, nearest + across - np.sign(across)):
        inside = ((tried >= 0) & (tried <= last)).all(0)
        row, column = np.where(inside, tried, nearest)
        found = np.where(own[row, column], (row, column), found)
    return found[0] * own.shape[1] + found[1]


def _pack_sheets(
    pieces: list[_Piece], shape: tuple[int, int]
) -> Iterator[tuple[np.ndarray, list[tuple[_Piece, tuple[int, int]]]]]:
    """Sheets no larger than the canvas: source int [h,w] of each, and its pieces with their row and column.

    The largest piece comes first. Each goes to the first sheet that has room for it, as close to the top left as possible.
    """
    used, placed = list[np.ndarray](), list[list[tuple[_Piece, tuple[int, int]]]]()
    for piece in sorted(pieces, key=lambda piece: -int(piece.needed.sum())):
        for k in range(len(used) + 1):
            if k == len(used):
                used.append(np.zeros(shape, bool))
                placed.append([])
            clash = scipy.signal.fftconvolve(used[k], piece.needed[::-1, ::-1], mode="valid")
            free = np.argwhere(clash < 0.5)
            if len(free):
                row, column = (int(n) for n in free[0])
                height, width = piece.needed.shape
                used[k][row : row + height, column : column + width] |= piece.needed
                placed[k].append((piece, (row, column)))
                break
    for taken, places in zip(used, placed, strict=True):
        rows, columns = (np.flatnonzero(taken.any(axis))[-1] + 1 for axis in (1, 0))
        source = np.arange(taken.size).reshape(shape)[:rows, :columns].copy()
        for piece, (row, column) in places:
            height, width = piece.needed.shape
            part = source[row : row + height, column : column + width]
            part[...] = np.where(piece.needed, piece.source, part)
        yield source, places


def _pixel_box(box: tuple[slice, slice]) -> tuple[slice, slice]:
    return slice(CELL * box[0].start, CELL * box[0].stop), slice(CELL * box[1].start, CELL * box[1].stop)
