"""What was painted gets to disk in rounds of a few tiles: only what changed, whole, and in little memory; and it comes back."""

from __future__ import annotations

import errno
import os
from itertools import count

import numpy as np
import pytest

from base import files
from base.errors import InputError
from engine.atlas.volume import LatentVolume
from engine.storage import world_io
from engine.storage.journal import Journal, JournalInUse
from engine.storage.world import WorldIndex, open_world, read_world
from engine.storage.world_io import TILES_AHEAD, WorldReader, WorldWriter
from tests.engine.village import CAMERAS, CHANNELS, SIZE, describe, dreamed, same


def paint(volume, name, seed=0, steps=10.0):
    camera = CAMERAS[name]
    assert volume.scatter(volume.gather(camera, SIZE), dreamed(camera, seed=seed, steps=steps))


@pytest.fixture
def writer(tmp_path):
    writer = WorldWriter(Journal(tmp_path / "journal"))
    yield writer
    writer.close()


def stored(ctx, charts, scene, folder):
    """A snapshot of what the journal holds."""
    volume = LatentVolume(ctx, charts, CHANNELS)
    WorldReader(volume, open_world(folder, scene=scene, charts=charts, model="tiny", channels=CHANNELS)).read_all()
    snapshot = volume.snapshot()
    volume.release()
    return snapshot


def files_of(writer):
    return {path.name: path.stat().st_mtime_ns for path in (writer.journal.folder / "tiles").iterdir()}


def test_a_round_writes_only_what_changed(ctx, charts, scene, volume, writer):
    paint(volume, "wall")
    assert writer.has_unsaved(volume)
    writer.write_all(volume, describe(scene, volume))
    assert not writer.has_unsaved(volume)
    before = files_of(writer)
    paint(volume, "above", seed=1)
    writer.write_all(volume, describe(scene, volume))
    after = files_of(writer)
    assert set(after) - set(before) and any(before.get(name) == time for name, time in after.items())
    assert same(stored(ctx, charts, scene, writer.journal.folder), volume.snapshot())
    assert set(after) == set(_index(writer).values())


def _index(writer):
    return WorldIndex.decode((writer.journal.folder / "index.json").read_bytes(), "journal").tiles


def test_what_is_erased_leaves_the_disk(charts, scene, volume, writer):
    paint(volume, "wall")
    writer.write_all(volume, describe(scene, volume))
    volume.erase()
    assert writer.has_unsaved(volume)
    writer.write_all(volume, describe(scene, volume))
    assert not files_of(writer) and read_world(writer.journal.folder).count == 0


def test_an_older_world_restored_is_a_change(charts, scene, volume, writer):
    paint(volume, "wall")
    writer.write_all(volume, describe(scene, volume))
    world = volume.snapshot()
    volume.erase()
    paint(volume, "wall", seed=5)
    volume.revision = world.revision
    assert writer.has_unsaved(volume)


def test_nothing_is_lost_that_is_painted_while_a_round_reads(ctx, charts, scene, volume, writer):
    paint(volume, "above")
    writer.start_round(volume)
    for k in count():
        if k == 1:
            paint(volume, "above", seed=3, steps=20.0)
        if writer.write_for(describe(scene, volume), seconds=0.0 if k else 1e-5):
            break
        world_io.wait([future for *_, future in writer._writing])
    assert writer.has_unsaved(volume)  # the round ends with what it began with, and the next one brings the rest
    writer.write_all(volume, describe(scene, volume))
    assert not writer.has_unsaved(volume)
    assert same(stored(ctx, charts, scene, writer.journal.folder), volume.snapshot())


def test_memory_is_bounded_whatever_was_painted(scene, volume, writer, monkeypatch):
    for name in CAMERAS:
        paint(volume, name)
    page = volume.atlas.allocate(0)
    state = page.read_state().copy()
    state[..., 0] = 1
    page.write(page.read()["latents"], state, page.read()["colour"])
    made = []
    monkeypatch.setattr(
        world_io, "TileBuffers", lambda channels, real=world_io.TileBuffers: made.append(real(channels)) or made[-1]
    )
    writer.write_all(volume, describe(scene, volume))
    writer.write_all(volume, describe(scene, volume))
    assert len(_index(writer)) > TILES_AHEAD >= len(made)


