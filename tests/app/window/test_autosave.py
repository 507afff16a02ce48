"""A kill loses nothing that was painted; a clean end leaves nothing behind; what can't be saved is said, and nothing good is lost."""

from __future__ import annotations

import errno
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from app.actions.open_scene import show_scene
from app.files.journals import Journals
from app.loop.world_journals import open_journal
from app.services.autosave import PATIENCE, PERIOD, Autosave
from app.services.background_io import BackgroundIO
from app.services.world_files import WorldFiles
from base import files
from scenes.edit_map import paint_stroke

if TYPE_CHECKING:
    from tests.app.window.conftest import Driver

FINISHED = "this view is finished"


def painted(drive: Driver) -> None:
    """The view is finished and on disk, and so is the place."""
    explorer = drive.explorer
    drive.until(lambda: explorer.status == FINISHED, "the view gets painted")
    drive.until(lambda: explorer.services.autosave.settled, "it is on disk")
    drive.times[0] += PERIOD
    drive.frames(1)
    drive.until(lambda: explorer.services.autosave.settled, "the place is on disk")


def kill(drive: Driver) -> None:
    """What a kill and a new start leave: the journal, and a program that knows nothing of it."""
    explorer = drive.explorer
    drive.worker.held = True
    state, services, journals = explorer.state, explorer.services, Journals()
    writer = services.autosave._writer
    writer.close()
    services.io = BackgroundIO()
    services.worlds = WorldFiles(state, services.io, journals, services.worlds._on_replaced)
    services.autosave = Autosave(state, services.io, journals, services.worlds, services.rebuild)
    explorer.do("erase")
    explorer.state.walker = replace(explorer.state.walker, yaw=99.0)
    explorer.state.session = type(explorer.state.session)(
        world=explorer.state.session.world, view=explorer.state.session.view
    )
    drive.until(lambda: not explorer.state.open_scene.volume.atlas, "everything is forgotten")


def back(drive: Driver) -> None:
    explorer = drive.explorer
    assert explorer.services.autosave.restore()
    drive.until(
        lambda: any("Paint restored" in e.text for e in explorer.state.log.entries), "the world is read back", 2000
    )


def pages(drive: Driver) -> dict[tuple[int, str], bytes]:
    snapshot = drive.explorer.state.open_scene.volume.snapshot().pages
    return {(n, k): page[k].tobytes() for n, page in snapshot.items() for k in page}


def warnings(drive: Driver) -> list[str]:
    return [e.text for e in drive.explorer.state.log.entries if e.level in ("error", "warning")]


def test_after_a_kill_place_settings_and_paint_are_back(drive: Driver) -> None:
    explorer = drive.explorer
    painted(drive)
    explorer.state.session = replace(explorer.state.session, dream=replace(explorer.state.session.dream, steps=5))
    explorer.state.walker = replace(explorer.state.walker, yaw=12.0)
    painted(drive)
    world, place = pages(drive), explorer.state.camera
    kill(drive)
    back(drive)
    assert explorer.state.session.dream.steps == 5
    np.testing.assert_allclose(explorer.state.camera.axes, place.axes, atol=1e-6)
    assert pages(drive) == world


def test_after_a_kill_the_edited_scene_and_its_paint_are_back(drive: Driver) -> None:
    explorer, before = drive.explorer, drive.explorer.state.scene
    explorer.do("edit_scene", lambda scene: paint_stroke(scene, (2, 5), (6, 5), 1, 2))
    drive.until(lambda: explorer.services.rebuild.shown is explorer.state.scene, "the open scene follows", 2000)
    painted(drive)
    edited, world = explorer.state.scene, pages(drive)
    kill(drive)
    show_scene(explorer.context, before)
    drive.until(lambda: explorer.state.open_scene is not None, "the scene is opened as it was")
    back(drive)
    assert explorer.state.open_scene.scene.hash == edited.hash and explorer.state.scene.name == edited.name
    assert pages(drive) == world
    assert not drive.errors()


def test_a_clean_end_leaves_nothing_to_restore(drive: Driver) -> None:
    explorer = drive.explorer
    painted(drive)
    assert list((explorer.state.folders.data / "journals").glob("*/index.json"))
    explorer.services.autosave.close()
    assert not list((explorer.state.folders.data / "journals").glob("*"))
    assert not explorer.services.autosave.restore()


