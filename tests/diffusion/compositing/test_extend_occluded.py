"""A surface that is dreamed as if it went on behind what is near."""

from __future__ import annotations

import numpy as np

from diffusion.canvas import Canvas, Region
from diffusion.compositing.extend_occluded import extend_occluded
from diffusion.dream import dream
from diffusion.settings import DreamSettings
from tests.diffusion.conftest import vary

SIDE = 8


def hiding(canvas: Canvas, columns: slice = slice(4, 6), by: int = 3) -> Canvas:
    """The column `by` goes on in `columns`."""
    behind = np.arange(SIDE * SIDE, dtype=np.int32).reshape(SIDE, SIDE)
    behind[:, columns] = behind[:, by : by + 1]
    return vary(canvas, occluded_source=behind)


def remembering(canvas: Canvas, free: slice = slice(2, 4)) -> Canvas:
    """Everything is kept but the columns `free`, which are on the left's side of the border between two regions."""
    left = np.repeat((np.arange(SIDE) < 4)[None], SIDE, 0).astype(np.float32)
    change = np.zeros((SIDE, SIDE), np.float32)
    change[:, free] = 1
    memory = np.random.default_rng(1).standard_normal(canvas.noise.shape).astype(np.float32)
    regions = (Region("stone wall", left), Region("leaves", 1 - left))
    depth = np.where(left > 0, 9, 2).astype(np.float32)
    return vary(canvas, regions=regions, change=change, latents=memory, known_mask=change == 0, depth=depth)


def test_what_is_near_gives_way_to_what_it_hides(own, canvas_of) -> None:
    bare = extend_occluded(hiding(remembering(canvas_of(own))))
    known, depth = bare.guide.known_mask, bare.surface.depth
    assert bare.surface.occluded_source is None
    assert (bare.regions[0].mask[:, :6] == 1).all() and (bare.regions[1].mask[:, 6:] == 1).all()
    assert (sum(region.mask for region in bare.regions) == 1).all()
    assert (bare.change[:, 2:6] == 1).all() and (bare.change[:, 6:] == 0).all()
    assert not known[:, 2:6].any() and known[:, 6:].all()
    assert (depth[:, :6] == 9).all() and (depth[:, 6:] == 2).all()


def test_a_canvas_that_hides_nothing_is_itself(own, canvas_of) -> None:
    canvas = remembering(canvas_of(own))
    assert extend_occluded(canvas) is canvas


def test_what_is_near_is_kept_bit_for_bit_and_the_strip_is_another(own, canvas_of) -> None:
    plain = remembering(canvas_of(own))
    settings = DreamSettings(steps=4, memory="latents")
    without, dreamed = (dream(own, canvas, settings) for canvas in (plain, hiding(plain)))
    kept = plain.change == 0
    assert (dreamed.latents[:, kept] == plain.guide.latents[:, kept]).all()
    assert np.abs(dreamed.latents - without.latents)[:, ~kept].max() > 1e-3


def test_what_hides_itself_has_no_say(own, canvas_of) -> None:
    """The strip looks the same whatever is painted on what stands before it (further off, the network sees it)."""
    first = hiding(remembering(canvas_of(own)), slice(4, SIDE))
    assert first.guide is not None and first.guide.latents is not None
    painted = first.guide.latents.copy()
    painted[:, :, 4:] += 3
    settings = DreamSettings(steps=4, memory="latents")
    a, b = (dream(own, vary(first, latents=m), settings) for m in (first.guide.latents, painted))
    assert (a.latents[:, :, 2:4] == b.latents[:, :, 2:4]).all()
