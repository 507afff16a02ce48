"""What the window shows: every mode draws, daylight where nothing is painted, paint where something is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from base.errors import InputError
from engine.geometry.mesh import find_visible_charts
from engine.geometry.sides import NORMAL
from engine.gl.context import create_headless_context, renderer_name, wait_for_gl
from engine.gl.shaders import FOLDER, load_shader_source
from engine.gl.targets import release_framebuffer
from engine.render.bare_sky import bare_sky, make_paler
from engine.render.daylight import bake_daylight
from engine.render.renderer import MODES, Renderer
from scenes.camera import Camera
from scenes.scene import Background
from tests.engine.reference import picture
from tests.engine.village import CAMERAS, dreamed

SIZE = (320, 192)


@pytest.fixture
def renderer(ctx, charts, scene, volume, blocks):
    renderer = Renderer(ctx, charts, scene, volume, blocks)
    yield renderer
    renderer.release()


@pytest.fixture
def shoot(ctx, renderer):
    target = ctx.framebuffer([ctx.texture(SIZE, 4)], ctx.depth_renderbuffer(SIZE))

    def shoot(camera: Camera, mode: str, top_first: bool = True, daylight: float = 0.0) -> np.ndarray:
        renderer.draw(target, camera, SIZE, mode, top_first=top_first, daylight=daylight)
        wait_for_gl(ctx)
        return np.frombuffer(target.read(components=4), np.uint8).reshape(SIZE[1], SIZE[0], 4)[..., :3].astype(int)

    yield shoot
    release_framebuffer(target)


@pytest.mark.parametrize("mode", MODES)
def test_every_mode_shows_something(shoot, volume, camera, mode):
    empty = shoot(camera, mode)
    assert empty.std() > 5
    volume.scatter(volume.gather(camera, SIZE), dreamed(camera, size=SIZE))
    changed = np.abs(shoot(camera, mode) - empty).max(axis=-1) > 2
    assert changed.mean() < 0.01 if mode in ("material", "depth") else changed.mean() > 0.9


def test_painted_shows_the_painting_as_it_is(shoot, volume, camera, charts):
    painting = dreamed(camera, size=SIZE)
    volume.scatter(volume.gather(camera, SIZE), painting)
    opaque = ~charts.see_through[picture(charts, camera, SIZE).chart]
    error = np.abs(shoot(camera, "painted") - painting.colours).max(axis=-1)[opaque]
    assert np.median(error) <= 6 and (error < 40).mean() > 0.9


def test_daylight_falls_on_paint_but_not_on_the_sky(shoot, volume):
    camera = CAMERAS["above"]  # which sees the sides that the sun doesn't
    gathered = volume.gather(camera, SIZE)
    grey = replace(dreamed(camera, size=SIZE), colours=np.full((SIZE[1], SIZE[0], 3), 160, np.uint8))
    volume.scatter(gathered, grey)
    plain, half, lit = (shoot(camera, "painted", daylight=share)[..., 0].astype(float) for share in (0.0, 0.5, 1.0))
    faces, sky = np.isfinite(gathered.depth) & (gathered.density > 0), np.isinf(gathered.depth)
    top, shade = (
        np.kron(part, np.ones((8, 8))) > 0
        for part in (faces & (gathered.normal[..., 1] > 0.9), faces & (gathered.normal[..., 2] < -0.9))
    )
    assert np.median(plain[top]) == np.median(plain[shade]) == 160
    assert np.median(lit[shade]) < np.median(half[shade]) - 5 < np.median(plain[shade]) - 10
    assert np.median(lit[top]) > np.median(lit[shade]) + 20
    assert sky.any() and np.median(lit[np.kron(sky, np.ones((8, 8))) > 0]) == 160


def test_paint_seen_from_where_it_was_painted_is_as_sharp(shoot, volume, charts, camera):
    rng = np.random.default_rng(0)
    grain = rng.uniform(0, 255, (SIZE[1] // 2, SIZE[0] // 2)).repeat(2, 0).repeat(2, 1)
    grain = (grain + np.roll(grain, 1, 0) + np.roll(grain, 1, 1) + np.roll(grain, (1, 1), (0, 1))) / 4
    painting = replace(dreamed(camera, size=SIZE), colours=grain[..., None].repeat(3, -1).astype(np.uint8))
    gathered = volume.gather(camera, SIZE)
    volume.scatter(gathered, painting)
    # where cells hold all pixels of a texel, away from borders
    whole = (gathered.density > 1) & (gathered.density < 6) & (abs(gathered.normal[..., 1]) < 0.5)
    seen = picture(charts, camera, SIZE).chart
    inner = np.zeros(seen.shape, bool)
    inner[12:-12, 12:-12] = whole.repeat(8, 0).repeat(8, 1)[12:-12, 12:-12]
    for axis in (0, 1):
        for shift in (-6, 6):
            inner &= np.roll(seen, shift, axis) == seen

    def detail(shown: np.ndarray) -> float:
        fine = 4 * shown - sum(np.roll(shown, shift, axis) for axis in (0, 1) for shift in (-1, 1))
        return float((fine[inner] ** 2).mean() ** 0.5)

    assert inner.sum() > 500
    assert 0.75 < detail(shoot(camera, "painted")[..., 0]) / detail(grain) < 1.2


def test_a_window_is_the_same_picture_bottom_first(shoot):
    up, down = (shoot(CAMERAS["street"], "material", top_first) for top_first in (True, False))
    assert (np.abs(up - down[::-1]).max(axis=-1) <= 2).mean() > 0.99


def test_material_colours_are_where_the_materials_are(shoot, charts, scene):
    camera = CAMERAS["above"]
    shown = shoot(camera, "material")
    material = charts.material[picture(charts, camera, SIZE).chart]
    for index in (0, 1):
        here = shown[material == index]
        strongest = np.argmax(scene.materials[index].display)
        assert (here.argmax(axis=-1) == strongest).mean() > 0.95


def test_water_shows_what_is_under_it(shoot, scene, ctx, charts, volume, blocks):
    camera = Camera.look_at((8.5, 3.0, 12.0), (8.5, 0.5, 8.5))
    water = charts.material[picture(charts, camera, SIZE).chart] == 2
    assert water.mean() > 0.05
    see_through = shoot(camera, "material")[water].mean(axis=0)
    assert np.abs(see_through - np.array(scene.materials[2].display)).max() > 10


def test_only_what_can_be_seen_is_drawn(charts, camera):
    chosen = set(find_visible_charts(charts, camera, SIZE).tolist())
    shown = set(np.unique(picture(charts, camera, SIZE).chart).tolist())
    assert shown <= chosen
    assert len(find_visible_charts(charts, Camera.from_angles((6, 2, 6), 0, -89), (64, 64))) < len(charts) / 2


def test_no_chart_that_touches_the_frustum_is_left_out(charts):
    """The quick way to throw most charts away throws none away that all four corners would keep."""
    random = np.random.default_rng(0)
    for _ in range(200):
        place, yaw, pitch, fov = random.uniform(-4, 16, 3), *random.uniform((-180, -89, 20), (180, 89, 110))
        camera, size = Camera.from_angles(tuple(place), yaw, pitch, fov), (int(random.integers(8, 300)), 100)
        normal = NORMAL[charts.side]
        eye = np.where(charts.sky[:, None], 0.0, camera.position)
        faces = ((eye - charts.corners[:, 0]) * normal).sum(axis=1) > 0
        x, y, z = np.moveaxis((charts.corners - eye[:, None]) @ camera.axes.T, -1, 0)
        slope = np.tan(np.radians(fov) / 2)
        wide = slope * size[0] / size[1]
        for half_space in (z > 0, x < wide * z, x > -wide * z, y < slope * z, y > -slope * z):
            faces &= half_space.any(axis=1)
        assert set(find_visible_charts(charts, camera, size).tolist()) == set(np.flatnonzero(faces).tolist())


def test_shadows_fall_away_from_the_sun_and_corners_are_darker():
    solid = np.zeros((8, 9, 9), np.uint8)
    solid[:, 4:, 4:5] = 1
    cells, detail = bake_daylight(solid, np.array([True]), 2)
    ground = cells[:, 2].astype(int)  # the lowest layer above the ground: a block of padding is two voxels

    def at(x: float, z: float) -> np.ndarray:
        return ground[int((z + 1) * detail), int((x + 1) * detail)]

    assert at(3.5, 4.5)[1] == 0 and at(5.5, 4.5)[1] == 255  # the sun stands at +x +z
    assert at(5.2, 7.5)[0] + 15 < at(8.0, 1.0)[0] >= 245
    open_, _ = bake_daylight(solid, np.array([False]), 2)  # glass casts no shadow
    assert (open_[..., 1] == 255)[:, 2:].all()


def test_the_background_colours_sky_and_light(ctx, charts, scene, volume, blocks, shoot):
    night = replace(scene, background=Background("night", display=(10, 12, 40)))
    target = ctx.framebuffer([ctx.texture(SIZE, 4)], ctx.depth_renderbuffer(SIZE))
    dark = Renderer(ctx, charts, night, volume, blocks)
    dark.draw(target, CAMERAS["street"], SIZE, "material", top_first=True)
    wait_for_gl(ctx)
    shown = np.frombuffer(target.read(components=4), np.uint8).reshape(SIZE[1], SIZE[0], 4)[..., :3].astype(int)
    day = shoot(CAMERAS["street"], "material")
    sky = charts.sky[picture(charts, CAMERAS["street"], SIZE).chart]
    assert shown[sky].mean() < 0.5 * day[sky].mean()
    assert 0.3 * day[~sky].mean() < shown[~sky].mean() < 0.9 * day[~sky].mean()
    dark.release()


def test_unknown_modes_and_includes(shoot):
    with pytest.raises(KeyError, match="painted"):
        shoot(CAMERAS["street"], "pretty")
    included_twice = load_shader_source("display/painted_partly")
    assert included_twice.count("vec4 texel_at(") == 1
    assert "#include" not in included_twice
    assert all((FOLDER / "display").glob(f"{mode}*.glsl") for mode in MODES)


def test_the_context_says_who_draws_and_refuses_in_one_sentence(ctx, monkeypatch):
    assert renderer_name(ctx)
    monkeypatch.setattr("moderngl.create_context", lambda **_: (_ for _ in ()).throw(Exception("libGL.so not loaded")))
    with pytest.raises(InputError, match=r"3\.3 could not be started.*libGL\.so not loaded.*libegl1"):
        create_headless_context()


@pytest.mark.parametrize("look", [(0.3, 0.6, 0.2), (-1, 0.05, 0.4), (0.52, 0.72, 0.46)])
def test_the_bare_sky_is_computed_as_it_is_drawn(shoot, scene, camera, look):
    """Also towards the sun, the last of the directions."""
    high = tuple(np.array([4.0, 60.0, 4.0]))
    camera = Camera.look_at(high, tuple(np.array(high) + look))
    drawn, computed = shoot(camera, "painted"), make_paler(bare_sky(camera, SIZE, scene.background.display)).astype(int)
    upper = np.s_[: SIZE[1] // 2]
    assert np.abs(drawn - computed)[upper].max() <= 2
