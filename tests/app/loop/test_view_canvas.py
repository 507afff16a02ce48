"""Regions, memory and change of a canvas made from a look."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from app.loop.view_canvas import canvas_from, parts_of, regions_from
from scenes.prompt_masks import find_dreamed_materials
from scenes.scene import SKY, Background, Material, Scene

GRASS = Material("grass", (0, 255, 0), "green grass", 1.0, (0, 255, 0))
MOSS = Material("moss", (0, 128, 0), "green grass", 1.0, (0, 128, 0))
WALL = Material("wall", (255, 0, 0), "brick wall", 2.0, (255, 0, 0), negative_prompt="snow")
SCENE = Scene("two", np.ones((4, 4), np.uint8), (GRASS, MOSS, WALL), Background("blue sky", "clouds"))


@given(arrays.arrays(np.int16, (5, 7), elements=st.integers(SKY, 2)))
def test_regions_cover_every_pixel_once_with_its_own_prompt(material: np.ndarray) -> None:
    regions = regions_from(material, SCENE)
    assert (sum(region.mask for region in regions) == 1).all()
    for (y, x), index in np.ndenumerate(material):
        (owner,) = [region for region in regions if region.mask[y, x]]
        assert (owner.prompt, owner.negative_prompt) == SCENE.prompt(int(index))
    areas = [region.mask.sum() for region in regions]
    assert areas == sorted(areas, reverse=True)
    assert len({(r.prompt, r.negative_prompt) for r in regions}) == len(regions)


@given(
    arrays.arrays(np.int16, (3, 4), elements=st.integers(SKY, 2)),
    arrays.arrays(np.int16, (24, 32), elements=st.integers(SKY, 2)),
)
def test_each_pixel_is_of_the_region_of_its_own_prompts_if_there_is_one(seen: np.ndarray, pixels: np.ndarray) -> None:
    regions = regions_from(seen, SCENE)
    parts = parts_of(pixels, regions, SCENE)
    prompts = {(region.prompt, region.negative_prompt): number for number, region in enumerate(regions)}
    for material in np.unique(pixels):
        assert set(parts[pixels == material].tolist()) == {prompts.get(SCENE.prompt(int(material)), -1)}
    known = find_dreamed_materials(seen, SCENE)
    assert (np.isin(pixels, known) == (parts >= 0)).all()


def test_a_new_view_is_free_and_remembers_nothing(gathered, two_materials) -> None:
    canvas = canvas_from(gathered, two_materials, 8)
    assert (canvas.change == 1).all()
    assert canvas.guide is None
    assert canvas.noise is gathered.noise
    assert canvas.surface.depth is not None and canvas.surface.depth.shape == gathered.depth.shape


def test_depth_is_told_as_the_reference_camera_would_see_it(gathered, two_materials) -> None:
    from dataclasses import replace

    rows = gathered.depth.shape[0]
    fov = float(2 * np.degrees(np.arctan(rows / 2 / 27.7)))  # the reference focal length for these rows
    camera = replace(gathered.camera, fov=fov)
    np.testing.assert_allclose(
        canvas_from(replace(gathered, camera=camera), two_materials, 8).surface.depth, gathered.depth, rtol=1e-3
    )
    wide = replace(
        gathered.camera, fov=float(2 * np.degrees(np.arctan(rows / 27.7)))
    )  # half the focal length: as if twice as far
    np.testing.assert_allclose(
        canvas_from(replace(gathered, camera=wide), two_materials, 8).surface.depth, 2 * gathered.depth, rtol=1e-3
    )


def test_what_is_finished_is_kept_and_the_rest_is_free(gathered, two_materials) -> None:
    from dataclasses import replace

    steps = np.zeros_like(gathered.steps)
    steps[:, :3] = 8
    canvas = canvas_from(replace(gathered, steps=steps, stored_density=gathered.density), two_materials, 8)
    assert (canvas.change[:, :3] == 0).all()
    assert (canvas.change[:, 3:] == 1).all()
    assert canvas.guide is not None and canvas.guide.latents is not None and canvas.guide.colours is not None
