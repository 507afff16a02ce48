"""Enlarging pictures: exact sizes, tiles that don't show, alpha, cancelling."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from diffusion.canvas import Cancelled
from diffusion.upscaling import enlarge as room
from diffusion.upscaling.compact import Compact
from diffusion.upscaling.enlarge import enlarge
from diffusion.upscaling.weights import Upscaler


@pytest.fixture
def upscaler() -> Upscaler:
    torch.manual_seed(0)
    network = Compact(2, 8, 3).eval().requires_grad_(False)
    return Upscaler("random", 2, network.reach, "cpu", network)


def noise(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)


@pytest.mark.parametrize(
    ("size", "wanted"),
    [
        ((40, 30), None),
        ((40, 30), (80, 60)),
        ((40, 30), (71, 33)),
        ((9, 7), (30, 21)),
        ((1, 1), (3, 2)),
        ((8, 8), (4, 4)),
        ((64, 2), (32, 64)),
    ],
)
def test_a_picture_gets_the_exact_size(upscaler: Upscaler, size: tuple, wanted: tuple | None) -> None:
    picture = noise(size[1], size[0], 3)
    large = enlarge(picture, upscaler, wanted)
    width, height = wanted or (2 * size[0], 2 * size[1])
    assert large.shape == (height, width, 3) and large.dtype == np.uint8


def test_tiles_give_the_pixels_of_the_whole(upscaler: Upscaler, monkeypatch: pytest.MonkeyPatch) -> None:
    picture, seen = noise(61, 50, 3), []
    whole = enlarge(picture, upscaler)
    monkeypatch.setattr(room, "TILE", 17)
    tiled = enlarge(picture, upscaler, on_tile=lambda done, total: seen.append((done, total)))
    assert seen == [(number, 12) for number in range(1, 13)]
    assert np.abs(tiled.astype(int) - whole).max() <= 1  # rounding of float32
    assert (tiled == whole).mean() > 0.999
    short = replace(upscaler, reach=0)
    assert (enlarge(picture, short) != whole).mean() > 0.02  # what a tile doesn't see does show


def test_no_side_is_ever_longer_than_one_pass_makes_it(upscaler: Upscaler) -> None:
    """A strip that is to be a square doesn't become a strip of a million pixels first."""
    sides: list[int] = []

    def network(pictures: torch.Tensor) -> torch.Tensor:
        sides.append(pictures.shape[-1] - 2 * upscaler.reach)
        return upscaler.network(pictures)

    assert enlarge(noise(2, 64, 3), replace(upscaler, network=network), (64, 64)).shape == (64, 64, 3)
    assert sides == [64] * 5


def test_alpha_is_enlarged_with_the_picture(upscaler: Upscaler) -> None:
    picture = noise(20, 24, 4)
    large = enlarge(picture, upscaler)
    assert np.array_equal(large[..., :3], enlarge(picture[..., :3], upscaler))
    alpha = Image.fromarray(picture[..., 3]).resize((48, 40), Image.Resampling.LANCZOS)
    assert np.array_equal(large[..., 3], np.asarray(alpha))


def test_the_same_picture_gives_the_same_pixels(upscaler: Upscaler) -> None:
    picture = noise(64, 64, 3)
    before = picture.copy()
    assert np.array_equal(enlarge(picture, upscaler), enlarge(picture, upscaler))
    assert np.array_equal(picture, before)


def test_it_can_be_cancelled_between_tiles(upscaler: Upscaler, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "TILE", 16)
    done: list[int] = []
    with pytest.raises(Cancelled):
        enlarge(noise(64, 64, 3), upscaler, on_tile=lambda n, _: done.append(n), cancelled=lambda: len(done) == 2)
    assert done == [1, 2]