def test_paint_is_kept_while_one_walks(drive: Driver) -> None:
    """It takes a few milliseconds of a frame, so nobody has to stand still for it."""
    explorer = drive.explorer
    drive.until(lambda: explorer.state.open_scene.painter.client.dreams > 0, "a dream ends")
    drive.press("w")
    drive.until(lambda: explorer.services.autosave.settled, "it is on disk")
    assert not explorer.state.walker.still
    drive.release("w")


def test_another_scene_has_another_journal_and_the_first_goes(drive: Driver) -> None:
    explorer = drive.explorer
    painted(drive)
    (first,) = (explorer.state.folders.data / "journals").iterdir()
    explorer.do("new_scene", 6, 6)
    drive.agree()
    drive.until(
        lambda: explorer.state.open_scene is not None and explorer.services.autosave.settled and not first.exists(),
        "the next is kept",
        2000,
    )
    (second,) = (explorer.state.folders.data / "journals").iterdir()
    assert second != first


def test_ctrl_s_writes_everything_painted_and_ctrl_l_reads_it(drive: Driver) -> None:
    explorer = drive.explorer
    drive.until(lambda: explorer.status == FINISHED, "the view gets painted")
    before = pages(drive)
    explorer.do("save_world")
    drive.until(explorer.services.worlds.file.exists, "it is saved")
    drive.until(lambda: not explorer.services.autosave.busy, "all of it")
    drive.worker.held = True
    explorer.do("erase")
    drive.until(lambda: not explorer.state.open_scene.volume.atlas, "everything is forgotten")
    explorer.do("load_world")
    drive.until(lambda: not explorer.services.worlds.loading, "it is read back")
    assert pages(drive) == before
    assert explorer.services.worlds.file.suffix == ".world"


def test_a_second_program_is_warned_keeps_nothing_and_saves_elsewhere(drive: Driver, tmp_path: Path) -> None:
    """The first is another holder of the same journal: a lock knows no difference between processes and open files."""
    explorer = drive.explorer
    explorer.state.session = replace(explorer.state.session, world=tmp_path / "shared.world")
    (tmp_path / "shared.world").write_bytes(b"the first program's")
    first = open_journal(tmp_path / "shared.world", explorer.state.folders.data)
    drive.until(lambda: explorer.status == FINISHED, "the view gets painted")
    assert sum("is being painted by another Rayverie" in text for text in warnings(drive)) == 1
    assert not first.has_world  # nothing is kept by itself
    explorer.do("save_world")
    drive.until((tmp_path / "shared-2.world").exists, "it is saved elsewhere")
    drive.until(lambda: not explorer.services.autosave.busy, "all of it")
    assert (tmp_path / "shared.world").read_bytes() == b"the first program's"
    assert not first.has_world
    explorer.services.autosave.close(explorer.services.worlds.file)
    assert (tmp_path / "shared.world").read_bytes() == b"the first program's"
    first.close()


def test_a_second_program_reads_what_the_first_one_saved_until_it_saved_itself(drive: Driver, tmp_path: Path) -> None:
    explorer, shared = drive.explorer, tmp_path / "shared.world"
    explorer.state.session = replace(explorer.state.session, world=shared)
    painted(drive)
    drive.worker.held = True
    explorer.do("save_world")
    drive.until(shared.exists, "it is saved")
    drive.until(lambda: not explorer.services.autosave.busy, "all of it")
    saved = shared.read_bytes()
    explorer.services.autosave.close(shared)
    first = open_journal(shared, explorer.state.folders.data)
    explorer.do("erase")
    drive.until(
        lambda: not explorer.state.open_scene.volume.atlas and explorer.services.autosave.guest,
        "now another program has it",
    )
    assert explorer.services.worlds.file == tmp_path / "shared-2.world"
    explorer.do("load_world")
    drive.until(lambda: not explorer.services.worlds.loading, "it is read")
    drive.frames(3)
    assert explorer.state.open_scene.volume.atlas and explorer.services.worlds.file == tmp_path / "shared-2.world"
    assert not drive.errors() and shared.read_bytes() == saved
    first.close()


