"""Single pictures on the real window: made in batches, kept in the gallery, viewed, compared, splatted, used again; masks drawn by hand."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from app.files.gallery.gallery import Gallery
from app.panels.gallery_commands import commands_of
from app.state.mask_shapes import FULL
from app.state.picture_form import MODES
from diffusion.text2image.metadata import read_png, write_png
from diffusion.text2image.recipe import GenerateSettings, Recipe
from tests.app.window.test_brush import chord, done, painted

if TYPE_CHECKING:
    from app.state.picture_work import PictureWork
    from tests.app.window.conftest import Driver

__all__ = ["painted"]  # a fixture


@pytest.fixture
def with_panel(drive: Driver) -> Driver:
    """Nothing is painted; the Picture and Gallery panels are in front, and a wall is described."""
    state = drive.explorer.state
    state.session = replace(state.session, live=replace(state.session.live, auto=False))
    drive.until(lambda: state.model is not None and not state.open_scene.painter.client.busy, "it is at rest")
    drive.explorer.shell.bring_to_front("Picture", "Gallery")
    drive.frames(6)
    work(drive).form = work(drive).form.set(prompt="a brick wall", size=(64, 48)).set_dream(seed=3)
    return drive


def work(drive: Driver) -> PictureWork:
    return drive.explorer.state.pictures


def make(drive: Driver, count: int = 1) -> None:
    """Make pictures and wait until they are in the gallery's list."""
    before = len(work(drive).gallery.entries)
    work(drive).form = replace(work(drive).form, count=count)
    drive.explorer.do("make_pictures")
    drive.until(lambda: len(work(drive).gallery.entries) == before + count, "the pictures are in the gallery")
    drive.frames(2)


def test_a_batch_is_kept_on_disk_with_its_settings_and_the_next_one_cancelled(with_panel: Driver) -> None:
    make(with_panel, 3)
    folder = with_panel.explorer.state.folders.data / "gallery"
    entries = Gallery(folder).list().entries
    assert sorted(entry.seed or 0 for entry in entries) == [3, 4, 5]
    assert {entry.prompt for entry in entries} == {"a brick wall"} and not with_panel.errors()
    assert work(with_panel).form.settings.dream.seed == 6 and not work(with_panel).progress.busy
    assert read_png(entries[0].path).settings.size == (64, 48)
    with_panel.until(
        lambda: all(work(with_panel).small.get(e.path) is not None for e in entries), "thumbnails are read"
    )
    with_panel.worker.held = True
    work(with_panel).form = replace(work(with_panel).form, count=2)
    with_panel.explorer.do("make_pictures")
    with_panel.frames(3)
    assert work(with_panel).progress.busy and len(with_panel.worker.pictures) == 2
    with_panel.explorer.do("cancel_pictures")
    assert not work(with_panel).progress.busy and not with_panel.worker.pictures
    assert len(work(with_panel).gallery.entries) == 3  # what was done is kept


def test_a_failed_picture_is_reported_and_an_unsaved_one_is_saved_later(with_panel: Driver) -> None:
    work(with_panel).form = work(with_panel).form.set(prompt="")
    with_panel.explorer.do("make_pictures")
    assert (
        not with_panel.worker.pictures
        and with_panel.explorer.state.log.entries[-1].text == "Describe the picture first."
    )
    work(with_panel).form = work(with_panel).form.set(prompt="broken")
    with_panel.explorer.do("make_pictures")
    work(with_panel).form = work(with_panel).form.set(prompt="whole")
    make(with_panel)
    assert with_panel.errors() == ["A picture failed: It can't be made."]
    assert [entry.prompt for entry in work(with_panel).gallery.entries] == ["whole"]
    gallery = with_panel.explorer.services.gallery.gallery
    (gallery.folder / "full").write_text("no folder")
    folder, gallery.folder = gallery.folder, gallery.folder / "full"  # a disk that refuses what was made
    with_panel.explorer.do("make_pictures")
    with_panel.until(lambda: len(with_panel.errors()) == 2, "it is told")
    assert "tried again" in with_panel.errors()[1]
    gallery.folder = folder
    with_panel.times[0] += 11.0
    with_panel.until(lambda: len(work(with_panel).gallery.entries) == 2, "it is kept after all")
    assert len(with_panel.errors()) == 2


