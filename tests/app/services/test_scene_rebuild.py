"""A stage that follows an edited scene, on real GL with a model that answers at once."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pytest

from app.loop.open_scene import OpenScene, plan
from app.loop.worker import InlineWorker
from app.services.scene_rebuild import SceneRebuild
from app.session import Session
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
    """(stage, rebuild, scene): a view of it is painted."""
    scene = load_scene(tiny_scene)
    stage = OpenScene(ctx, plan(scene), Session(dream=DreamSettings(steps=3)), InlineWorker(fake_model, fake_dream))
    rebuild = SceneRebuild(scene)
    stage.painter.flush(HERE, SIZE)
    yield stage, rebuild, scene
    rebuild.close()
    stage.release()


def follow(stage: OpenScene, rebuild: SceneRebuild, scene) -> int:
    """Frames until the stage shows the scene."""
    for frame in range(2000):
        rebuild.follow(stage, scene)
        if rebuild.shown is scene:
            return frame
        time.sleep(0.002)
    raise AssertionError("the stage doesn't follow")


def painted(stage: OpenScene) -> int:
    pages = stage.volume.snapshot().pages.values()
    return sum(int((page["state"][..., STEPS] > 0).sum()) for page in pages)


def test_words_and_colours_are_taken_over_at_once_and_nothing_is_forgotten(live, fake_dream):
    stage, rebuild, scene = live
    volume, before = stage.volume, painted(stage)
    worded = edit.change_background(edit.change_material(scene, 0, prompt="snow", display=(9, 8, 7)), prompt="stars")
    assert follow(stage, rebuild, worded) == 0
    assert stage.volume is volume and painted(stage) == before > 0
    assert stage.painter.scene.prompt(0)[0] == "snow" and stage.scene.background.prompt == "stars"
    assert stage.painter.flush(HERE, SIZE) == 0


def test_a_new_block_is_bare_and_everything_else_keeps_its_paint(live):
    stage, rebuild, scene = live
    before = stage.painter.gather(HERE, SIZE)
    wall = int(np.flatnonzero([m.height == max(m.height for m in scene.materials) for m in scene.materials])[0])
    after = edit_map.paint_stroke(scene, (3.0, 4.0), (5.0, 4.0), 1, wall + 1)
    follow(stage, rebuild, after)
    gathered = stage.painter.gather(HERE, SIZE)
    assert stage.scene.hash == after.hash == stage.plan.scene.hash
    new = ~np.isclose(gathered.depth, before.depth, atol=0.05)
    assert 0.01 < new.mean() < 0.9
    assert (gathered.steps[new] == 0).mean() > 0.9  # what stands behind the edge of the new block may show paint
    assert np.array_equal(gathered.latents[:, ~new], before.latents[:, ~new])
    assert policy.coverage(gathered, 3) < 0.95
    assert stage.painter.flush(HERE, SIZE) >= 1
    assert policy.coverage(stage.painter.gather(HERE, SIZE), 3) >= 0.95


def pages(stage: OpenScene) -> dict:
    """What is painted, bit by bit."""
    found = stage.volume.snapshot().pages.items()
    return {(number, name): array.tobytes() for number, page in found for name, array in page.items()}


def test_back_again_everything_is_painted_as_it_was_bit_for_bit(live):
    stage, rebuild, scene = live
    before, texels = pages(stage), painted(stage)
    follow(stage, rebuild, edit_map.paint_stroke(scene, (4.0, 4.0), (4.0, 4.0), 1, 2))
    assert 0 < painted(stage) < texels and rebuild.stash.bytes > 0
    follow(stage, rebuild, scene)
    assert pages(stage) == before and rebuild.stash.bytes == 0
    assert stage.painter.flush(HERE, SIZE) == 0


def test_what_was_painted_on_the_new_comes_back_with_it_too(live):
    stage, rebuild, scene = live
    after = edit_map.paint_stroke(scene, (3.0, 4.0), (5.0, 4.0), 1, 2)
    follow(stage, rebuild, after)
    stage.painter.flush(HERE, SIZE)
    built = pages(stage)
    follow(stage, rebuild, scene)
    follow(stage, rebuild, after)
    assert pages(stage) == built


def test_a_stroke_that_was_built_step_by_step_is_taken_back_at_once(live):
    stage, rebuild, scene = live
    before, edited = pages(stage), scene
    for x in (3.0, 4.0, 5.0):
        edited = edit_map.paint_stroke(edited, (x, 4.0), (x, 4.0), 1, 2)
        follow(stage, rebuild, edited)
    follow(stage, rebuild, edit.change_material(edited, 1, height=4.0))
    follow(stage, rebuild, scene)
    assert pages(stage) == before


def test_what_is_kept_has_a_limit_and_goes_with_the_world(live):
    stage, rebuild, scene = live
    after = edit_map.paint_stroke(scene, (4.0, 4.0), (4.0, 4.0), 1, 2)
    follow(stage, rebuild, after)
    assert rebuild.stash.bytes > 0
    rebuild.forget_paint()
    follow(stage, rebuild, scene)
    bare = painted(stage)
    rebuild.stash.limit = 1000
    follow(stage, rebuild, edit.change_scene(scene, voxels_per_block=scene.voxels_per_block + 1))
    assert rebuild.stash.bytes <= 1000
    follow(stage, rebuild, scene)
    assert 0 < painted(stage) < bare  # the sky, which no edit takes away


def test_the_latest_of_many_edits_is_shown(live):
    stage, rebuild, scene = live
    for height in (3.0, 4.0, 5.0, 6.0):
        scene = edit.change_material(scene, 1, height=height)
        rebuild.follow(stage, scene)
    follow(stage, rebuild, scene)
    assert stage.plan.blocks.size[1] == 6.0


def test_what_is_erased_while_a_draft_is_made_stays_erased(live):
    stage, rebuild, scene = live
    after = edit.change_material(scene, 1, height=4.0)
    rebuild.follow(stage, after)
    stage.volume.erase()
    follow(stage, rebuild, after)
    assert painted(stage) == 0 and stage.plan.blocks.size[1] == 4.0


def test_a_scene_too_large_is_refused_and_the_stage_goes_on(live):
    stage, rebuild, scene = live
    grown = np.tile(scene.map, (128, 128))
    huge = edit.change_scene(edit.change_material(replace(scene, map=grown), 1, height=256.0), voxels_per_block=16)
    with pytest.raises(InputError, match="layers"):
        follow(stage, rebuild, huge)
    assert stage.scene.hash == scene.hash and painted(stage) > 0
    follow(stage, rebuild, higher := edit.change_material(scene, 1, height=4.0))
    assert stage.scene.hash == higher.hash


def test_generated_paths_follow_when_there_is_time(live):
    stage, rebuild, scene = live
    after = edit.change_material(scene, 1, height=30.0)
    follow(stage, rebuild, after)
    for _ in range(500):
        rebuild.follow(stage, after)
        if stage.scene.paths["orbit"] != scene.paths["orbit"]:
            break
        time.sleep(0.01)
    assert stage.scene.paths["orbit"] == edit.regenerate_paths(after, stage.plan.blocks).paths["orbit"]


def test_an_edit_waits_for_a_dream_that_is_being_laid(live, monkeypatch: pytest.MonkeyPatch):
    """Or all that is left of it would be laid in the frame of the edit."""
    stage, rebuild, scene = live
    painter = stage.painter
    for name, size in (("gl.time_sliced.PIXELS_PER_SLICE", 4096), ("atlas.scatter.TESTED_PER_SLICE", 1024), ("atlas.scatter.COLOURED_PER_SLICE", 64)):
        monkeypatch.setattr(f"engine.{name}", size)
    painter.client.tasks.budget = 1e-3
    there = Camera.look_at((0.5, 2.2, 6.5), (7.0, 1.0, 4.0), fov=70)
    now, dreams = 0.0, painter.client.dreams
    while not painter.client.laying:
        now += 0.1
        painter.update(there, SIZE, now)
        assert now < 100
    after = edit_map.paint_stroke(scene, (3.0, 4.0), (5.0, 4.0), 1, 2)
    rebuild.follow(stage, after)
    assert painter.client.laying and not rebuild.busy and painter.client.dreams == dreams
    while painter.client.laying:
        painter.collect()
    rebuild.follow(stage, after)
    assert rebuild.busy and painter.client.dreams == dreams + 1
    follow(stage, rebuild, after)
