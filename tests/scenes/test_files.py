"""Files are replaced whole or not at all, and what can't be written is told in a sentence."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from scenes.errors import InputError
from scenes.files import atomic_write, refuse_unwritable


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
    monkeypatch.setattr("os.access", lambda *_: False)
    with pytest.raises(InputError, match="no folder that may be written to"):
        refuse_unwritable(tmp_path / "c.txt")
