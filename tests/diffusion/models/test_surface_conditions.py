"""What geometry tells the networks: the same from a drawn world and from a scene, and right by the camera's own mathematics."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from diffusion.models.bare_surface import bare_surface
from diffusion.models.surface_conditions import (
    FINE,
    HARMONICS,
    KINDS,
    SHAPE,
    WAVES,
    SurfaceGeometry,
    borders,
    compute_view_geometry,
    fine_channels,
    harmonics,
    shape,
)
from diffusion.models.surface_place import PERIOD
from diffusion.training.data.views import SLOTS, World
from diffusion.training.data.world_geometry import compute_world_geometry
from scenes.camera import Camera
from scenes.extrude import Blocks
from scenes.raycast import cast_rays

SIZE = 48


def street(seed: int) -> tuple[Blocks, np.ndarray]:
    """A floor of one layer with houses of whole blocks on it, as blocks and as boxes [K,2,3]."""
    heights = np.random.default_rng(seed).choice([1, 1, 1, 1, 3, 4], (12, 12))
    solid = (np.arange(4)[:, None, None] < heights).astype(np.uint8)
    boxes = [[[x, 0, z], [x + 1, heights[z, x], z + 1]] for z in range(12) for x in range(12)]
    return Blocks(solid, 1), np.array(boxes, float)


def both(seed: int, yaw: float, pitch: float) -> tuple[SurfaceGeometry, SurfaceGeometry]:
    """The same street through the same camera: as training casts it, and as the raycaster does."""
    blocks, boxes = street(seed)
    eye = np.array([5.37, 5.21, 6.83])
    fov = 70.0
    focal = SIZE / 2 / math.tan(math.radians(fov) / 2)
    world = World(boxes, np.ones(len(boxes), int), eye, math.radians(yaw), math.radians(pitch), focal, SIZE)
    camera = Camera.from_angles(tuple(eye), yaw, pitch, fov)
    hits = cast_rays(blocks, camera, (SIZE, SIZE))
    drawn, _, _ = compute_world_geometry(world, torch.zeros(SLOTS, 2))
    return drawn, compute_view_geometry(camera, (SIZE, SIZE), hits.point, hits.side, hits.depth, 8)


@settings(max_examples=8)
@given(st.integers(0, 50), st.floats(-180, 180), st.floats(-80, -20))
def test_a_drawn_world_and_the_same_scene_tell_the_same(seed: int, yaw: float, pitch: float) -> None:
    drawn, told = both(seed, yaw, pitch)
    # training lays an endless ground under its boxes where a scene ends in sky; two faces may swap at an edge by rounding
    solid = (
        (told.kind != KINDS.index("sky"))
        & (drawn.kind == told.kind)
        & ((drawn.normal - told.normal).abs().amax(0) < 1e-4)
    )
    solid &= (drawn.depth / told.depth - 1).abs() < 1e-3
    scene = told.kind != KINDS.index("sky")
    assert float((solid & scene).sum()) >= 0.98 * float(scene.sum())
    apart = (drawn.uv - told.uv).abs()
    assert float(torch.minimum(apart, PERIOD - apart)[:, solid].max()) < 2e-3
    assert torch.allclose(drawn.span[:, solid], told.span[:, solid], rtol=2e-2, atol=1e-4)
    waves = (harmonics(drawn.uv, drawn.span) - harmonics(told.uv, told.span)).abs()
    assert float(waves[:, solid].max()) < 0.1


def test_the_sky_of_both_is_one_plane_square_to_the_camera() -> None:
    world = World(np.zeros((0, 2, 3)), np.zeros(0, int), np.array([0, 2.0, 0]), 0.4, 1.2, 60.0, SIZE)
    fov = math.degrees(2 * math.atan(SIZE / 2 / 60.0))
    camera = Camera.from_angles((0, 2, 0), math.degrees(0.4), math.degrees(1.2), fov)
    hits = cast_rays(Blocks(np.zeros((1, 1, 1), np.uint8), 1), camera, (SIZE, SIZE))
    drawn, _, _ = compute_world_geometry(world, torch.zeros(SLOTS, 2))
    told = compute_view_geometry(camera, (SIZE, SIZE), hits.point, hits.side, hits.depth, 8)
    assert bool((drawn.kind == KINDS.index("sky")).all()) and bool((told.kind == drawn.kind).all())
    for a, b in (
        (drawn.uv, told.uv),
        (drawn.span, told.span),
        (drawn.normal, told.normal),
        (shape(drawn), shape(told)),
    ):
        assert torch.allclose(a, b, atol=1e-4)


@given(st.floats(-1.2, 1.2), st.floats(-0.9, -0.35))
def test_footprints_are_how_far_the_next_pixel_is(yaw: float, pitch: float) -> None:
    world = World(np.zeros((0, 2, 3)), np.zeros(0, int), np.array([3.0, 2.5, 1.0]), yaw, pitch, 90.0, SIZE)
    told, _, _ = compute_world_geometry(world, torch.zeros(SLOTS, 2))
    step = [torch.remainder(told.uv.diff(dim=d) + 4, PERIOD) - 4 for d in (2, 1)]
    measured = (step[0][:, :-1].square() + step[1][..., :-1].square()).sqrt()
    inner = (told.kind[:-1, :-1] == 0) & (told.depth[:-1, :-1] < 30)
    assert torch.allclose(told.span[:, :-1, :-1][:, inner], measured[:, inner], rtol=0.12, atol=1e-3)


def test_latent_pixels_see_what_lies_at_their_centres() -> None:
    world = World(np.zeros((0, 2, 3)), np.zeros(0, int), np.array([0, 3.0, 0]), 0.7, -0.9, 110.0, 64)
    fine, coarse = (compute_world_geometry(world, torch.zeros(SLOTS, 2), cell)[0] for cell in (1, 8))
    a, b = fine.uv[:, 3::8, 3::8], fine.uv[:, 4::8, 4::8]
    middle = torch.remainder(a + (torch.remainder(b - a + 4, PERIOD) - 4) / 2, PERIOD)
    apart = (middle - coarse.uv).abs()
    assert float(torch.minimum(apart, PERIOD - apart).max()) < 0.02
    assert torch.allclose(8 * fine.span[:, 4::8, 4::8], coarse.span, rtol=0.1)
    assert torch.allclose(fine.depth[4::8, 4::8], coarse.depth, rtol=0.05)


def test_shifts_move_the_pattern_of_their_slot_alone() -> None:
    world = World(
        np.array([[[-2, 0, -9], [2, 3, -6]]], float), np.array([2]), np.array([0, 1.5, 0]), 0, -0.2, 60.0, SIZE
    )
    shifts = torch.zeros(SLOTS, 2)
    still, slot, _ = compute_world_geometry(world, shifts)
    shifts[2] = torch.tensor([1.25, 7.5])
    moved, _, _ = compute_world_geometry(world, shifts)
    way = torch.remainder(moved.uv - still.uv + 1e-4, PERIOD)
    assert torch.allclose(way[:, slot == 2], torch.tensor([[1.25], [7.5]]), atol=1e-3)
    assert float(way[:, slot != 2].max()) < 1e-3


@given(st.floats(0, 8), st.floats(0, 8), st.sampled_from(WAVES))
def test_harmonics_repeat_with_the_period_and_fade_where_a_pixel_is_larger(u: float, v: float, wave: int) -> None:
    place, small = torch.tensor([u, v]).view(2, 1, 1), torch.full((2, 1, 1), 0.01)
    found = harmonics(place, small)
    assert found.shape == (HARMONICS, 1, 1)
    assert torch.allclose(found, harmonics(place + PERIOD, small), atol=2e-3)
    row = WAVES.index(wave)
    assert math.isclose(float(found[row]), math.sin(2 * math.pi * u * wave / 8), abs_tol=0.02)
    assert math.isclose(float(found[3 * len(WAVES) + row]), math.cos(2 * math.pi * v * wave / 8), abs_tol=0.02)
    large = harmonics(place, torch.full((2, 1, 1), 2 * PERIOD / wave)).abs()
    assert float(large[row :: len(WAVES)].max()) < 0.01


@pytest.mark.parametrize("kind", KINDS)
def test_a_bare_canvas_shows_one_kind(kind: str) -> None:
    told = bare_surface(kind, 16, 24, distance=5.0)
    assert bool((told.kind == KINDS.index(kind)).all())
    assert bool(told.span.isfinite().all()) and float(told.uv.min()) >= 0 and float(told.uv.max()) <= PERIOD
    assert shape(told).shape == (SHAPE, 16, 24)
    if kind == "wall":
        assert torch.allclose(told.depth, torch.full((16, 24), 5.0)) and bool((told.normal[2] > 0.999).all())


def test_the_decoder_gets_the_borders_of_surfaces() -> None:
    told = bare_surface("wall", 16, 16)
    owner = torch.zeros(16, 16, dtype=torch.int64)
    owner[:, 5:] = 1
    found = fine_channels(told, borders(owner))
    assert found.shape == (FINE, 16, 16)
    assert found[-2].nonzero()[:, 1].unique().tolist() == [4] and float(found[-1].max()) == 0


def test_surfaces_are_told_apart_by_region_side_and_plane() -> None:
    boxes = np.array([[[-4, 0, -9], [-1, 3, -6]], [[1, 0, -9], [4, 3, -6]], [[-1, 0, -14], [1, 3, -12]]], float)
    world = World(boxes, np.array([1, 1, 1]), np.array([0, 1.5, 0]), 0.0, 0.0, 40.0, SIZE)
    told, slot, owner = compute_world_geometry(world, torch.zeros(SLOTS, 2))
    # two boxes in one plane are one surface, their sides and the box behind them are others, as are the ground and the sky
    front = (slot == 1) & (told.normal[2] > 0.9) & (told.depth < 45)
    behind = (slot == 1) & (told.normal[2] > 0.9) & (told.depth > 45)
    assert bool(front.any()) and bool(behind.any())
    assert len(owner[front].unique()) == len(owner[behind].unique()) == 1
    assert int(owner[front][0]) != int(owner[behind][0])
    sides = (slot == 1) & (told.normal[0].abs() > 0.9)
    assert len({*owner[sides].tolist()} & {*owner[front].tolist(), *owner[slot == 0].tolist()}) == 0
    part, _, _ = compute_world_geometry(world, torch.zeros(SLOTS, 2), 1, (slice(8, 24), slice(16, 48)))
    assert torch.equal(part.uv, told.uv[:, 8:24, 16:48])
