"""Names of what regions show: the classifier reads them apart, and concepts follow them over the steps."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from diffusion.canvas import Region
from diffusion.introspection.classifier import load_embedded_reader
from diffusion.introspection.concepts import MOST, Concepts, read_concepts
from diffusion.training.data.light import LIGHTS
from diffusion.training.data.materials import MATERIALS
from diffusion.training.evaluation.classifier import NAMES, plain_pictures

SEEN = ("grass", "brick", "lava", "snow")


@cache
def pictures() -> np.ndarray:
    """uint8 [4,128,128,3]: one of each of SEEN."""
    return plain_pictures(4, len(SEEN), SEEN).images.movedim(1, -1).numpy()


def halves() -> tuple[Region, Region]:
    left = np.zeros((16, 32), np.float32)
    left[:, :16] = 1
    return Region("left", left), Region("right", 1 - left)


def test_the_reader_knows_the_materials_of_the_training() -> None:
    reader = load_embedded_reader()
    assert reader.materials == tuple(MATERIALS) and reader.lights == tuple(LIGHTS)
    assert reader.accuracy > 0.9
    for name, picture in zip(SEEN, pictures(), strict=True):
        read = reader.read(picture, np.ones((1, 16, 16)))
        assert read.shape == (1, len(NAMES)) and read.sum() == pytest.approx(1)
        assert NAMES[read.argmax()] == name


def test_regions_are_named_separately() -> None:
    pair = np.concatenate([pictures()[1], pictures()[3]], 1)
    read = load_embedded_reader().read(pair, np.stack([region.mask for region in halves()]))
    assert [NAMES[i] for i in read.argmax(1)] == ["brick", "snow"]


def test_concepts_follow_what_each_region_looks_like() -> None:
    grass, brick, lava, snow = pictures()
    steps = [np.concatenate(pair, 1) for pair in ((grass, snow), (brick, snow), (brick, lava), (brick, snow))]
    left, right = read_concepts(load_embedded_reader(), steps, halves(), np.ones((16, 32), np.float32))
    assert (left.prompt, right.prompt) == ("left", "right") and left.share == right.share == 0.5
    assert left.names[0] == "brick" and "grass" in left.names and left.confidence.shape == (4, MOST)
    assert (left.named_from, right.named_from) == (1, 3)
    assert left.confidence[0, left.names.index("grass")] > 0.5


def test_what_is_kept_is_not_read() -> None:
    steps = [np.concatenate([pictures()[0]] * 2, 1)]
    assert read_concepts(load_embedded_reader(), steps, halves(), np.zeros((16, 32), np.float32)) == ()
    (right,) = read_concepts(load_embedded_reader(), steps, halves(), halves()[1].mask)
    assert right.prompt == "right"


def test_a_name_from_the_start_is_named_from_step_0() -> None:
    assert Concepts("", 1.0, ("a", "b"), np.array([[0.9, 0.1], [0.6, 0.4]])).named_from == 0
