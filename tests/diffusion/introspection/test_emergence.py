"""When what a dream paints becomes recognisable: known mixtures of what will be and of what won't."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from diffusion.canvas import Region
from diffusion.introspection.emergence import measure_emergence, settling_step

SIZE = 32, 48


def noise(seed: int, blur: float = 0.0) -> np.ndarray:
    """float64 [h,w,3], deviation 1: as fine as pixels, or blurred."""
    grain = np.random.default_rng(seed).standard_normal((*SIZE, 3))
    grain = gaussian_filter(grain, (blur, blur, 0)) if blur else grain - gaussian_filter(grain, (3, 3, 0))
    return grain / grain.std()


def picture(coarse: np.ndarray, fine: np.ndarray, contrast: float = 1.0) -> np.ndarray:
    return np.clip(128 + contrast * (20 * coarse + 12 * fine), 0, 255).astype(np.uint8)


def halves() -> tuple[Region, Region]:
    left = np.zeros(SIZE, np.float32)
    left[:, :16] = 1
    return Region("left", left), Region("right", 1 - left)


ALL = np.ones(SIZE, np.float32)


def test_large_shapes_come_before_details() -> None:
    coarse, fine, other = noise(0, 5), noise(1), noise(2)
    steps = [picture(coarse, other), picture(coarse, 0.7 * fine + 0.7 * other), picture(coarse, fine)]
    (whole,) = measure_emergence(steps, (), ALL)
    assert whole.prompt == "" and whole.share == 1
    assert whole.coarse.min() > 0.97
    assert whole.fine[0] < 0.02 and 0.4 < whole.fine[1] < 0.6 and np.isclose(whole.fine[2], 1)
    assert (settling_step(whole.coarse), settling_step(whole.fine)) == (0, 2)


def test_each_region_has_its_own_time_and_the_largest_stands_first() -> None:
    final, other = noise(0, 5), noise(3, 5)
    left = halves()[0].mask[..., None] > 0
    steps = [picture(np.where(left, final, other), noise(4)), picture(final, noise(5)), picture(final, noise(6))]
    whole, right, first = measure_emergence(steps, halves(), ALL)
    assert [one.prompt for one in (whole, right, first)] == ["", "right", "left"]
    assert np.isclose(right.share, 2 / 3)
    assert settling_step(first.coarse) == 0 and settling_step(right.coarse) == 1
    assert first.coarse[0] > whole.coarse[0] > right.coarse[0]


@pytest.mark.parametrize("contrast", [0.3, 2.0])
def test_contrast_and_brightness_do_not_count(contrast) -> None:
    final = picture(noise(0, 5), noise(1))
    pale = np.clip((final - 128.0) * contrast * 0.6 + 140, 0, 255).astype(np.uint8)
    (whole,) = measure_emergence([pale, final], (), ALL)
    assert whole.coarse[0] > 0.95 and whole.fine[0] > 0.9


def test_the_opposite_is_not_the_same() -> None:
    coarse, fine = noise(0, 5), noise(1)
    (whole,) = measure_emergence([picture(-coarse, -fine), picture(coarse, fine)], (), ALL)
    assert whole.coarse[0] == whole.fine[0] == 0


def test_an_even_region_is_known_by_its_colour() -> None:
    """A sky has no shapes; but blue beside the rest it is, or isn't yet."""
    left = halves()[0].mask[..., None] > 0
    sky = picture(np.where(left, np.array([-3, 0, 3.0]), np.array([1, 0, -1.0])), np.zeros((*SIZE, 3)))
    grey = picture(np.where(left, np.array([1, 0, -1.0]), np.array([-1, 0, 1.0])), np.zeros((*SIZE, 3)))
    _, _, first = measure_emergence([grey, sky, sky], halves(), ALL)
    assert first.prompt == "left" and first.coarse[0] < 0.05 and first.coarse[1] > 0.99


def test_what_is_remembered_does_not_emerge() -> None:
    steps = [picture(noise(k, 5), noise(k + 9)) for k in range(3)]
    free = halves()[1].mask
    found = measure_emergence(steps, halves(), free)
    assert [one.prompt for one in found] == ["", "right"]
    assert np.allclose(found[0].coarse, found[1].coarse)
    assert measure_emergence(steps, halves(), np.zeros(SIZE, np.float32)) == ()


def test_a_region_without_a_prompt_is_no_second_whole_picture() -> None:
    steps = [np.zeros((*SIZE, 3), np.uint8)] * 2
    (whole,) = measure_emergence(steps, (Region("", np.ones(SIZE, np.float32)),), ALL)
    assert whole.prompt == "" and whole.share == 1


def test_regions_of_one_prompt_are_one() -> None:
    steps = [picture(noise(k, 5), noise(k + 9)) for k in range(2)]
    twice = tuple(Region("both", region.mask) for region in halves())
    assert [(one.prompt, one.share) for one in measure_emergence(steps, twice, ALL)] == [("", 1.0), ("both", 1.0)]


def test_settled_means_for_good() -> None:
    assert settling_step(np.array([0.9, 0.3, 0.85, 0.9, 1])) == 2
    assert settling_step(np.array([0.1, 0.3, 0.5, 1])) == 3
    assert settling_step(np.array([0.9, 0.9])) == 0 and settling_step(np.array([1.0])) == 0
