"""See-through surfaces: what is behind them is painted and shows, blended in the right order."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from engine.atlas.views import PaintedView, Part
from engine.atlas.volume import LatentVolume
from engine.geometry import sides
from engine.geometry.charts import Charts, build_charts
from engine.geometry.mesh import find_visible_charts
from engine.gl.context import wait_for_gl
from engine.gl.targets import release_framebuffer
from engine.render import depth_order
from engine.render.depth_order import order_back_to_front
from engine.render.renderer import MODES, Renderer
from scenes.camera import Camera
from scenes.extrude import extrude_scene
from scenes.scene import Background, Material, Scene
from tests.engine.panes import AMBER, BRICK, FRONT, GLASS, panes_scene
from tests.engine.reference import picture
from tests.engine.village import CHANNELS

SIZE = (320, 192)
COLOURS = {BRICK: (200, 40, 40), GLASS: (20, 60, 220), AMBER: (240, 200, 0)}


@pytest.fixture
def stage(ctx) -> Iterator:
    """Makes a volume of a scene and a function that draws it."""
    made = []

    def make(scene: Scene):
        blocks = extrude_scene(scene)
        volume = LatentVolume(ctx, build_charts(blocks, scene), CHANNELS)
        renderer = Renderer(ctx, volume.charts, scene, volume, blocks)
        target = ctx.framebuffer([ctx.texture(SIZE, 4)], ctx.depth_renderbuffer(SIZE))
        made.append((volume, renderer, target))

        def shoot(camera: Camera, mode: str = "painted") -> np.ndarray:
            renderer.draw(target, camera, SIZE, mode, top_first=True)
            wait_for_gl(ctx)
            return np.frombuffer(target.read(components=4), np.uint8).reshape(SIZE[1], SIZE[0], 4)[..., :3].astype(int)

        return volume, shoot

    yield make
    for volume, renderer, target in made:
        release_framebuffer(target)
        renderer.release()
        volume.release()


def paint_all(volume: LatentVolume, camera: Camera) -> None:
    """Paint every surface that the camera sees, through others too, in the colour of its material."""
    for part in (Part.SOLID, Part.BEHIND):
        gathered = volume.gather(camera, SIZE, part=part)
        colours = np.full((SIZE[1], SIZE[0], 3), 90, np.uint8)
        for material, colour in COLOURS.items():
            colours[gathered.pixel_material == material] = colour
        latents = np.zeros((CHANNELS, SIZE[1] // 8, SIZE[0] // 8), np.float32)
        volume.scatter(gathered, PaintedView(camera, SIZE, latents, colours, 10))


def seen(charts: Charts, camera: Camera) -> np.ndarray:
    """int [H,W]: the material of the nearest surface."""
    return charts.material[picture(charts, camera, SIZE).chart]


def behind(volume: LatentVolume, material: int) -> np.ndarray:
    """bool [H,W]: where a material is the nearest opaque one."""
    return volume.gather(FRONT, SIZE, part=Part.BEHIND).pixel_material == material


def inside(mask: np.ndarray, rim: int = 12) -> np.ndarray:
    """The part of a mask that lies away from its border and that of the picture."""
    out = np.zeros_like(mask)
    out[rim:-rim, rim:-rim] = True
    for axis in (0, 1):
        for shift in (-rim, rim):
            out &= np.roll(mask, shift, axis)
    return out & mask


@pytest.mark.parametrize("opacity", [0.5, 0.2])
def test_a_painted_pane_shows_the_painted_wall_behind_it(stage, opacity) -> None:
    volume, shoot = stage(panes_scene(opacity))
    paint_all(volume, FRONT)
    glass = inside((seen(volume.charts, FRONT) == GLASS) & behind(volume, BRICK))
    blended = opacity * np.array(COLOURS[GLASS]) + (1 - opacity) * np.array(COLOURS[BRICK])
    assert glass.sum() > 1000
    assert np.abs(shoot(FRONT)[glass] - blended).max() <= 3


def test_a_film_frame_of_opaque_materials_is_as_it_was_painted(stage) -> None:
    volume, shoot = stage(panes_scene(1.0))
    paint_all(volume, FRONT)
    assert np.abs(shoot(FRONT)[inside(seen(volume.charts, FRONT) == GLASS)] - COLOURS[GLASS]).max() <= 1


def test_panes_in_a_row_are_blended_one_over_the_other_from_the_back(stage) -> None:
    volume, shoot = stage(panes_scene(0.5, 0.25))
    paint_all(volume, FRONT)
    paint_all(volume, Camera.look_at((6.0, 1.6, 7.9), (6.0, 1.5, 0.0), fov=110))  # between both: the farther one, too
    colour = np.array(COLOURS[BRICK], float)
    for material, opacity in ((GLASS, 0.5), (AMBER, 0.25)):
        colour += opacity * (np.array(COLOURS[material]) - colour)
    amber = inside((seen(volume.charts, FRONT) == AMBER) & behind(volume, BRICK))
    assert amber.sum() > 1000
    assert np.abs(shoot(FRONT)[amber] - colour).max() <= 3


@pytest.mark.parametrize("mode", [mode for mode in MODES if mode != "painted"])
def test_other_modes_show_the_nearest_surface(stage, mode) -> None:
    volume, shoot = stage(panes_scene(0.5, 0.25))
    solid, other = stage(panes_scene(1.0, 1.0))
    for one in (volume, solid):
        paint_all(one, FRONT)
    amber = inside(seen(volume.charts, FRONT) == AMBER)
    if mode == "material":  # which blends, as `painted` does
        assert (np.abs(shoot(FRONT, mode) - other(FRONT, mode)).max(axis=-1)[amber] > 5).mean() > 0.9
    else:
        assert np.abs(shoot(FRONT, mode) - other(FRONT, mode)).max(axis=-1)[amber].max() <= 2


def heap(seed: int) -> Charts:
    """Blocks of glass in random places and heights, in water."""
    rng = np.random.default_rng(seed)
    materials = tuple(
        Material(str(k), (k, 0, 0), "", high, (0, 0, 0), "", low, 0.5, material_under="0")
        for k, (low, high) in enumerate(((0, 1), (1, 3), (1, 2), (2, 3)))
    )
    plan = np.where(rng.random((9, 9)) < 0.2, rng.integers(2, 5, (9, 9)), 1).astype(np.uint8)
    scene = Scene("heap", plan, materials, Background("sky"), voxels_per_block=1)
    return build_charts(extrude_scene(scene), scene)


def hits(charts: Charts, index: np.ndarray, camera: Camera) -> Iterator[np.ndarray]:
    """For each of some rays, the charts `index` that it meets, the farthest first."""
    for ray in camera.rays((24, 16)).reshape(-1, 3):
        met = []
        for c in index:
            start = charts.origin[c] - camera.position
            depth = sides.NORMAL[charts.side[c]] @ start / (sides.NORMAL[charts.side[c]] @ ray)
            at = (depth * ray - start) @ np.stack([charts.u[c], charts.v[c]], axis=1)
            if depth > 0 and (at > 0).all() and (at < charts.size[c]).all():
                met.append((depth, c))
        yield np.array([c for _, c in sorted(met, reverse=True)], int)


def swapped(charts: Charts, drawn: np.ndarray, camera: Camera) -> int:
    """How many pairs of charts along rays are drawn in the wrong order."""
    place = np.zeros(len(charts), int)
    place[drawn] = np.arange(len(drawn))
    return sum(int((np.diff(place[met]) < 0).sum()) for met in hits(charts, drawn, camera))


def test_what_is_nearer_along_a_ray_is_drawn_later() -> None:
    unordered = 0
    for seed in range(4):
        charts, camera = heap(seed), Camera.look_at((seed * 2.0 - 3, 2.6, -2.0), (5.0, 0.5, 5.0), fov=70)
        by_distance = find_visible_charts(charts, camera, SIZE, charts.see_through)[::-1]
        ordered = order_back_to_front(charts, by_distance)
        assert sorted(ordered) == sorted(by_distance) and len(ordered) > 20
        assert swapped(charts, ordered, camera) == 0
        unordered += swapped(charts, by_distance, camera)
    assert unordered > 0


def test_of_too_many_charts_the_nearest_are_ordered(monkeypatch) -> None:
    charts, camera = heap(0), Camera.look_at((-3.0, 2.6, -2.0), (5.0, 0.5, 5.0), fov=70)
    far_first = find_visible_charts(charts, camera, SIZE, charts.see_through)[::-1]
    monkeypatch.setattr(depth_order, "MOST", 10)
    ordered = order_back_to_front(charts, far_first)
    assert ordered[:-10].tolist() == far_first[:-10].tolist() and set(ordered[-10:]) == set(far_first[-10:])
    assert order_back_to_front(charts, far_first[:0]).tolist() == []
