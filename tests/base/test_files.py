"""Files are replaced whole or not at all, and what can't be written is told in a sentence."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from base.errors import InputError
from base.files import atomic_write, read_json, read_text, refuse_unwritable


def write(path: Path, text: str, error: BaseException | None = None) -> None:
    with atomic_write(path) as temporary:
        temporary.write_text(text)
        if error is not None:
            raise error


def test_a_file_appears_whole_in_folders_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "c.txt"
    write(path, "one")
    write(path, "two")
    assert path.read_text() == "two" and path.stat().st_mode & 0o777 == 0o644
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("error", [RuntimeError("stop"), KeyboardInterrupt(), OSError(errno.ENOSPC, "disk full")])
def test_what_goes_wrong_leaves_the_old_file(error: BaseException, tmp_path: Path) -> None:
    path = tmp_path / "c.txt"
    write(path, "old")
    with pytest.raises(InputError if isinstance(error, OSError) else type(error)):
        write(path, "new", error)
    assert path.read_text() == "old" and list(tmp_path.iterdir()) == [path]


def test_a_full_disk_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"c\.txt could not be written \(disk full\); nothing was changed\."):
        write(tmp_path / "c.txt", "new", OSError(errno.ENOSPC, "disk full"))


def test_no_folder_to_write_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "taken").write_text("")
    for act in (refuse_unwritable, lambda path: write(path, "new")):
        with pytest.raises(InputError, match=r"c\.txt"):
            act(tmp_path / "taken" / "c.txt")
    refuse_unwritable(tmp_path / "to" / "be" / "made" / "c.txt")
    assert [p.name for p in tmp_path.iterdir()] == ["taken"]
    with pytest.raises(InputError, match="it is a folder"):
        refuse_unwritable(tmp_path)

    def refused(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, "no")

    monkeypatch.setattr("tempfile.TemporaryFile", refused)
    with pytest.raises(InputError, match="no folder that may be written to"):
        refuse_unwritable(tmp_path / "c.txt")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "x.json does not exist; it must be a list."),
        (b"\xff\xfe[]", "x.json is not UTF-8 text; it must be a list."),
        (b" " * 2_000_000, "x.json is larger than 1 MiB; it must be a list."),
        (Path.mkdir, "x.json can't be read (Is a directory); it must be a list."),
    ],
)
def test_what_is_no_text_is_told_in_a_sentence(content, said: str, tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    if callable(content):
        content(path)
    elif content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        read_text(path, "a list", 1 << 20)
    assert str(caught.value) == f"{tmp_path}/{said}"


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000], ids=["empty", "cut off", "deep"])
def test_what_is_no_json_is_told_in_a_sentence(text: str, tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text(text)
    with pytest.raises(InputError, match=r"x\.json is not JSON \(.*\); it must be a list\."):
        read_json(tmp_path / "x.json", "a list")