def test_pinned_deleted_and_brought_back(with_panel: Driver) -> None:
    make(with_panel, 2)
    newest, oldest = work(with_panel).gallery.entries
    do = with_panel.explorer.do
    do("pin_picture", newest.name, True)
    with_panel.until(lambda: work(with_panel).gallery.entries[0].pinned, "it is pinned")
    do("delete_picture", newest.name)
    with_panel.until(lambda: bool(with_panel.errors()), "a pinned one is refused")
    assert "unpin it" in with_panel.errors()[0]
    work(with_panel).gallery.choose(oldest.name)
    do("delete_picture", oldest.name)
    with_panel.until(lambda: len(work(with_panel).gallery.entries) == 1, "the other one is gone")
    assert not work(with_panel).gallery.chosen_entries
    do("undo_delete")
    with_panel.until(lambda: len(work(with_panel).gallery.entries) == 2, "it is back")
    assert work(with_panel).gallery.chosen_entries[0].name == oldest.name and not work(with_panel).gallery.deleted


def test_a_picture_is_enlarged_beside_the_small_one_and_others_at_once(with_panel: Driver, tiny_upscaler: Path) -> None:
    make(with_panel)
    (small,) = work(with_panel).gallery.entries
    usable = {command.label[-2:]: command.why for command in commands_of((small,)) if "Enlarge" in command.label}
    assert usable == {"2×": "", "4×": ""}
    with_panel.explorer.do("upscale_picture", small.path, 4)
    with_panel.until(lambda: len(work(with_panel).gallery.entries) == 2, "the large one is there")
    large = work(with_panel).gallery.entries[0]
    assert (large.size, large.upscale, large.seed) == ((256, 192), 4, small.seed)
    assert all("already" in command.why for command in commands_of((large,)) if "Enlarge" in command.label)
    with_panel.explorer.do("use_upscaler", tiny_upscaler)
    with_panel.until(lambda: work(with_panel).form.settings.upscaler == tiny_upscaler, "it is chosen")
    assert work(with_panel).form.settings.upscale == 2
    make(with_panel)
    assert read_png(work(with_panel).gallery.entries[0].path).settings.upscaler == tiny_upscaler
    assert work(with_panel).gallery.entries[0].size == (128, 96) and not with_panel.errors()
    work(with_panel).gallery.choose(large.name)
    with_panel.frames(3)
    pickle = small.path.with_name("net.pth")
    pickle.write_bytes(b"never run")
    with_panel.explorer.do("use_upscaler", pickle)
    with_panel.until(lambda: bool(with_panel.errors()), "it is refused")
    assert "is a pickle" in with_panel.errors()[0] and work(with_panel).form.settings.upscaler == tiny_upscaler


def test_what_other_programs_add_is_found_and_settings_are_used_again(with_panel: Driver) -> None:
    make(with_panel)
    view, folder = work(with_panel).gallery, with_panel.explorer.state.folders.data / "gallery"
    with_panel.times[0] += 5.0  # it is listed again after a while
    Gallery(folder).add(np.zeros((16, 16, 3), np.uint8), Recipe(GenerateSettings(prompt="green moss"), None, "m"))
    with_panel.until(lambda: len(view.entries) == 2, "it is listed")
    for query, found in (("moss", ["green moss"]), ("BRICK wall", ["a brick wall"]), ("snow", [])):
        view.query = query
        with_panel.frames(2)
        assert [entry.prompt for entry in view.found] == found
    view.query, view.pinned_only = "", True
    assert view.found == () and len(view.entries) == 2
    entry = view.entries[1]
    work(with_panel).form = work(with_panel).form.set(prompt="snow", size=(128, 128))
    with_panel.explorer.do("use_settings", entry.path)
    with_panel.until(lambda: work(with_panel).form.settings.prompt == "a brick wall", "the settings are taken over")
    assert work(with_panel).form.pictures == (read_png(entry.path).settings,)
    assert "makes another picture" in with_panel.explorer.state.log.entries[-1].text  # "quick-01" was another model


