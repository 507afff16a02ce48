"""A dream decoded surface by surface: a decoder reaches over several latent pixels, and mixes what lies on both sides of a border.

So beside its borders each region is decoded from latents in which it goes on beyond them, mirrored, as if the others were not there; and
the picture takes each pixel from the region that it shows. A latent pixel that a border cuts then gives each side its own colours.
Pieces of regions are cut out and laid side by side on sheets, so that few decodings do for all of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from scipy.ndimage import distance_transform_edt, find_objects, label, maximum_filter
from scipy.signal import fftconvolve
from torch import Tensor
from torch.nn.functional import pad

from base.grid import CELL, by_cell
from diffusion.canvas import Canvas
from diffusion.compositing.upsampling import interpolate_cells
from diffusion.models.model import Model

REACH = 3  # latent pixels from a border within which a decoder mixes in what lies beyond
AROUND = 2  # latent pixels that a piece goes on for around what is taken of it


@dataclass(frozen=True, eq=False)
class _Piece:
    """A part of a region beside its borders, in a box of the canvas: source int [h,w], the latent pixel whose latents lie here;
    around bool [h,w], where they are needed; share float32 [h,w], how far the picture is taken from here."""

    number: int
    box: tuple[slice, slice]
    source: np.ndarray
    around: np.ndarray
    share: np.ndarray


@torch.inference_mode()
def decoded_apart(model: Model, latents: Tensor, canvas: Canvas) -> Tensor:
    """float32 [3,8h,8w] in about -1..1 from latents [1,C,h,w] dreamed of a canvas; as a whole where it doesn't know its parts."""
    picture = model.decode_tensor(latents)[0]
    if canvas.parts is None:
        return picture
    # every piece goes on beyond the end of the picture, too: on a sheet something else may lie there
    labels = np.pad(np.argmax(np.stack([region.mask for region in canvas.regions]), 0), AROUND, mode="edge")
    parts = np.pad(canvas.parts, CELL * AROUND, constant_values=-1)
    wider, picture = pad(latents, 4 * (AROUND,), mode="replicate").flatten(2), pad(picture, 4 * (CELL * AROUND,))
    for source, places in _sheets(list(_pieces(labels, parts)), labels.shape):
        sheet = model.decode_tensor(wider[:, :, torch.from_numpy(source).to(latents.device)])[0]
        for piece, (row, column) in places:
            here, (height, width) = _pixels(piece.box), (CELL * n for n in piece.around.shape)
            apart = sheet[:, CELL * row : CELL * row + height, CELL * column : CELL * column + width]
            mine = torch.from_numpy(parts[here] == piece.number)
            share = interpolate_cells(torch.from_numpy(piece.share)[None])[0]
            picture[:, *here] = torch.lerp(picture[:, *here], apart, (share * mine).to(picture))
    return picture[:, CELL * AROUND : -CELL * AROUND, CELL * AROUND : -CELL * AROUND]


def _pieces(labels: np.ndarray, parts: np.ndarray) -> Iterator[_Piece]:
    """Of each region what is seen beside its borders, in parts that don't touch each other. parts: int [8h,8w]."""
    cells = by_cell(parts)
    for number in np.unique(labels):
        own = labels == number
        seen = (cells == number).any((1, 3))
        if own.all():
            continue
        away = np.asarray(distance_transform_edt(own))
        share = np.clip((REACH + 1 - away) / (REACH - 1), 0, 1).astype(np.float32)
        pieces = np.zeros(labels.shape, np.int32)
        label(maximum_filter(seen & (share > 0), 2 * AROUND + 1), np.ones((3, 3)), output=pieces)
        source = _gone_on(own)
        for k, box in enumerate(find_objects(pieces), start=1):
            around = pieces[box] == k
            yield _Piece(int(number), box, source[box], around, share[box] * around)


def _gone_on(own: np.ndarray) -> np.ndarray:
    """int [h,w]: the latent pixel whose latents a region has here if it goes on for ever: mirrored at its border, and where it is too
    narrow for that, those of its nearest ones, by turns to either side, for a row of equal ones is decoded to stripes."""
    nearest = np.asarray(distance_transform_edt(~own, return_distances=False, return_indices=True))
    here, last = np.indices(own.shape), np.array(own.shape)[:, None, None] - 1
    across = nearest - here
    along = np.sign(across[::-1]) * np.array([1, -1])[:, None, None] * (-1) ** np.abs(across).max(0)
    found = nearest
    for tried in (nearest + along, nearest + across - np.sign(across)):
        inside = ((tried >= 0) & (tried <= last)).all(0)
        row, column = np.where(inside, tried, nearest)
        found = np.where(own[row, column], (row, column), found)
    return found[0] * own.shape[1] + found[1]


def _sheets(
    pieces: list[_Piece], shape: tuple[int, int]
) -> Iterator[tuple[np.ndarray, list[tuple[_Piece, tuple[int, int]]]]]:
    """source int [h,w] of sheets no larger than the canvas, and the pieces on it with the row and column where they lie.

    The largest first, each on the first sheet that has room for it, as far to the top left as it goes.
    """
    used, placed = list[np.ndarray](), list[list[tuple[_Piece, tuple[int, int]]]]()
    for piece in sorted(pieces, key=lambda piece: -int(piece.around.sum())):
        for k in range(len(used) + 1):
            if k == len(used):
                used.append(np.zeros(shape, bool))
                placed.append([])
            clash = fftconvolve(used[k], piece.around[::-1, ::-1], mode="valid")
            free = np.argwhere(clash < 0.5)
            if len(free):
                row, column = (int(n) for n in free[0])
                height, width = piece.around.shape
                used[k][row : row + height, column : column + width] |= piece.around
                placed[k].append((piece, (row, column)))
                break
    for taken, places in zip(used, placed, strict=True):
        rows, columns = (np.flatnonzero(taken.any(axis))[-1] + 1 for axis in (1, 0))
        source = np.arange(taken.size).reshape(shape)[:rows, :columns].copy()  # a norm sees what it sees of the whole
        for piece, (row, column) in places:
            height, width = piece.around.shape
            part = source[row : row + height, column : column + width]
            part[...] = np.where(piece.around, piece.source, part)
        yield source, places


def _pixels(box: tuple[slice, slice]) -> tuple[slice, slice]:
    return slice(CELL * box[0].start, CELL * box[0].stop), slice(CELL * box[1].start, CELL * box[1].stop)
