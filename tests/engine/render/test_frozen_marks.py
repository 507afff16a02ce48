"""Marks on what is frozen: drawn wherever something is, and nowhere else is looked for it."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from engine.atlas.page import FROZEN, tiles_with
from engine.atlas.tiles import TileBuffers
from engine.atlas.volume import LatentVolume
from engine.edits.atlas_remap import AtlasRemap, plan_remap
from engine.edits.patch import apply_operation, apply_patch, erase_all
from engine.geometry.charts import build_charts
from engine.geometry.mesh import find_visible_charts
from engine.gl.context import wait_for_gl
from engine.gl.targets import release_framebuffer
from engine.render.frozen_marks import may_show_frozen
from engine.render.renderer import Renderer
from engine.render.smooth import SmoothDrawing
from scenes import edit, edit_map
from scenes.extrude import extrude_scene
from tests.engine.village import CAMERAS, CHANNELS, SIZE, dreamed

VIEW = (240, 160)


def freeze(volume, part) -> list:
    """A part of the street's view."""
    mask = np.zeros((VIEW[1], VIEW[0]), bool)
    mask[part] = True
    return [
        p
        for p in apply_operation(volume, volume.find_visible_texels(CAMERAS["street"], VIEW, mask), "freeze")
        if p is not None
    ]


def surely(volume) -> bool:
    """Whether every held texel is on a tile that is known to have some; and whether any is known where there is none."""
    for number in volume.atlas:
        page = volume.atlas[number]
        there = tiles_with(page.read_state()[..., FROZEN] > 0)
        assert not (there & ~page.frozen_tiles).any()
        if (page.frozen_tiles & ~there).any():
            return False
    return True


def known(volume) -> int:
    return sum(int(volume.atlas[number].frozen_tiles.sum()) for number in volume.atlas)


def test_it_is_known_where_something_is_held_whatever_happens_to_it(painted):
    assert surely(painted) and known(painted) == 0
    patches = freeze(painted, np.s_[100:140, 20:90])
    assert surely(painted) and known(painted) > 0
    redo = [apply_patch(painted, patch) for patch in reversed(patches)]
    assert surely(painted) and known(painted) == 0
    for patch in reversed(redo):
        apply_patch(painted, patch)
    world, count = painted.snapshot(), known(painted)
    assert surely(painted) and count > 0
    sheets = erase_all(painted)
    assert known(painted) == 0
    for sheet in sheets:
        apply_patch(painted, sheet)
    assert surely(painted) and known(painted) == count
    painted.restore(world)
    assert surely(painted) and known(painted) == count
    painted.scatter(painted.gather(CAMERAS["street"], SIZE), dreamed(CAMERAS["street"], steps=90, seed=5))
    assert surely(painted) and known(painted) == count


def test_tiles_that_are_read_and_written_know_it(painted):
    freeze(painted, np.s_[100:140, 20:90])
    number = next(n for n in painted.atlas if painted.atlas[n].frozen_tiles.any())
    page = painted.atlas[number]
    tile, buffers = int(np.flatnonzero(page.frozen_tiles)[0]), TileBuffers(painted.channels)
    wait_for_gl(painted.ctx)
    buffers.read(page, tile)
    buffers.state[..., FROZEN] = 0
    buffers.write(page, tile)
    assert not page.frozen_tiles[tile] and surely(painted)


def test_it_is_known_after_an_edit(ctx, scene, painted):
    freeze(painted, np.s_[:, :])
    after = edit_map.paint_stroke(scene, (5.5, 5.5), (9.5, 5.5), 1, 2)
    charts = build_charts(extrude_scene(after), after)
    new = LatentVolume(ctx, charts, CHANNELS)
    remap = AtlasRemap(
        painted, new, plan_remap(painted.charts, charts, edit.match_materials(scene, after), list(painted.atlas))
    )
    while not remap.run_slice():
        pass
    surely(new)
    assert known(new) > 0
    new.release()


def test_marks_are_the_same_as_if_every_chart_were_looked_at(ctx, charts, scene, blocks, painted):
    renderer, camera = Renderer(ctx, charts, scene, painted, blocks), CAMERAS["street"]
    target = ctx.framebuffer([ctx.texture(VIEW, 4)], ctx.depth_renderbuffer(VIEW))

    def shot(held: bool) -> np.ndarray:
        renderer.draw(target, camera, VIEW, mark_frozen=held)
        wait_for_gl(ctx)
        return np.frombuffer(target.read(components=4), np.uint8).astype(int)

    seen = find_visible_charts(charts, camera, VIEW)
    assert not may_show_frozen(charts, painted.atlas, seen).any()
    plain = shot(True)
    assert (plain == shot(False)).all()
    freeze(painted, np.s_[100:140, 20:90])
    few, marked = may_show_frozen(charts, painted.atlas, seen), shot(True)
    assert 0 < few.sum() < len(seen) and (marked != plain).any()
    for number in painted.atlas:
        painted.atlas[number].frozen_tiles[:] = True
    assert may_show_frozen(charts, painted.atlas, seen).sum() > few.sum() and (shot(True) == marked).all()
    renderer.release()
    release_framebuffer(target)


def test_stripes_keep_their_width_in_a_smooth_picture(ctx, charts, scene, blocks, painted):
    renderer, drawing = Renderer(ctx, charts, scene, painted, blocks), SmoothDrawing(ctx)
    target = ctx.framebuffer([ctx.texture(VIEW, 4)], ctx.depth_renderbuffer(VIEW))

    def marks(draw: Callable[..., Iterable[None]]) -> np.ndarray:
        """What marks change in a picture."""
        pictures = []
        for held in (True, False):
            for _ in draw(held):
                pass
            wait_for_gl(ctx)
            pictures.append(np.frombuffer(target.read(components=4), np.uint8).astype(float))
        return pictures[0] - pictures[1]

    freeze(painted, np.s_[:, :])
    boxes = [(0, 0, *VIEW)]
    plain = marks(lambda held: renderer.draw_slices(target, CAMERAS["street"], VIEW, boxes, mark_frozen=held))
    smooth = marks(lambda held: drawing.draw_slices(renderer, target, CAMERAS["street"], VIEW, mark_frozen=held))
    assert np.corrcoef(plain, smooth)[0, 1] > 0.9
    drawing.release()
    renderer.release()
    release_framebuffer(target)
