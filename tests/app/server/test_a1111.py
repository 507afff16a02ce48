"""A1111's names and meanings as ours."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from app.server.a1111 import SAMPLERS, Crop, crop_box, fill_under_mask, fit, sampler_of, schedule_of
from base.errors import InputError
from base.settings import names_in


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("Euler a", ("euler_ancestral", "")),
        ("dpm++ 2m", ("dpmpp_2m", "")),
        ("DPM++ 2M Karras", ("dpmpp_2m", "karras")),
        ("DPM++ SDE Exponential", ("dpmpp_sde", "exponential")),
        ("rk4", ("rk4", "")),
        ("", ("", "")),
        (None, ("", "")),
    ],
)
def test_samplers(theirs: str | None, ours: tuple[str, str]) -> None:
    assert sampler_of(theirs) == ours


def test_every_name_is_one_of_ours() -> None:
    assert set(SAMPLERS.values()) <= set(names_in("diffusion.sampling.solvers:SAMPLERS"))
    for name in ("karras", "Karras", "SGM Uniform", "beta", "exponential"):
        assert schedule_of(name) in names_in("diffusion.sampling.schedules:SPACINGS")
    assert schedule_of("Automatic") == schedule_of(None) == ""
    for wrong in (lambda: sampler_of("Karras"), lambda: sampler_of("PLMS Karras"), lambda: schedule_of("x")):
        with pytest.raises(InputError):
            wrong()


def striped() -> Image.Image:
    pixels = np.zeros((20, 40, 3), np.uint8)
    pixels[:, :20, 0] = pixels[:, 20:, 2] = 255
    return Image.fromarray(pixels)


def test_ways_to_fit() -> None:
    size = (40, 40)
    whole, cut, edged = (np.asarray(fit(striped(), size, mode)) for mode in (0, 1, 2))
    assert whole.shape == cut.shape == edged.shape == (40, 40, 3)
    assert (edged[0] == edged[10]).all() and (edged[39] == edged[29]).all()
    red = [int((picture[20, :, 0] > 128).sum()) for picture in (whole, cut, edged)]
    assert red == [20, 20, 20]
    assert fit(Image.new("L", (3, 5), 7), (8, 8), 2).getpixel((0, 0)) == 7


def test_ways_to_fill() -> None:
    picture, mask = striped(), Image.new("L", (40, 20), 0)
    mask.paste(255, (0, 0, 6, 20))
    for how in range(4):
        pixels = np.asarray(fill_under_mask(picture, mask, how, 1))
        assert (pixels[:, 6:] == np.asarray(picture)[:, 6:]).all()
    spread = np.asarray(fill_under_mask(picture, mask, 0, 1))[:, :6].astype(int)
    assert (spread[..., 0] > 200).all() and (spread[..., 2] < 60).all()  # from the red beside it, not the blue far away
    everything = fill_under_mask(picture, Image.new("L", (40, 20), 255), 0, 1)
    assert np.isfinite(np.asarray(everything)).all()
    with pytest.raises(InputError):
        fill_under_mask(picture, mask, 4, 1)


@pytest.mark.parametrize(
    ("masked", "padding", "shape", "box"),
    [
        ((10, 10, 20, 20), 0, (64, 64), (10, 10, 20, 20)),
        ((10, 10, 20, 20), 2, (64, 64), (8, 8, 22, 22)),
        ((10, 10, 30, 20), 0, (64, 64), (10, 5, 30, 25)),
        ((0, 0, 4, 8), 0, (64, 64), (0, 0, 8, 8)),
        ((96, 40, 100, 50), 0, (64, 64), (90, 40, 100, 50)),
        ((10, 10, 20, 20), 0, (128, 64), (5, 10, 25, 20)),
        ((0, 0, 100, 50), 32, (64, 64), (0, 0, 100, 50)),
    ],
)
def test_the_box_around_a_mask(masked, padding, shape, box) -> None:
    mask = Image.new("L", (100, 50), 0)
    mask.paste(255, masked)
    assert crop_box(mask, padding, shape) == box


def test_nothing_masked_has_no_box() -> None:
    assert crop_box(Image.new("L", (8, 8)), 4, (64, 64)) is None


def test_what_was_cropped_is_pasted_back() -> None:
    whole, mask = striped(), Image.new("L", (8, 8), 0)
    mask.paste(255, (2, 2, 6, 6))
    done = Crop((4, 4, 12, 12), whole).paste(np.full((64, 64, 3), 9, np.uint8), mask).copy()
    assert (done[6:10, 6:10] == 9).all()
    done[6:10, 6:10] = np.asarray(whole)[6:10, 6:10]
    assert (done == np.asarray(whole)).all()