def test_a_full_disk_is_said_once_and_made_up_for_later(drive: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    explorer = drive.explorer
    painted(drive)
    (journal,) = (explorer.state.folders.data / "journals").iterdir()
    good = (journal / "index.json").read_bytes()
    with monkeypatch.context() as patch:

        def fsync(handle: int) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

        patch.setattr(files.os, "fsync", fsync)
        explorer.state.walker = replace(explorer.state.walker, yaw=60.0)
        drive.until(lambda: any("No space left" in text for text in warnings(drive)), "it is said", 2000)
        drive.until(lambda: explorer.status == FINISHED, "painting goes on")
        drive.times[0] += 2 * PATIENCE
        drive.frames(30)
        assert sum("No space left" in text for text in warnings(drive)) == 1
        assert (journal / "index.json").read_bytes() == good
    drive.times[0] += PATIENCE
    drive.until(lambda: explorer.services.autosave.settled, "it is on disk after all", 2000)
    assert (journal / "index.json").read_bytes() != good


def test_a_data_folder_that_cannot_be_written(drive: Driver, tmp_path: Path) -> None:
    explorer = drive.explorer
    (tmp_path / "in_the_way").write_text("")
    explorer.state.folders = replace(explorer.state.folders, data=tmp_path / "in_the_way")
    explorer.state.session = replace(explorer.state.session, world=tmp_path / "mine.world")
    drive.until(lambda: any("can't be written" in text for text in warnings(drive)), "it is said")
    drive.until(lambda: explorer.status == FINISHED, "painting goes on")
    explorer.do("save_world")
    drive.until(
        lambda: explorer.services.worlds.file.exists() and not explorer.services.autosave.busy,
        "what is wished is saved",
    )


def test_a_damaged_journal_is_set_aside_and_not_thrown_away(drive: Driver) -> None:
    explorer = drive.explorer
    painted(drive)
    (journal,) = (explorer.state.folders.data / "journals").iterdir()
    kill(drive)
    tile = next((journal / "tiles").iterdir())
    tile.write_bytes(tile.read_bytes()[:-3] + b"???")
    assert explorer.services.autosave.restore()
    drive.until(
        lambda: any("can't be restored; it was moved to" in text for text in warnings(drive)), "it is said", 2000
    )
    aside = next(journal.parent.glob("*-aside-1"))
    assert (aside / "index.json").exists() and (aside / "tiles" / tile.name).exists()
    drive.worker.held = False
    drive.until(
        lambda: explorer.services.autosave.settled and (journal / "index.json").exists(), "the session goes on", 2000
    )


def test_a_world_that_cannot_be_read_is_not_written_over(drive: Driver, tmp_path: Path) -> None:
    explorer = drive.explorer
    broken = tmp_path / "broken.world"
    broken.write_bytes(b"half of an older version's")
    explorer.state.session = replace(explorer.state.session, world=broken)
    explorer.do("load_world")
    drive.until(lambda: any("broken.world is not a world file" in text for text in warnings(drive)), "it is said")
    drive.until(lambda: explorer.status == FINISHED, "the view gets painted")
    explorer.services.autosave.close(explorer.services.worlds.file)
    assert broken.read_bytes() == b"half of an older version's"
    assert (tmp_path / "broken-2.world").exists()


def test_what_cannot_be_saved_at_the_end_is_back_at_the_next_start(drive: Driver, tmp_path: Path) -> None:
    explorer = drive.explorer
    explorer.state.session = replace(explorer.state.session, world=tmp_path / "in_the_way" / "x.world")
    painted(drive)
    (tmp_path / "in_the_way").write_text("no folder")
    with pytest.raises(files.InputError, match="could not be written"):
        explorer.services.autosave.close(explorer.services.worlds.file)
    assert list((explorer.state.folders.data / "journals").glob("*/index.json"))
    before = pages(drive)
    explorer.do("erase")
    drive.worker.held = True
    back(drive)
    assert pages(drive) == before
    (tmp_path / "in_the_way").unlink()  # so that the end can save it


def test_a_scene_that_is_opened_again_at_once_is_still_ones_own(drive: Driver) -> None:
    """Its journal is in our own hands, until the scene opened in between is on disk."""
    explorer, first = drive.explorer, drive.explorer.state.scene
    painted(drive)
    for scene in (replace(first, name="other"), first):
        show_scene(explorer.context, scene)
        drive.until(lambda: explorer.state.open_scene is not None, "the scene opens")
        drive.frames(1)
    assert not explorer.services.autosave.guest and not warnings(drive)
    painted(drive)
    assert not warnings(drive)
    explorer.services.autosave.close()
    assert not list((explorer.state.folders.data / "journals").iterdir())
