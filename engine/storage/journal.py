"""A journal: the world as it is being painted, kept in a folder so that a kill at any moment leaves the last whole one.

Tiles never change: a new look is a new file. The index, replaced at once, says which files are the world; only then do those
go that it no longer names.
"""

from __future__ import annotations

import shutil
from itertools import count
from pathlib import Path

from filelock import FileLock, Timeout

from base.errors import InputError
from base.files import atomic_write
from engine.atlas.tiles import TileTexels
from engine.storage.world import FOLDER, INDEX, WorldIndex, encode_tile


class Journal:
    """Owns `folder` as long as it is open; InputError if another program does, or if it can't be written."""

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._lock = FileLock(self.folder / "lock", timeout=0, thread_local=False)
            self._lock.acquire()
        except Timeout as error:
            raise JournalInUse(folder, "", "is being painted in another window of the program") from error
        except OSError as error:
            raise InputError(folder, "", f"can't be written ({error.strerror or error})") from error
        for left in self.folder.glob(f".{Path(INDEX).stem}-*"):
            left.unlink(missing_ok=True)  # of a kill while the index was written

    @property
    def has_world(self) -> bool:
        """Whether there is a world in it."""
        return (self.folder / INDEX).exists()

    def write_tile(self, texels: TileTexels) -> str:
        """Write a tile's file if it isn't there, and whole; its name. InputError if that fails; the world is then as it was."""
        sha, data = encode_tile(texels)
        path = self.folder / FOLDER / sha
        if not path.exists() or path.read_bytes() != data:
            with atomic_write(path) as temporary:
                temporary.write_bytes(data)
        return sha

    def commit(self, index: WorldIndex) -> None:
        """From now on this is the world; files that it doesn't name are removed. InputError: it is still the one before."""
        with atomic_write(self.folder / INDEX) as temporary:
            temporary.write_bytes(index.encode())
        wanted = set(index.tiles.values())
        if (self.folder / FOLDER).exists():
            for path in list((self.folder / FOLDER).iterdir()):
                if path.name not in wanted:
                    path.unlink(missing_ok=True)

    def set_aside(self) -> Path:
        """Move what is in it to a folder beside it, for it can't be used but was somebody's; the folder."""
        aside = next(f for n in count(1) if not (f := self.folder.with_name(f"{self.folder.name}-aside-{n}")).exists())
        aside.mkdir()
        for name in (INDEX, FOLDER):
            if (self.folder / name).exists():
                (self.folder / name).rename(aside / name)
        return aside

    def close(self) -> None:
        """Leave it as it is, for whoever comes next."""
        self._lock.release()

    def discard(self) -> None:
        """Remove it all: its world is saved elsewhere, or unwanted. First the index, so that no half of it is found."""
        (self.folder / INDEX).unlink(missing_ok=True)
        shutil.rmtree(self.folder, ignore_errors=True)
        self._lock.release()


class JournalInUse(InputError):
    """The journal belongs to another program."""
