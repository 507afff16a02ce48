"""Files dropped on a real window, other scenes, words of a scene: taken in, told, undone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from scenes.load import save_scene
from scenes.nerfstudio import write_path
from tests.scenes.mesh_files import drum, glb_of

if TYPE_CHECKING:
    from tests.app.window.conftest import Driver


def drop(drive: Driver, *paths: Path) -> None:
    drive.window.native.dispatch_event("on_file_drop", 100, 100, [str(path) for path in paths])
    drive.frames(2)


def test_a_screenshot_brings_back_settings_and_place(drive: Driver) -> None:
    explorer = drive.explorer
    explorer.state.session = replace(explorer.state.session, dream=replace(explorer.state.session.dream, steps=13))
    before, place = explorer.state.session, explorer.state.camera
    drive.tap("f12")
    drive.until(lambda: any(explorer.state.folders.pictures.glob("rayverie-*.png")), "the screenshot is written")
    explorer.state.session = replace(
        explorer.state.session, dream=replace(explorer.state.session.dream, steps=2, seed=5)
    )
    explorer.state.walker = replace(explorer.state.walker, position=(1.0, 9.0, 1.0), yaw=77.0)
    drop(drive, next(explorer.state.folders.pictures.glob("rayverie-*.png")))
    assert explorer.state.session == before
    np.testing.assert_allclose(explorer.state.camera.position, place.position)
    np.testing.assert_allclose(explorer.state.camera.axes, place.axes, atol=1e-9)


def test_a_scene_folder_opens_and_is_painted(drive: Driver, tmp_path: Path) -> None:
    other = replace(drive.explorer.state.scene, name="other", map=drive.explorer.state.scene.map[:6, :5])
    save_scene(other, tmp_path / "other")
    first = drive.explorer.state.open_scene
    drive.until(lambda: drive.explorer.state.open_scene.painter.client.dreams > 0, "the first scene is dreamed")
    drop(drive, tmp_path / "other")
    drive.agree()
    drive.until(lambda: drive.explorer.state.open_scene not in (first, None), "the other scene opens")
    assert drive.explorer.state.scene.map.shape == (6, 5)
    drive.until(lambda: drive.explorer.state.open_scene.painter.client.dreams > 0, "the other scene is dreamed")
    assert not drive.errors()


def test_a_mesh_becomes_a_scene_that_can_be_saved(drive: Driver, tmp_path: Path) -> None:
    (tmp_path / "oak barrel.glb").write_bytes(glb_of(*drum()))
    first = drive.explorer.state.open_scene
    drop(drive, tmp_path / "oak barrel.glb")
    drive.agree()
    drive.until(lambda: drive.explorer.state.open_scene not in (first, None), "the scene opens")
    scene = drive.explorer.state.scene
    assert [m.prompt for m in scene.materials] == ["green grass", "oak barrel"] and {"walk", "orbit"} <= set(
        scene.paths
    )
    drive.until(lambda: drive.explorer.state.open_scene.painter.client.dreams > 0, "the mesh is dreamed")
    save_scene(drive.explorer.state.scene, tmp_path / "kept")
    assert (tmp_path / "kept" / "oak barrel.glb").is_file() and not drive.errors()


def test_map_and_materials_dropped_together_open(drive: Driver, tmp_path: Path) -> None:
    save_scene(drive.explorer.state.scene, tmp_path / "there")
    first = drive.explorer.state.open_scene
    drop(drive, tmp_path / "there" / "map.png", tmp_path / "there" / "materials.yaml")
    drive.agree()
    drive.until(lambda: drive.explorer.state.open_scene not in (first, None), "the scene opens")
    assert drive.explorer.state.session.scene.materials == tmp_path / "there" / "materials.yaml"


def test_a_camera_path_becomes_keyframes(drive: Driver, tmp_path: Path) -> None:
    explorer = drive.explorer
    route = explorer.state.route.add(explorer.state.camera).add(
        explorer.state.camera.with_changes(position=(4.0, 2.0, 4.0))
    )
    write_path(route.path, tmp_path / "path.json")
    drop(drive, tmp_path / "path.json")
    assert len(explorer.state.route.cameras) == 2
    np.testing.assert_allclose(explorer.state.route.cameras[1].position, (4, 2, 4), atol=1e-6)


def test_what_cannot_be_taken_in_is_one_sentence(drive: Driver, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("hello")
    (tmp_path / "broken.safetensors").write_bytes(b"nothing")
    (tmp_path / "broken.png").write_bytes(b"nothing")
    drive.until(lambda: drive.explorer.state.open_scene.painter.client.dreams > 0, "the model is ready")
    for name in ("notes.txt", "broken.safetensors", "broken.png"):
        drop(drive, tmp_path / name)
    drive.until(lambda: len(drive.errors()) >= 3, "all three are told")
    for name in ("notes.txt", "broken.safetensors", "broken.png"):
        assert sum(name in text for text in drive.errors()) == 1
    assert not any(entry.failed for entry in drive.explorer.state.log.entries)  # they are sentences, not failures


def test_a_prompt_edited_while_a_dream_runs_is_in_the_next_dream_and_undone(drive: Driver) -> None:
    explorer = drive.explorer
    drive.worker.held = True
    drive.until(lambda: drive.worker.request is not None, "a dream is asked for")
    before = explorer.state.scene
    wall = replace(before.materials[1], prompt="a wall of glass", negative_prompt="dirt")
    other = replace(before, materials=(before.materials[0], wall, *before.materials[2:]))
    explorer.do("edit_scene", lambda _: other)
    drive.frames(3)
    assert all(region.prompt != "a wall of glass" for region in drive.worker.request.canvas.regions)
    drive.worker.held = False
    drive.until(lambda: explorer.state.open_scene.painter.client.dreams > 0, "the running dream ends")
    explorer.do("erase")
    drive.worker.held = True
    drive.until(lambda: not explorer.services.strokes.busy, "it is erased")
    drive.until(lambda: drive.worker.request is not None, "the next dream is asked for")
    assert any(region.prompt == "a wall of glass" for region in drive.worker.request.canvas.regions)
    explorer.do("undo")  # of the erasing
    explorer.do("undo")
    assert explorer.state.scene.materials == before.materials
    drive.frames(3)
    assert explorer.state.open_scene.painter.scene.materials == before.materials


def test_materials_without_a_map_are_told_what_is_missing(drive: Driver, tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text("background: {prompt: sky}")
    drop(drive, tmp_path / "bad.yaml")
    drive.until(lambda: bool(drive.errors()), "it is told")
    assert any("bad.yaml needs a map beside it: bad.png, or map.png" in text for text in drive.errors())


def test_profiles_of_raycast_diffusion_become_presets(drive: Driver, tmp_path: Path) -> None:
    (tmp_path / "profiles.yaml").write_text("profiles: [{name: swift, steps: 9, cfg: 3.0, capture_steps: 4}]")
    scene = drive.explorer.state.open_scene
    drop(drive, tmp_path / "profiles.yaml")
    drive.until(lambda: "swift" in drive.explorer.state.presets, "the preset is there")
    assert drive.explorer.state.presets["swift"]["steps"] == 9 and drive.explorer.state.open_scene is scene
    drive.frames(3)
    assert not drive.errors()