def full(monkeypatch, after):
    """The disk is full after so many files."""
    written, sync = count(), os.fsync

    def fsync(handle):
        if next(written) >= after:
            raise OSError(errno.ENOSPC, "No space left on device")
        sync(handle)

    monkeypatch.setattr(files.os, "fsync", fsync)


@pytest.mark.parametrize("after", [0, 1, 3])
def test_a_full_disk_keeps_the_last_whole_world_and_is_tried_again(
    ctx, charts, scene, volume, writer, monkeypatch, after
):
    paint(volume, "wall")
    writer.write_all(volume, describe(scene, volume))
    good = stored(ctx, charts, scene, writer.journal.folder)
    for k, name in enumerate(CAMERAS):
        paint(volume, name, seed=k, steps=30.0)
    with monkeypatch.context() as patch:
        full(patch, after)
        with pytest.raises(InputError, match="No space left on device"):
            writer.write_all(volume, describe(scene, volume))
        assert not writer.volume and writer.has_unsaved(volume)
    assert same(stored(ctx, charts, scene, writer.journal.folder), good)
    writer.write_all(volume, describe(scene, volume))
    assert same(stored(ctx, charts, scene, writer.journal.folder), volume.snapshot())
    assert set(files_of(writer)) == set(_index(writer).values())  # no half of a file stays


def test_a_tile_that_was_damaged_on_disk_is_written_again(ctx, charts, scene, volume, writer):
    paint(volume, "wall")
    writer.write_all(volume, describe(scene, volume))
    folder = writer.journal.folder
    writer.close()
    broken = next((folder / "tiles").iterdir())
    broken.write_bytes(broken.read_bytes()[:-1] + b"?")
    with pytest.raises(InputError, match="damaged"):
        stored(ctx, charts, scene, folder)
    again = WorldWriter(Journal(folder))
    again.write_all(volume, describe(scene, volume))
    again.close()
    assert same(stored(ctx, charts, scene, folder), volume.snapshot())


def test_a_journal_belongs_to_one(writer, tmp_path):
    with pytest.raises(JournalInUse, match="is being painted in another window"):
        Journal(tmp_path / "journal")
    writer.close()
    Journal(tmp_path / "journal").close()


def test_a_folder_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(InputError, match="can't be written"):
        Journal(tmp_path / "file" / "journal")


def test_discarding_leaves_nothing(scene, volume, tmp_path):
    paint(volume, "wall")
    writer = WorldWriter(Journal(tmp_path / "journal"))
    writer.write_all(volume, describe(scene, volume))
    writer.close(discard=True)
    assert not list(tmp_path.iterdir())


def test_restoring_goes_in_steps_and_replaces_what_was_painted(charts, scene, volume, writer):
    for name in CAMERAS:
        paint(volume, name)
    writer.write_all(volume, describe(scene, volume))
    before = volume.snapshot()
    volume.erase()
    paint(volume, "street", seed=9)
    reader, steps = WorldReader(volume, read_world(writer.journal.folder)), 1
    while not reader.read_for(seconds=0.0):
        steps += 1
    assert reader.tiles_done == len(_index(writer)) <= steps
    assert same(volume.snapshot(), before) and volume.revision == before.revision


def test_a_restored_world_is_kept_as_it_was(scene, charts, volume, writer):
    paint(volume, "wall")
    writer.write_all(volume, describe(scene, volume))
    before, index = files_of(writer), _index(writer)
    WorldReader(volume, read_world(writer.journal.folder)).read_all()
    assert writer.has_unsaved(volume)
    writer.write_all(volume, describe(scene, volume))
    assert files_of(writer) == before and _index(writer) == index


def test_five_channels_take_buffers_of_their_own(ctx, scene, charts, volume, writer):
    paint(volume, "wall")
    writer.write_all(volume, describe(scene, volume))
    other = LatentVolume(ctx, charts, 5)
    camera = CAMERAS["wall"]
    other.scatter(other.gather(camera, SIZE), dreamed(camera, channels=5))
    writer.write_all(other, describe(scene, other))
    latents = [texels.latents for _, texels in read_world(writer.journal.folder).tiles()]
    assert all(a.shape[1] == 5 for a in latents) and all(np.isfinite(a).all() for a in latents)
    other.release()
