"""A journal: keeps the world being painted in a folder so that a kill at any moment leaves the last complete one.

Tile files never change: new paint is a new file. The index, replaced atomically, names the files of the world; files it no
longer names are removed afterwards.
"""

from __future__ import annotations

import shutil
from contextlib import suppress
from itertools import count
from pathlib import Path

from filelock import FileLock, Timeout

from base.errors import InputError
from base.files import atomic_write
from base.reading import is_file
from engine.atlas.tiles import TileTexels
from engine.storage.world import FOLDER, INDEX, WorldIndex, encode_tile


class Journal:
    """Owns `folder` while open. JournalInUse if another program owns it, InputError if it can't be written."""

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
        with suppress(OSError):
            for left in [*self.folder.glob(".*-*"), *(self.folder / FOLDER).glob(".*-*")]:
                left.unlink(missing_ok=True)  # left by a kill while the index or a tile was written

    @property
    def has_world(self) -> bool:
        """Whether the journal contains a world."""
        return is_file(self.folder / INDEX)

    def write_tile(self, texels: TileTexels) -> str:
        """Write a tile's file unless it exists complete; return its name. InputError on failure; the world is then unchanged."""
        sha, data = encode_tile(texels)
        path = self.folder / FOLDER / sha
        if not _holds(path, data):
            with atomic_write(path) as temporary:
                temporary.write_bytes(data)
        return sha

    def commit(self, index: WorldIndex) -> None:
        """Make `index` the world and remove files it doesn't name. InputError on failure; the previous world then remains."""
        with atomic_write(self.folder / INDEX) as temporary:
            temporary.write_bytes(index.encode())
        wanted = set(index.tiles.values())
        with suppress(OSError):  # the world is committed; what is left over goes with the next commit
            for path in list((self.folder / FOLDER).glob("*")):
                if path.name not in wanted:
                    path.unlink(missing_ok=True)

    def set_aside(self) -> Path:
        """Move the content to a new folder beside this one and return it: for worlds that can't be used here but should not be lost.

        Raises InputError where that fails.
        """
        try:
            aside = next(
                f for n in count(1) if not (f := self.folder.with_name(f"{self.folder.name}-aside-{n}")).exists()
            )
            aside.mkdir()
            for name in (INDEX, FOLDER):
                if (self.folder / name).exists():
                    (self.folder / name).rename(aside / name)
        except OSError as error:
            raise InputError(self.folder, "", f"can't be moved aside ({error.strerror or error})") from error
        return aside

    def close(self) -> None:
        """Release the folder and keep its content."""
        self._lock.release()

    def discard(self) -> None:
        """Remove the content. The index goes first, so that a kill leaves no incomplete world."""
        with suppress(OSError):
            (self.folder / INDEX).unlink(missing_ok=True)
        shutil.rmtree(self.folder, ignore_errors=True)
        self._lock.release()


def _holds(path: Path, data: bytes) -> bool:
    """Whether a file has this content; False where it can't be read, to be written anew."""
    try:
        return path.read_bytes() == data
    except OSError:
        return False


class JournalInUse(InputError):
    """Another program owns the journal."""
