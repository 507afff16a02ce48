"""What the user froze stays, whatever looks come along."""

from __future__ import annotations

import numpy as np

from engine.atlas import policy
from engine.atlas.page import FROZEN, STEPS
from tests.engine import reference
from tests.engine.village import CAMERAS, SIZE, dreamed


def hold_all(volume) -> None:
    for number in volume.atlas:
        page = volume.atlas[number].read()
        state = page["state"].copy()
        state[..., FROZEN] = state[..., STEPS] > 0
        volume.atlas[number].write(**(page | {"state": state}))


def test_held_texels_keep_every_byte_and_count_as_finished(volume, charts):
    near, far = CAMERAS["street"], CAMERAS["above"]
    volume.scatter(volume.gather(near, SIZE), dreamed(near, steps=2))
    hold_all(volume)
    before = volume.snapshot().pages
    gathered = volume.gather(near, SIZE)
    assert gathered.frozen.any() and (gathered.frozen == (gathered.steps > 0)).all()
    assert policy.final_mask(gathered, 10)[gathered.frozen].all()
    assert (policy.change_map(gathered, 10)[gathered.frozen] == 0).all()
    volume.scatter(gathered, dreamed(near, steps=50, seed=3))
    assert volume.scatter(volume.gather(far, SIZE), dreamed(far, steps=50, seed=4)) > 0
    after, theirs = volume.snapshot().pages, reference.scatter(before, charts, dreamed(far, steps=50), 9)
    for number, page in before.items():
        held = page["state"][..., FROZEN] > 0
        fine = held.repeat(8, 0).repeat(8, 1)
        for pages in (after, theirs):
            assert (pages[number]["latents"][:, held] == page["latents"][:, held]).all()
            assert (pages[number]["state"][held] == page["state"][held]).all()
            assert (pages[number]["colour"][fine] == page["colour"][fine]).all()
            assert not (after[number]["state"][~held][:, FROZEN] > 0).any()
    assert not np.isnan(policy.change_map(volume.gather(far, SIZE), 10)).any()


def test_a_painting_for_chosen_texels_wins_there_and_nowhere_else(volume):
    street, view = CAMERAS["street"], (240, 160)
    volume.scatter(volume.gather(street, SIZE), dreamed(street, steps=20))
    y, x = np.mgrid[: view[1], : view[0]]
    volume_before, masks = (
        volume.snapshot().pages,
        volume.find_visible_texels(street, view, np.hypot(x - 120, y - 100) < 40),
    )
    worse = dreamed(street, steps=3, seed=5)
    taken = volume.scatter(volume.gather(street, SIZE), worse, only_texels=masks)
    chosen = sum(int(mask.sum()) for mask in masks.values())
    assert 0.9 * chosen <= taken <= chosen
    for number, page in volume.snapshot().pages.items():
        before, mask = volume_before[number], masks[number]
        for name in ("latents", "state"):
            now, then = (np.moveaxis(p[name], 0, -1) if name == "latents" else p[name] for p in (page, before))
            assert (now[~mask] == then[~mask]).all()
        fine = ~mask.repeat(8, 0).repeat(8, 1)
        assert (page["colour"][fine] == before["colour"][fine]).all()
        took = page["state"][..., STEPS] == 3
        assert took.sum() == taken and not took[~mask].any()
    hold_all(volume)
    assert volume.scatter(volume.gather(street, SIZE), dreamed(street, steps=9, seed=6), only_texels=masks) == 0
