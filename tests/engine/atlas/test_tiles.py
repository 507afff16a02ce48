"""A tile's texels, picked and placed: also where everything was erased."""

from __future__ import annotations

import numpy as np
import pytest

from engine.atlas.page import STEPS
from engine.atlas.tiles import TileBuffers


@pytest.mark.parametrize("channels", [4, 6])
def test_a_tile_of_which_everything_was_erased_has_no_texels(channels: int) -> None:
    texels = TileBuffers(channels).extract_painted(3)
    assert texels.latents.shape == (0, channels)
    assert len(texels.index) == len(texels.state) == len(texels.colour) == 0


@pytest.mark.parametrize("channels", [4, 6])
def test_what_is_placed_is_picked_again(channels: int) -> None:
    rng, buffers = np.random.default_rng(0), TileBuffers(channels)
    buffers.latents[:] = rng.standard_normal(buffers.latents.shape)
    buffers.state[..., STEPS] = rng.random(buffers.state.shape[:2]) < 0.3
    buffers.colour[:] = rng.integers(0, 255, buffers.colour.shape)
    texels, other = buffers.extract_painted(5), TileBuffers(channels)
    other.fill_from(5, texels)
    again = other.extract_painted(5)
    for name, array in texels.arrays.items():
        np.testing.assert_array_equal(again.arrays[name], array)