def test_chosen_by_clicks_compared_and_closed_by_escape(with_panel: Driver) -> None:
    from imgui_bundle import imgui

    make(with_panel)
    work(with_panel).form = work(with_panel).form.set(size=(96, 48))
    make(with_panel)
    second, first = work(with_panel).gallery.entries
    node = imgui.internal.find_window_by_name("Gallery")
    left, top = node.pos.x + 40, node.pos.y + 100
    with_panel.drag((left, top), (left, top))
    assert work(with_panel).gallery.chosen_entries == (second,)
    with_panel.press("left_ctrl")
    with_panel.drag((left + 150, top), (left + 150, top))
    with_panel.release("left_ctrl")
    assert work(with_panel).gallery.chosen_entries == (second, first)
    with_panel.explorer.do("view_pictures", first, second)
    with_panel.until(lambda: work(with_panel).seen is not None, "both are read")
    seen = work(with_panel).seen
    assert seen is not None and seen.pictures[0].shape == seen.pictures[1].shape == (48, 64, 4)
    place = with_panel.explorer.state.camera
    with_panel.press("w")
    with_panel.frames(5)
    with_panel.release("w")
    assert with_panel.explorer.state.camera == place  # what is covered doesn't move
    with_panel.explorer.do("swap_seen")
    with_panel.frames(2)
    assert work(with_panel).seen is not None and not work(with_panel).seen.wipe
    with_panel.tap("escape")
    assert work(with_panel).seen is None
    work(with_panel).form = replace(work(with_panel).form, mode="anagram").set(
        anagram=("moss",), view=("flip_vertical",)
    )
    make(with_panel)
    with_panel.explorer.do("view_pictures", work(with_panel).gallery.entries[0])
    with_panel.until(lambda: work(with_panel).seen is not None, "the anagram is read")
    with_panel.frames(2)
    seen = work(with_panel).seen
    assert seen is not None and len(seen.pictures) == 2 and not seen.wipe
    assert seen.captions[1] == "moss · mirrored top to bottom" and not with_panel.errors()


def test_a_picture_is_splatted_onto_the_scene(painted: Driver) -> None:
    painted.explorer.shell.bring_to_front("Gallery")
    path = painted.explorer.state.folders.data / "red.png"
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (64, 64), (250, 0, 0)).save(path)
    painted.explorer.do("splat_file", path)
    painted.until(lambda: painted.explorer.state.open_scene.painter.client.has_job, "it is laid")
    painted.worker.held = False
    painted.until(lambda: len(painted.explorer.state.strokes) == 1, "the stroke is done", 2000)
    done(painted)
    chord(painted, "z")
    assert not painted.explorer.state.strokes and not painted.errors()


@pytest.fixture
def wall(tmp_path: Path) -> Path:
    Image.new("RGB", (120, 80), (90, 60, 30)).save(tmp_path / "wall.png")
    return tmp_path / "wall.png"


@pytest.fixture
def editing(with_panel: Driver, wall: Path) -> Driver:
    """The mask editor is open on a wall of 120×80 pixels."""
    with_panel.explorer.do("use_input", wall)
    with_panel.until(lambda: work(with_panel).form.settings.init == wall, "the picture is chosen")
    assert work(with_panel).form.mode == "image" and work(with_panel).form.settings.size == (120, 80)
    with_panel.explorer.do("edit_mask")
    with_panel.until(lambda: work(with_panel).editor is not None, "the editor opens")
    with_panel.frames(4)
    return with_panel


def middle(drive: Driver, right: float = 0.0, down: float = 0.0) -> tuple[float, float]:
    x, y, width, height = drive.explorer.shell.scene_box
    return x + width * (0.5 + right), y + height * (0.55 + down)


def test_a_mask_is_drawn_changed_and_used(editing: Driver) -> None:
    editor = work(editing).editor
    assert editor is not None
    editing.drag(middle(editing, -0.1), middle(editing, 0.1))
    painted = editor.mask.copy()
    assert 50 < (painted == FULL).sum() < painted.size / 2
    editor.tool = "rectangle"
    editing.drag(middle(editing, -0.02, -0.2), middle(editing, 0.02, 0.2), button=4)
    assert (editor.mask < painted).any()
    chord(editing, "z")
    assert (editor.mask == painted).all()
    chord(editing, "y")
    drawn = editor.mask.copy()
    editing.explorer.do("use_mask")
    editing.until(lambda: work(editing).form.mode == "inpaint", "the mask is used")
    mask = work(editing).form.settings.mask
    assert mask is not None and (np.asarray(Image.open(mask)) == drawn).all() and not work(editing).over_scene
    work(editing).form = work(editing).form.set(prompt="ivy")
    make(editing)
    assert read_png(work(editing).gallery.entries[0].path).settings.mask == mask
    editing.explorer.do("edit_mask")  # goes on with it
    editing.until(lambda: work(editing).editor is not None, "the editor opens")
    again = work(editing).editor
    assert again is not None and (again.mask == drawn).all() and not editing.errors()


