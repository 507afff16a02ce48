"""Marks on what is frozen: drawn wherever something is, and nowhere else is looked for it."""

from __future__ import annotations

import numpy as np

from engine.atlas.page import HELD, tiles_of
from engine.atlas.tiles import Buffers
from engine.atlas.volume import LatentVolume
from engine.edits.atlas_remap import Transplant, moves
from engine.edits.patch import change, erase_all, put
from engine.geometry.charts import build_charts
from engine.geometry.mesh import visible
from engine.gl.context import finish
from engine.gl.targets import release
from engine.render.frozen_marks import may_be_held
from engine.render.renderer import Renderer
from scenes import edit, edit_map
from scenes.extrude import extrude
from tests.engine.village import CAMERAS, CHANNELS, SIZE, dreamed

VIEW = (240, 160)


def freeze(volume, part) -> list:
    """A part of the street's view."""
    mask = np.zeros((VIEW[1], VIEW[0]), bool)
    mask[part] = True
    return [p for p in change(volume, volume.seen(CAMERAS["street"], VIEW, mask), "freeze") if p is not None]


def surely(volume) -> bool:
    """Whether every held texel is on a tile that is known to have some; and whether any is known where there is none."""
    for number in volume.atlas:
        page = volume.atlas[number]
        there = tiles_of(page.read_state()[..., HELD] > 0)
        assert not (there & ~page.held).any()
        if (page.held & ~there).any():
            return False
    return True


def known(volume) -> int:
    return sum(int(volume.atlas[number].held.sum()) for number in volume.atlas)


def test_it_is_known_where_something_is_held_whatever_happens_to_it(painted):
    assert surely(painted) and known(painted) == 0
    patches = freeze(painted, np.s_[100:140, 20:90])
    assert surely(painted) and known(painted) > 0
    redo = [put(painted, patch) for patch in reversed(patches)]
    assert surely(painted) and known(painted) == 0
    for patch in reversed(redo):
        put(painted, patch)
    world, count = painted.snapshot(), known(painted)
    assert surely(painted) and count > 0
    sheets = erase_all(painted)
    assert known(painted) == 0
    for sheet in sheets:
        put(painted, sheet)
    assert surely(painted) and known(painted) == count
    painted.restore(world)
    assert surely(painted) and known(painted) == count
    painted.scatter(painted.gather(CAMERAS["street"], SIZE), dreamed(CAMERAS["street"], steps=90, seed=5))
    assert surely(painted) and known(painted) == count


def test_tiles_that_are_read_and_written_know_it(painted):
    freeze(painted, np.s_[100:140, 20:90])
    number = next(n for n in painted.atlas if painted.atlas[n].held.any())
    page = painted.atlas[number]
    tile, buffers = int(np.flatnonzero(page.held)[0]), Buffers(painted.channels)
    finish(painted.ctx)
    buffers.read(page, tile)
    buffers.state[..., HELD] = 0
    buffers.write(page, tile)
    assert not page.held[tile] and surely(painted)


def test_it_is_known_after_an_edit(ctx, scene, painted):
    freeze(painted, np.s_[:, :])
    after = edit_map.stroke(scene, (5.5, 5.5), (9.5, 5.5), 1, 2)
    charts = build_charts(extrude(after), after)
    new = LatentVolume(ctx, charts, CHANNELS)
    transplant = Transplant(
        painted, new, moves(painted.charts, charts, edit.same_material(scene, after), list(painted.atlas))
    )
    while not transplant.step():
        pass
    surely(new)
    assert known(new) > 0
    new.free()


def test_marks_are_the_same_as_if_every_chart_were_looked_at(ctx, charts, scene, blocks, painted):
    renderer, camera = Renderer(ctx, charts, scene, painted, blocks), CAMERAS["street"]
    target = ctx.framebuffer([ctx.texture(VIEW, 4)], ctx.depth_renderbuffer(VIEW))

    def shot(held: bool) -> np.ndarray:
        renderer.draw(target, camera, VIEW, held=held)
        finish(ctx)
        return np.frombuffer(target.read(components=4), np.uint8).astype(int)

    seen = visible(charts, camera, VIEW)
    assert not may_be_held(charts, painted.atlas, seen).any()
    plain = shot(True)
    assert (plain == shot(False)).all()
    freeze(painted, np.s_[100:140, 20:90])
    few, marked = may_be_held(charts, painted.atlas, seen), shot(True)
    assert 0 < few.sum() < len(seen) and (marked != plain).any()
    for number in painted.atlas:
        painted.atlas[number].held[:] = True
    assert may_be_held(charts, painted.atlas, seen).sum() > few.sum() and (shot(True) == marked).all()
    renderer.release()
    release(target)
