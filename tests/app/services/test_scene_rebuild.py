"""An open scene that follows an edited scene, on real GL with a model that answers at once."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pytest

from app.loop.inline_worker import InlineWorker
from app.loop.open_scene import OpenScene, plan
from app.loop.paint_now import paint_view
from app.services.scene_rebuild import SceneRebuild
from app.session import PaintSettings, Session
from base.errors import InputError
from diffusion.settings import DreamSettings
from engine.atlas import policy
from engine.atlas.page import STEPS
from scenes import edit, edit_map
from scenes.camera import Camera
from scenes.load import load_scene

SIZE = (320, 180)
HERE = Camera.look_at((4.0, 2.2, 7.5), (4.0, 1.0, 2.0), fov=70)


@pytest.fixture
def live(ctx, tiny_scene, fake_model, fake_dream):
    """(open_scene, rebuild, scene): a view of it is painted."""
    scene = load_scene(tiny_scene)
    open_scene = OpenScene(
        ctx,
        plan(scene),
        Session(dream=DreamSettings(steps=3), paint=PaintSettings(sky=False)),
        InlineWorker(fake_model, fake_dream),
    )
    rebuild = SceneRebuild(scene)
    paint_view(open_scene.painter, HERE, SIZE)
    yield open_scene, rebuild, scene
    rebuild.close()
    open_scene.release()


def follow(open_scene: OpenScene, rebuild: SceneRebuild, scene) -> int:
    """Frames until the open scene shows the scene."""
    for frame in range(2000):
        rebuild.follow(open_scene, scene)
        if rebuild.shown is scene:
            return frame
        time.sleep(0.002)
    raise AssertionError("the open scene doesn't follow")


def painted(open_scene: OpenScene) -> int:
    pages = open_scene.volume.snapshot().pages.values()
    return sum(int((page["state"][..., STEPS] > 0).sum()) for page in pages)


def test_words_and_colours_are_taken_over_at_once_and_nothing_is_forgotten(live, fake_dream):
    open_scene, rebuild, scene = live
    volume, before = open_scene.volume, painted(open_scene)
    worded = edit.change_background(edit.change_material(scene, 0, prompt="snow", display=(9, 8, 7)), prompt="stars")
    assert follow(open_scene, rebuild, worded) == 0
    assert open_scene.volume is volume and painted(open_scene) == before > 0
    assert open_scene.painter.scene.prompt(0)[0] == "snow" and open_scene.scene.background.prompt == "stars"
    assert paint_view(open_scene.painter, HERE, SIZE) == 0


def test_a_new_block_is_bare_and_everything_else_keeps_its_paint(live):
    open_scene, rebuild, scene = live
    before = open_scene.painter.requests.gather(HERE, SIZE)
    wall = int(np.flatnonzero([m.height == max(m.height for m in scene.materials) for m in scene.materials])[0])
    after = edit_map.paint_stroke(scene, (3.0, 4.0), (5.0, 4.0), 1, wall + 1)
    follow(open_scene, rebuild, after)
    gathered = open_scene.painter.requests.gather(HERE, SIZE)
    assert open_scene.scene.hash == after.hash == open_scene.plan.scene.hash
    new = ~np.isclose(gathered.depth, before.depth, atol=0.05)
    assert 0.01 < new.mean() < 0.9
    assert (gathered.steps[new] == 0).mean() > 0.9  # what stands behind the edge of the new block may show paint
    assert np.array_equal(gathered.latents[:, ~new], before.latents[:, ~new])
    assert policy.coverage(gathered, 3) < 0.95
    assert paint_view(open_scene.painter, HERE, SIZE) >= 1
    assert policy.coverage(open_scene.painter.requests.gather(HERE, SIZE), 3) >= 0.95


def pages(open_scene: OpenScene) -> dict:
    """What is painted, bit by bit."""
    found = open_scene.volume.snapshot().pages.items()
    return {(number, name): array.tobytes() for number, page in found for name, array in page.items()}


def test_back_again_everything_is_painted_as_it_was_bit_for_bit(live):
    open_scene, rebuild, scene = live
    before, texels = pages(open_scene), painted(open_scene)
    follow(open_scene, rebuild, edit_map.paint_stroke(scene, (4.0, 4.0), (4.0, 4.0), 1, 2))
    assert 0 < painted(open_scene) < texels and rebuild.stash.bytes > 0
    follow(open_scene, rebuild, scene)
    assert pages(open_scene) == before and rebuild.stash.bytes == 0
    assert paint_view(open_scene.painter, HERE, SIZE) == 0


def test_what_was_painted_on_the_new_comes_back_with_it_too(live):
    open_scene, rebuild, scene = live
    after = edit_map.paint_stroke(scene, (3.0, 4.0), (5.0, 4.0), 1, 2)
    follow(open_scene, rebuild, after)
    paint_view(open_scene.painter, HERE, SIZE)
    built = pages(open_scene)
    follow(open_scene, rebuild, scene)
    follow(open_scene, rebuild, after)
    assert pages(open_scene) == built


def test_a_stroke_that_was_built_step_by_step_is_taken_back_at_once(live):
    open_scene, rebuild, scene = live
    before, edited = pages(open_scene), scene
    for x in (3.0, 4.0, 5.0):
        edited = edit_map.paint_stroke(edited, (x, 4.0), (x, 4.0), 1, 2)
        follow(open_scene, rebuild, edited)
    follow(open_scene, rebuild, edit.change_material(edited, 1, height=4.0))
    follow(open_scene, rebuild, scene)
    assert pages(open_scene) == before


def test_what_is_kept_has_a_limit_and_goes_with_the_world(live):
    open_scene, rebuild, scene = live
    open_scene.painter.session = replace(open_scene.painter.session, paint=PaintSettings())
    assert paint_view(open_scene.painter, HERE, SIZE) > 0
    after = edit_map.paint_stroke(scene, (4.0, 4.0), (4.0, 4.0), 1, 2)
    follow(open_scene, rebuild, after)
    assert rebuild.stash.bytes > 0
    rebuild.forget_paint()
    follow(open_scene, rebuild, scene)
    bare = painted(open_scene)
    rebuild.stash.limit = 1000
    follow(open_scene, rebuild, edit.change_scene(scene, voxels_per_block=scene.voxels_per_block + 1))
    assert rebuild.stash.bytes <= 1000
    follow(open_scene, rebuild, scene)
    assert 0 < painted(open_scene) < bare  # the sky, which no edit takes away


def test_the_latest_of_many_edits_is_shown(live):
    open_scene, rebuild, scene = live
    for height in (3.0, 4.0, 5.0, 6.0):
        scene = edit.change_material(scene, 1, height=height)
        rebuild.follow(open_scene, scene)
    follow(open_scene, rebuild, scene)
    assert open_scene.plan.blocks.size[1] == 6.0


def test_what_is_erased_while_a_draft_is_made_stays_erased(live):
    open_scene, rebuild, scene = live
    after = edit.change_material(scene, 1, height=4.0)
    rebuild.follow(open_scene, after)
    open_scene.volume.erase()
    follow(open_scene, rebuild, after)
    assert painted(open_scene) == 0 and open_scene.plan.blocks.size[1] == 4.0


def test_a_scene_too_large_is_refused_and_the_stage_goes_on(live):
    open_scene, rebuild, scene = live
    grown = np.tile(scene.map, (128, 128))
    huge = edit.change_scene(edit.change_material(replace(scene, map=grown), 1, height=256.0), voxels_per_block=16)
    with pytest.raises(InputError, match="layers"):
        follow(open_scene, rebuild, huge)
    assert open_scene.scene.hash == scene.hash and painted(open_scene) > 0
    follow(open_scene, rebuild, higher := edit.change_material(scene, 1, height=4.0))
    assert open_scene.scene.hash == higher.hash


def test_generated_paths_follow_when_there_is_time(live):
    open_scene, rebuild, scene = live
    after = edit.change_material(scene, 1, height=30.0)
    follow(open_scene, rebuild, after)
    for _ in range(500):
        rebuild.follow(open_scene, after)
        if open_scene.scene.paths["orbit"] != scene.paths["orbit"]:
            break
        time.sleep(0.01)
    assert open_scene.scene.paths["orbit"] == edit.regenerate_paths(after, open_scene.plan.blocks).paths["orbit"]


def test_an_edit_waits_for_a_dream_that_is_being_laid(live, monkeypatch: pytest.MonkeyPatch):
    """Or all that is left of it would be laid in the frame of the edit."""
    open_scene, rebuild, scene = live
    painter = open_scene.painter
    for name, size in (
        ("gl.time_sliced.PIXELS_PER_SLICE", 4096),
        ("atlas.scatter.TESTED_PER_SLICE", 1024),
        ("atlas.scatter.COLOURED_PER_SLICE", 64),
    ):
        monkeypatch.setattr(f"engine.{name}", size)
    painter.client.tasks.budget = 1e-3
    there = Camera.look_at((0.5, 2.2, 6.5), (7.0, 1.0, 4.0), fov=70)
    now, dreams = 0.0, painter.client.dreams
    while not painter.client.laying:
        now += 0.1
        painter.update(there, SIZE, now)
        assert now < 100
    after = edit_map.paint_stroke(scene, (3.0, 4.0), (5.0, 4.0), 1, 2)
    rebuild.follow(open_scene, after)
    assert painter.client.laying and not rebuild.busy and painter.client.dreams == dreams
    while painter.client.laying:
        painter.collect()
    rebuild.follow(open_scene, after)
    assert rebuild.busy and painter.client.dreams == dreams + 1
    follow(open_scene, rebuild, after)
