"""Files are replaced whole or not at all, and what can't be written is told in a sentence."""

from __future__ import annotations

import errno
import os
import socket
import stat
from pathlib import Path

import pytest

from base.errors import InputError
from base.files import atomic_write, refuse_unwritable


def write(path: Path, text: str, error: BaseException | None = None) -> None:
    with atomic_write(path) as temporary:
        temporary.write_text(text)
        if error is not None:
            raise error


def test_a_file_appears_whole_in_folders_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "c.txt"
    write(path, "one")
    write(path, "two")
    assert path.read_text() == "two"
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


@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o644), (0o077, 0o600), (0o002, 0o664)])
def test_a_new_file_has_what_the_umask_leaves(umask: int, mode: int, tmp_path: Path) -> None:
    before = os.umask(umask)
    try:
        write(tmp_path / "c.txt", "new")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "c.txt").stat().st_mode) == mode


@pytest.mark.parametrize("mode", [0o600, 0o664, 0o755])
def test_an_existing_file_keeps_its_mode(mode: int, tmp_path: Path) -> None:
    path = tmp_path / "c.txt"
    path.write_text("old")
    path.chmod(mode)
    write(path, "new")
    assert path.read_text() == "new" and stat.S_IMODE(path.stat().st_mode) == mode


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "big").mkdir()
    for name, link in (("real.txt", "there"), ("missing.txt", "dangling")):
        (tmp_path / link).symlink_to(Path("big") / name)
    (tmp_path / "big" / "real.txt").write_text("old")
    for name, link in (("real.txt", "there"), ("missing.txt", "dangling")):
        write(tmp_path / link, "new")
        assert (tmp_path / link).is_symlink() and (tmp_path / "big" / name).read_text() == "new"
    assert sorted(p.name for p in (tmp_path / "big").iterdir()) == ["missing.txt", "real.txt"]


def test_a_circle_of_links_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    for act in (refuse_unwritable, lambda path: write(path, "new")):
        with pytest.raises(InputError, match="symbolic links"):
            act(tmp_path / "a")
    assert (tmp_path / "a").is_symlink()


def test_a_device_gets_the_bytes_and_stays_a_device() -> None:
    refuse_unwritable("/dev/null")
    write(Path("/dev/null"), "new")
    assert Path("/dev/null").is_char_device()
    with pytest.raises(InputError, match="No space left"):
        write(Path("/dev/full"), "new")


def test_a_fifo_gets_the_bytes_if_somebody_reads(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    with pytest.raises(InputError, match="could not be written"):
        write(path, "unread")
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    write(path, "read")
    assert os.read(reader, 100) == b"read" and path.is_fifo()
    os.close(reader)


def test_a_socket_is_refused(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "s"))
        for act in (refuse_unwritable, lambda path: write(path, "new")):
            with pytest.raises(InputError, match="it is a socket"):
                act(tmp_path / "s")


def test_a_write_protected_file_is_not_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "c.txt").write_text("old")
    monkeypatch.setattr("os.access", lambda *_: False)  # as for a user who isn't root
    with pytest.raises(InputError, match="write-protected"):
        write(tmp_path / "c.txt", "new")
    assert (tmp_path / "c.txt").read_text() == "old"


@pytest.mark.parametrize("name", ["a\0b", "\ud800", "x" * 256])
def test_what_is_no_file_name_is_a_sentence(name: str, tmp_path: Path) -> None:
    with pytest.raises(InputError):
        write(tmp_path / name, "new")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["x" * 251 + ".txt", "[b] 🧱\n.txt", os.fsdecode(b"\xff.txt"), "pipe:1.txt"])
def test_odd_names_are_names(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write(Path(name), "new")
    assert [p.name for p in tmp_path.iterdir()] == [name] and Path(name).read_text() == "new"
