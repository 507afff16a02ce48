"""The gallery on disk: bounded, pinned ones stay, what is deleted comes back, and a crash at any write loses nothing."""

from __future__ import annotations

import os
import shutil
import signal
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from app.files.gallery.bounds import Bounds, overflow
from app.files.gallery.entry import Entry, find, is_match
from app.files.gallery.gallery import STALE, THUMBNAIL, Gallery
from base.errors import InputError
from diffusion.settings import DreamSettings
from diffusion.text2image.metadata import read_png
from diffusion.text2image.recipe import GenerateSettings, Recipe
from tests.app.files.gallery import keeper


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 1, 1)

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now


def recipe(prompt: str = "a brick wall", seed: int = 1, **changes: object) -> Recipe:
    settings = GenerateSettings(prompt=prompt, dream=DreamSettings(seed=seed), **changes)  # type: ignore[arg-type]
    return Recipe(settings, None, "tiny-0123")


def noise(seed: int = 0, size: tuple[int, int] = (48, 64)) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 255, (*size, 3), np.uint8)


@pytest.fixture
def gallery(tmp_path: Path) -> Gallery:
    return Gallery(tmp_path / "gallery", clock=Clock())


def names(gallery: Gallery) -> list[str]:
    return [entry.name for entry in gallery.list().entries]


def test_a_picture_is_kept_with_its_settings(gallery: Gallery) -> None:
    added = gallery.add(noise(), recipe("a brick wall", 7, negative="moss", anagram=("a meadow",)))
    (entry,) = gallery.list().entries
    assert entry == added and entry.prompt == "a brick wall" and entry.seed == 7 and entry.size == (64, 48)
    assert entry.negative == "moss" and entry.further == ("a meadow",) and entry.model == "tiny-0123"
    assert (np.asarray(Image.open(entry.path)) == noise()).all()
    assert read_png(entry.path) == recipe("a brick wall", 7, negative="moss", anagram=("a meadow",))


def test_newest_first_and_only_what_changed_is_read(gallery: Gallery, monkeypatch: pytest.MonkeyPatch) -> None:
    for seed in range(3):
        gallery.add(noise(seed), recipe(seed=seed))
    before = gallery.list()
    assert [entry.seed for entry in before.entries] == [2, 1, 0]
    monkeypatch.setattr("app.files.gallery.gallery.read_entry", lambda *_: pytest.fail("read again"))
    gallery.pin(before.entries[1].name)
    after = gallery.list(before.entries)
    assert [entry.pinned for entry in after.entries] == [False, True, False]


def test_two_pictures_of_one_moment(tmp_path: Path) -> None:
    gallery = Gallery(tmp_path, clock=lambda: datetime(2026, 1, 1))
    gallery.add(noise(0), recipe())
    gallery.add(noise(1), recipe())
    assert len(names(gallery)) == 2


@pytest.mark.parametrize(
    ("query", "found"),
    [("", True), ("BRICK", True), ("wall brick", True), ("tiny", True), ("42", True), ("moss", True), ("snow", False)],
)
def test_search(query: str, found: bool) -> None:
    entry = Entry(Path("x.png"), (8, 8), 1, 1, False, "a brick wall", "moss", (), 42, "tiny-01")
    assert is_match(entry, query) == found


def test_a_part_of_a_name_is_enough_if_it_is_one_picture_s(gallery: Gallery) -> None:
    for seed in (11, 12):
        gallery.add(noise(), recipe(seed=seed))
    entries = gallery.list().entries
    assert find(entries, "-12").seed == 12
    for word, problem in (("2026", "part of several names"), ("x", "no picture")):
        with pytest.raises(InputError, match=problem):
            find(entries, word)


def test_deleted_and_restored_byte_for_byte(gallery: Gallery) -> None:
    entry = gallery.add(noise(), recipe())
    data = entry.path.read_bytes()
    gallery.delete(entry.name)
    assert not names(gallery) and [e.name for e in gallery.list_bin().entries] == [entry.name]
    gallery.restore(entry.name)
    assert names(gallery) == [entry.name] and not gallery.list_bin().entries
    assert entry.path.read_bytes() == data


@pytest.mark.parametrize("broken", ["os.utime", "pathlib.Path.replace"])
def test_what_a_disk_refuses_to_delete_stays(broken: str, gallery: Gallery, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_) -> None:
        raise PermissionError(13, "Permission denied")

    name = gallery.add(noise(), recipe()).name
    with monkeypatch.context() as broken_disk:
        broken_disk.setattr(broken, refuse)
        with pytest.raises(InputError, match="could not be moved"):
            gallery.delete(name)
    assert names(gallery) == [name]


