"""Paint changed by hand, and brought back bit for bit."""

from __future__ import annotations

import numpy as np
import pytest

from engine.atlas.page import FROZEN, STEPS
from engine.edits.patch import apply_operation, apply_patch, erase_all
from tests.engine.village import CAMERAS, SIZE, dreamed, same

VIEW = (240, 160)


@pytest.fixture
def disc() -> np.ndarray:
    y, x = np.mgrid[: VIEW[1], : VIEW[0]]
    return np.hypot(x - 120, y - 100) < 30


def do(volume, masks, name):
    return [patch for patch in apply_operation(volume, masks, name) if patch is not None]


def count(volume, channel: int) -> int:
    return sum(int((page["state"][..., channel] > 0).sum()) for page in volume.snapshot().pages.values())


def test_erased_paint_comes_back_and_goes_again(painted, disc):
    masks = painted.find_visible_texels(CAMERAS["street"], VIEW, disc)
    before, texels = painted.snapshot(), count(painted, STEPS)
    patches = do(painted, masks, "erase")
    erased = painted.snapshot()
    assert 0 < texels - count(painted, STEPS) == sum(len(p.row) for p in patches)
    for number, page in erased.pages.items():
        gone = masks.get(number, np.zeros((256, 256), bool)) & (before.pages[number]["state"][..., STEPS] > 0)
        assert not page["state"][gone].any() and not page["latents"][:, gone].any()
        assert not page["colour"][gone.repeat(8, 0).repeat(8, 1)].any()
        assert (page["state"][~gone] == before.pages[number]["state"][~gone]).all()
    redo = [apply_patch(painted, patch) for patch in reversed(patches)]
    assert same(painted.snapshot(), before)
    for patch in reversed(redo):
        apply_patch(painted, patch)
    assert same(painted.snapshot(), erased)


def test_frozen_paint_is_neither_erased_nor_painted_over_until_it_is_thawed(painted, disc):
    street = CAMERAS["street"]
    masks, before = painted.find_visible_texels(street, VIEW, disc), painted.snapshot()
    do(painted, masks, "freeze")
    held = count(painted, FROZEN)
    assert held > 0 and not do(painted, masks, "freeze") and not do(painted, masks, "erase")
    do(painted, painted.find_visible_texels(street, VIEW), "erase")
    assert count(painted, STEPS) >= held and painted.gather(street, SIZE).frozen.any()
    painted.scatter(painted.gather(street, SIZE), dreamed(street, steps=90, seed=9))
    after = painted.snapshot()
    for number, page in after.pages.items():
        mine = page["state"][..., FROZEN] > 0
        assert (page["latents"][:, mine] == before.pages[number]["latents"][:, mine]).all()
    assert sum(len(p.row) for p in do(painted, masks, "thaw")) == held and count(painted, FROZEN) == 0
    assert painted.scatter(painted.gather(street, SIZE), dreamed(street, steps=99, seed=10)) > 0


def test_what_will_be_painted_over_is_kept_also_where_nothing_was(volume):
    street = CAMERAS["street"]
    masks = volume.find_visible_texels(street, VIEW)
    patches = do(volume, masks, "keep")
    assert sum(len(p.row) for p in patches) == sum(int(m.sum()) for m in masks.values())
    volume.scatter(volume.gather(street, SIZE), dreamed(street))
    assert count(volume, STEPS) > 0
    for patch in patches:
        apply_patch(volume, patch)
    assert count(volume, STEPS) <= 0.03 * sum(len(p.row) for p in patches)  # slivers between VIEW's pixels


def test_all_is_erased_at_once_and_comes_back(painted):
    before = painted.snapshot()
    sheets = erase_all(painted)
    assert len(painted.atlas) == 0 and sum(s.bytes for s in sheets) > 0
    street = CAMERAS["street"]
    painted.scatter(painted.gather(street, SIZE), dreamed(street, seed=5))
    between = painted.snapshot()
    redo = [apply_patch(painted, sheet) for sheet in sheets]
    assert same(painted.snapshot(), before)
    for sheet in redo:
        apply_patch(painted, sheet)
    assert same(painted.snapshot(), between)
