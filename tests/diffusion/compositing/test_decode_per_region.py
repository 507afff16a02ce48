"""Decoding surface by surface: each pixel is of the region that it shows, whatever lies beyond the border."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.ndimage import distance_transform_edt

from base.grid import CELL
from diffusion.canvas import Canvas
from diffusion.compositing.decode_per_region import (
    MARGIN,
    REACH,
    _border_pieces,
    _extend,
    _pack_sheets,
    decode_per_region,
)
from tests.diffusion.conftest import vary

SIDE = 16


def cut(canvas: Canvas, pixels: int) -> Canvas:
    """The canvas of vertical stripes, whose borders lie so many pixels further right than those of its latent pixels."""
    labels = canvas.region_labels
    parts = np.roll(labels.repeat(CELL, 0).repeat(CELL, 1), pixels, axis=1)
    parts[:, :pixels] = labels[0, 0]
    return vary(canvas, region_ids=parts.astype(np.int16))


@pytest.fixture
def latents(wide) -> torch.Tensor:
    return torch.randn((1, wide.channels, SIDE, SIDE), generator=torch.Generator().manual_seed(2))


@pytest.mark.parametrize("prompts", [1, 2])
def test_one_region_gives_the_decoders_picture(wide, canvas_of, latents, prompts) -> None:
    canvas = canvas_of(wide, (SIDE, SIDE), prompts)
    canvas = cut(canvas, 0) if prompts == 1 else canvas
    assert torch.equal(decode_per_region(wide, latents, canvas), wide.decode_tensor(latents)[0])


@pytest.mark.parametrize("pixels", [0, 3, 6])
def test_latents_beyond_a_border_change_nothing_on_this_side(wide, canvas_of, latents, pixels) -> None:
    canvas = cut(canvas_of(wide, (SIDE, SIDE), 2), pixels)
    other = latents.clone()
    other[..., SIDE // 2 :] = -2 * other[..., SIDE // 2 :]
    left = slice((SIDE // 2 - 2) * CELL, SIDE // 2 * CELL + pixels)
    apart, whole = (
        (decode(latents) - decode(other))[..., left].abs().mean()
        for decode in (lambda x: decode_per_region(wide, x, canvas), lambda x: wide.decode_tensor(x)[0])
    )
    assert apart < 0.2 * whole
    inside = slice(0, (SIDE // 2 - REACH - 1) * CELL)
    plain = wide.decode_tensor(latents)[0]
    assert torch.equal(decode_per_region(wide, latents, canvas)[..., inside], plain[..., inside])


def test_a_latent_pixel_that_a_border_cuts_gives_each_side_its_own(wide, canvas_of) -> None:
    """Two plain regions: right up to the border, inside the latent pixel, each pixel has the colour of its own side."""
    canvas = cut(canvas_of(wide, (SIDE, SIDE), 2), 4)
    latents = torch.zeros((1, wide.channels, SIDE, SIDE))
    latents[..., SIDE // 2 :] = torch.randn((wide.channels, 1, 1), generator=torch.Generator().manual_seed(5))
    picture, border = decode_per_region(wide, latents, canvas), SIDE // 2 * CELL + 4
    step = (picture[:, 64, 20] - picture[:, 64, -20]).abs().max()
    rows = slice(40, -40)
    for column, plain in ((border - 1, 20), (border, -20)):
        assert (picture[:, rows, column] - picture[:, rows, plain]).abs().max() < 0.25 * step


labellings = st.builds(
    lambda seed, coarse: (
        np.random.default_rng(seed).integers(0, 4, (coarse, coarse)).repeat(12 // coarse, 0).repeat(12 // coarse, 1)
    ),
    st.integers(0, 2**31),
    st.sampled_from([3, 4, 6]),
)


@given(labellings, st.integers(0, 7), st.integers(0, 7))
def test_every_pixel_beside_a_border_is_decoded_from_its_own_region(labels, down, right) -> None:
    parts = np.roll(labels.repeat(CELL, 0).repeat(CELL, 1), (down, right), (0, 1)).astype(np.int16)
    done = np.zeros(parts.shape, bool)
    for source, places in _pack_sheets(list(_border_pieces(labels, parts)), labels.shape):
        used = np.zeros(source.shape, int)
        for piece, (row, column) in places:
            height, width = piece.needed.shape
            here = slice(row, row + height), slice(column, column + width)
            used[here] += piece.needed
            assert (source[here] == piece.source)[piece.needed].all() and not piece.share[~piece.needed].any()
            assert (labels.ravel()[piece.source[piece.needed]] == piece.number).all()
            taken = piece.needed & (piece.share == 1)
            box = tuple(slice(CELL * s.start, CELL * s.stop) for s in piece.box)
            done[box] |= (parts[box] == piece.number) & taken.repeat(CELL, 0).repeat(CELL, 1)
        assert used.max() <= 1
    for number in np.unique(labels):
        near = (distance_transform_edt(labels == number) <= 1).repeat(CELL, 0).repeat(CELL, 1)
        assert done[(parts == number) & near].all() or (labels == number).all()


@given(st.integers(0, 2**31), st.floats(0.02, 0.98))
def test_a_region_that_goes_on_is_all_its_own(seed, share) -> None:
    own = np.random.default_rng(seed).random((7, 9)) < share
    own[3, 4] = True
    source = _extend(own)
    assert own.ravel()[source].all()
    assert (source[own] == np.arange(own.size).reshape(own.shape)[own]).all()


def test_beyond_a_straight_border_it_is_mirrored() -> None:
    own = np.zeros((4, 12), bool)
    own[:, :6] = True
    row = _extend(own)[1] - 12
    assert row[6 : 6 + MARGIN].tolist() == [5, 4]