def test_pinned_ones_are_not_deleted(gallery: Gallery) -> None:
    entry = gallery.add(noise(), recipe())
    gallery.pin(entry.name)
    with pytest.raises(InputError, match="unpin it before"):
        gallery.delete(entry.name)
    gallery.pin(entry.name, False)
    gallery.delete(entry.name)
    assert not names(gallery)


def test_bounds_move_the_oldest_unpinned_to_the_bin(gallery: Gallery) -> None:
    gallery.bounds = Bounds(pictures=3, bin_pictures=2)
    first = gallery.add(noise(), recipe(seed=0))
    gallery.pin(first.name)
    for seed in range(1, 8):
        gallery.add(noise(seed), recipe(seed=seed))
    assert [entry.seed for entry in gallery.list().entries] == [7, 6, 5, 0]
    assert {entry.seed for entry in gallery.list_bin().entries} == {4, 3}
    kept = {path.stem for path in (gallery.folder / "thumbnails").iterdir()}
    assert kept == {entry.name for entry in (*gallery.list().entries, *gallery.list_bin().entries)}


def test_bytes_are_bounded_too(gallery: Gallery) -> None:
    size = gallery.add(noise(), recipe(seed=0)).bytes
    gallery.bounds = Bounds(bytes=int(2.5 * size), bin_bytes=int(1.5 * size))
    for seed in range(1, 6):
        gallery.add(noise(seed), recipe(seed=seed))
    assert len(names(gallery)) == 2 and len(gallery.list_bin().entries) == 1


@given(st.lists(st.integers(0, 100), max_size=12), st.integers(1, 8), st.integers(1, 300))
def test_overflow_takes_as_few_as_it_must(sizes: list[int], pictures: int, most: int) -> None:
    files = [(f"{place:02}", size) for place, size in enumerate(sizes)]
    gone = overflow(files, pictures, most)
    left = files[len(gone) :]
    assert gone == [name for name, _ in files[: len(gone)]]
    assert len(left) <= 1 or (len(left) <= pictures and sum(size for _, size in left) <= most)
    if gone:
        more = files[len(gone) - 1 :]
        assert len(more) > pictures or sum(size for _, size in more) > most


def test_the_bin_is_emptied(gallery: Gallery) -> None:
    entry = gallery.add(noise(), recipe())
    gallery.delete(entry.name)
    assert gallery.empty_bin() == 1 and not gallery.list_bin().entries
    with pytest.raises(InputError, match="not in the gallery's bin"):
        gallery.restore(entry.name)
    assert not list((gallery.folder / "thumbnails").iterdir())


