"""Outputs are checked before the work: nothing that is read and nothing of another origin is replaced."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from PIL import Image

from base.errors import InputError
from base.files import atomic_write, refuse_unwritable
from base.outputs import Output, is_marked_png, is_same_file, make_mark_test, png_mark, refuse_nameless, refuse_outputs


def test_an_output_that_is_an_input_is_refused_also_through_links(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("")
    (tmp_path / "soft").symlink_to("a")
    os.link(tmp_path / "a", tmp_path / "hard")
    for name in ("a", "soft", "hard", "../" + tmp_path.name + "/a"):
        with pytest.raises(InputError, match=r"^--out would replace .*a, which --path reads"):
            refuse_outputs([Output("--out", tmp_path / name)], [("--path", tmp_path / "a")])
    refuse_outputs([Output("--out", tmp_path / "b")], [("--path", tmp_path / "a")])


def test_two_outputs_are_two_files(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="which --out writes"):
        refuse_outputs([Output("--out", tmp_path / "new"), Output("--world", tmp_path / "x" / ".." / "new")])
    refuse_outputs([Output("--out", Path("/dev/null")), Output("--world", Path("/dev/null"))])


def test_only_files_of_this_program_are_replaced(tmp_path: Path) -> None:
    ours = Output("--html", tmp_path / "walk.js", make_mark_test("rayverie.open"))
    refuse_outputs([ours])
    ours.path.write_text("// rayverie.open")
    refuse_outputs([ours])
    ours.path.write_text("my own")
    with pytest.raises(InputError, match=r"walk\.js, which Rayverie did not write"):
        refuse_outputs([ours])
    ours.path.unlink()
    os.mkfifo(ours.path)  # never waited for
    with pytest.raises(InputError):
        refuse_outputs([ours])


def test_pictures_carry_a_mark(tmp_path: Path) -> None:
    for name, info in (("ours.png", png_mark()), ("other.png", None)):
        Image.new("RGB", (2, 2)).save(tmp_path / name, pnginfo=info)
    (tmp_path / "text.png").write_text("Rayverie")
    assert [is_marked_png(tmp_path / name) for name in ("ours.png", "other.png", "text.png", "none.png")] == [
        1,
        0,
        0,
        0,
    ]


@pytest.mark.parametrize("name", ["", ".", "..", "/", "a/..", ".mp4", "x/.MP4"])
def test_a_name_is_wanted(name: str) -> None:
    with pytest.raises(InputError, match=r"^--out is '"):
        refuse_nameless("--out", Path(name), (".mp4",))
    refuse_nameless("--out", Path("a.mp4"), (".mp4",))


@pytest.mark.parametrize("parts", [("x" * 256,), ("new", "x" * 256, "a.mp4"), ("new", "ä" * 128)])
def test_a_name_that_is_too_long_is_told_early(parts: tuple[str, ...], tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"too long|255 bytes"):
        refuse_unwritable(tmp_path.joinpath(*parts))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["ä" * 120 + ".mp4", "a." + "x" * 250, "x" * 250 + ".json"])
def test_a_name_as_long_as_allowed_is_written(name: str, tmp_path: Path) -> None:
    refuse_unwritable(tmp_path / name)
    with atomic_write(tmp_path / name) as temporary:
        temporary.write_text("new")
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_a_fifo_without_a_reader_is_told_early_and_one_with_keeps_it(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    with pytest.raises(InputError, match="nobody reads from it"):
        refuse_unwritable(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    refuse_unwritable(path)
    with pytest.raises(BlockingIOError):  # no end of file: the writer is still there
        os.read(reader, 1)
    with atomic_write(path) as temporary:
        temporary.write_text("new")
    assert os.read(reader, 100) == b"new" and os.read(reader, 1) == b""
    os.close(reader)


def test_a_write_protected_file_is_told_early(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a").write_text("")
    monkeypatch.setattr("os.access", lambda *_: False)  # as for a user who isn't root
    with pytest.raises(InputError, match="write-protected"):
        refuse_unwritable(tmp_path / "a")


def test_what_does_not_exist_is_compared_by_its_real_name(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "link").symlink_to("there")
    assert is_same_file(tmp_path / "link" / "a", tmp_path / "there" / "a")
    assert not is_same_file(tmp_path / "link" / "a", tmp_path / "there" / "b")