def test_keys_over_a_picture_mean_the_picture_and_its_mask_is_copied(editing: Driver) -> None:
    editor, revision = work(editing).editor, editing.explorer.state.open_scene.volume.revision
    assert editor is not None
    radius = editor.radius
    editing.tap("right_bracket")
    assert editor.radius > radius
    editing.tap("r")  # would erase the view
    editing.tap("b")
    assert editing.explorer.state.open_scene.volume.revision == revision
    assert not editing.explorer.state.brush.tool
    editing.explorer.do("use_mask")
    assert editing.explorer.state.log.entries[-1].text == "Nothing is masked yet"
    editor.change(lambda mask: FULL - mask)
    editing.explorer.do("save_mask")
    folder = editing.explorer.state.folders.pictures
    editing.until(lambda: any(folder.glob("mask-*.png")), "a copy is written")
    assert np.asarray(Image.open(next(folder.glob("mask-*.png")))).min() == FULL
    editing.tap("escape")
    assert work(editing).editor is None
    editing.explorer.do("edit_mask")
    assert work(editing).editor is editor and editor.mask.min() == FULL  # nothing was lost
    editing.explorer.do("undo")
    assert editor.empty


def test_every_mode_is_drawn_in_both_themes(with_panel: Driver, wall: Path) -> None:
    state = with_panel.explorer.state
    for mode, theme in zip(MODES, ("dark", "light", "dark", "light"), strict=True):
        work(with_panel).form = replace(work(with_panel).form, mode=mode).set(init=wall, mask=wall, anagram=("moss",))
        state.session = replace(state.session, view=replace(state.session.view, theme=theme))
        with_panel.frames(4)
    odd = wall.with_name("w\udcff\n.png")  # bytes that are no text
    odd.write_bytes(wall.read_bytes())
    make(with_panel)
    (entry,) = work(with_panel).gallery.entries
    entry.path.rename(entry.path.with_name("p\udcff.png"))
    with_panel.times[0] += 5.0
    with_panel.until(lambda: "udcff" in ascii(work(with_panel).gallery.entries[0].name), "it is listed")
    work(with_panel).gallery.choose(work(with_panel).gallery.entries[0].name)
    work(with_panel).form = work(with_panel).form.set(init=odd, mask=odd)
    with_panel.explorer.do("use_settings", work(with_panel).gallery.entries[0].path)
    with_panel.explorer.do("copy_picture", work(with_panel).gallery.entries[0])
    with_panel.until(lambda: any(with_panel.explorer.state.folders.pictures.glob("p*.png")), "it is copied")
    with_panel.frames(4)
    assert not with_panel.errors()


def test_a_file_that_is_no_picture_is_one_sentence_and_a_generated_one_a_picture(
    with_panel: Driver, tmp_path: Path
) -> None:
    (tmp_path / "notes.png").write_text("hello")
    for action in ("use_input", "use_mask_file", "use_settings", "splat_file"):
        with_panel.explorer.state.log.entries.clear()
        with_panel.explorer.do(action, tmp_path / "notes.png")
        with_panel.until(lambda: bool(with_panel.errors()), "it is told")
        assert "notes.png" in with_panel.errors()[0] and not with_panel.explorer.state.log.entries[-1].details
    assert work(with_panel).form.settings.init is None
    with_panel.explorer.state.log.entries.clear()  # a dropped picture of `generate` was taken for a screenshot, and refused
    path = tmp_path / "made.png"
    write_png(path, np.zeros((16, 16, 3), np.uint8), Recipe(GenerateSettings(prompt="x"), None, "m"))
    with_panel.explorer.do("drop", [path])
    with_panel.until(lambda: with_panel.explorer.state.source is not None, "it is opened")
    assert not with_panel.errors()