def test_thumbnails_are_small_and_made_again(gallery: Gallery) -> None:
    entry = gallery.add(noise(0, (200, 400)), recipe())
    small = gallery.thumbnail(entry)
    assert small.shape == (THUMBNAIL // 2, THUMBNAIL, 3)
    for break_it in (lambda path: path.write_bytes(b"x"), Path.unlink):
        break_it(gallery.folder / "thumbnails" / f"{entry.name}.png")
        assert gallery.thumbnail(entry).shape == small.shape


def test_an_export_is_the_same_bytes(gallery: Gallery, tmp_path: Path) -> None:
    entry = gallery.add(noise(), recipe())
    gallery.export(entry.name, tmp_path / "out" / "wall.png")
    assert (tmp_path / "out" / "wall.png").read_bytes() == entry.path.read_bytes()


def test_foreign_and_broken_files_are_told_or_shown(gallery: Gallery) -> None:
    entry = gallery.add(noise(), recipe())
    folder = gallery.folder / "pictures"
    Image.fromarray(noise()).save(folder / "0.png")
    (folder / "1.png").write_bytes(entry.path.read_bytes()[:-20])
    (folder / "2.png").write_text("no picture")
    (folder / "notes.txt").write_text("mine")
    listing = gallery.list()
    assert [e.name for e in listing.entries] == [entry.name, "0"] and len(listing.problems) == 2
    assert listing.entries[1].prompt == "" and not listing.entries[1].has_settings


@pytest.mark.parametrize("name", ["../x", "a/b", "", "."])
def test_names_lead_nowhere_else(name: str, gallery: Gallery) -> None:
    gallery.add(noise(), recipe())
    (gallery.folder / "x.png").write_bytes(b"mine")
    for change in (gallery.pin, gallery.delete, gallery.restore):
        with pytest.raises(InputError):
            change(name)
    assert (gallery.folder / "x.png").read_bytes() == b"mine"


class Crash(BaseException):
    pass


def test_a_crash_at_any_write_leaves_a_gallery_that_goes_on(gallery: Gallery, monkeypatch: pytest.MonkeyPatch) -> None:
    """The program dies at the n-th rename of every change; what was there before is there, in the gallery or its bin."""
    gallery.bounds = Bounds(pictures=2)
    entries = [gallery.add(noise(seed), recipe(seed=seed)) for seed in range(2)]
    gallery.pin(entries[0].name)
    replace_file, left = Path.replace, [0]

    def dying(path: Path, target: Path) -> Path:
        if left[0] == 0:
            raise Crash
        left[0] -= 1
        return replace_file(path, target)

    monkeypatch.setattr(Path, "replace", dying)
    changes = (
        lambda: gallery.add(noise(9), recipe(seed=9)),
        lambda: gallery.delete(entries[1].name),
        lambda: gallery.pin(entries[1].name),
    )
    for change in changes:
        for after in range(4):
            left[0] = after
            try:
                change()
            except Crash:
                pass
            except InputError as error:
                assert "no picture of the gallery" in str(error)  # it was deleted by an earlier round
            left[0] = 1000
            there = gallery.list().entries + gallery.list_bin().entries
            assert {e.seed for e in entries} <= {e.seed for e in there} and not gallery.list().problems
            assert all(gallery.thumbnail(e).any() for e in gallery.list().entries)
    assert entries[0].name in names(gallery)  # the pinned one never left


def test_killed_at_any_moment_nothing_that_was_told_is_lost(tmp_path: Path) -> None:
    processes = get_context("forkserver")  # the test's own process may have threads
    processes.set_forkserver_preload(["tests.app.files.gallery.keeper"])
    told: dict[str, set[str]] = {"kept": set(), "pinned": set(), "deleted": set()}
    for number in range(4):
        ours, theirs = processes.Pipe()
        process = processes.Process(target=keeper.main, args=(str(tmp_path), theirs), daemon=True)
        process.start()
        theirs.close()
        with suppress(EOFError, ConnectionError):
            while ours.poll(20):
                kind, name = ours.recv()
                told[kind].add(name)
                if len(told["kept"]) > 5 * number + 3 and process.pid is not None and process.is_alive():
                    os.kill(process.pid, signal.SIGKILL)
        process.join(20)
        gallery = Gallery(tmp_path, keeper.BOUNDS)
        there, binned = gallery.list(), gallery.list_bin()
        assert not there.problems and not binned.problems
        assert told["kept"] <= {entry.name for entry in (*there.entries, *binned.entries)}
        assert told["pinned"] <= {entry.name for entry in there.entries if entry.pinned}
        assert told["deleted"] <= {entry.name for entry in binned.entries}
        assert (
            sum(not entry.pinned for entry in there.entries) <= keeper.BOUNDS.pictures + 1
        )  # killed before it was kept
    assert len(told["kept"]) > 12


def test_what_a_kill_left_half_written_is_swept_later(gallery: Gallery) -> None:
    gallery.add(noise(), recipe())
    fresh, old = gallery.folder / "pictures" / ".a-00.png", gallery.folder / "pictures" / ".b-00.png"
    for path in (fresh, old):
        path.write_bytes(b"half")
    os.utime(old, (0, old.stat().st_mtime - 2 * STALE))
    gallery.add(noise(1), recipe())
    assert fresh.exists() and not old.exists() and len(names(gallery)) == 2


def test_a_disk_that_refuses_is_one_sentence(gallery: Gallery, monkeypatch: pytest.MonkeyPatch) -> None:
    entry = gallery.add(noise(), recipe())
    shutil.rmtree(gallery.folder / "bin", ignore_errors=True)
    (gallery.folder / "bin").write_text("in the way")
    with pytest.raises(InputError, match="could not be moved"):
        gallery.delete(entry.name)
    assert names(gallery) == [entry.name]
    nowhere = Gallery(entry.path)  # a folder that is a file
    for act in (nowhere.list, lambda: nowhere.add(noise(), recipe()), nowhere.list_bin, nowhere.empty_bin):
        with pytest.raises(InputError):
            act()


def test_what_no_panel_could_show_is_escaped(gallery: Gallery) -> None:
    entry = gallery.add(noise(), recipe("a\udc80\x1b[2J wall"))
    assert entry.prompt == r"a\udc80\x1b[2J wall"
    entry.prompt.encode()


def test_a_settings_text_that_is_no_recipe_is_a_picture_all_the_same(gallery: Gallery) -> None:
    entry = gallery.add(noise(), recipe())
    assert replace(entry, seed=None).has_settings is False
