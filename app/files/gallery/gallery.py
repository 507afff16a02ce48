"""`Gallery`: a folder of pictures. Every change is one file written or renamed, so a crash leaves the state before or after it."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from app.files.gallery.bounds import Bounds, overflow
from app.files.gallery.entry import Entry, read_entry
from app.user_folders import data_folder
from base.errors import InputError
from base.files import atomic_write
from base.outputs import png_mark
from base.pictures import open_picture
from diffusion.text2image.metadata import write_png

if TYPE_CHECKING:
    from diffusion.text2image.recipe import Recipe

THUMBNAIL = 160  # pixels of its longer side
BOUNDS = Bounds()
STALE = 3600.0  # seconds after which a temporary file counts as left by a crash


def gallery_folder(data: Path | None = None) -> Path:
    """The gallery in a folder of data. Default: the user's."""
    return (data_folder() if data is None else data) / "gallery"


@dataclass(frozen=True)
class Listing:
    """entries: newest first; problems: a sentence for each file that is no picture."""

    entries: tuple[Entry, ...] = ()
    problems: tuple[str, ...] = ()


class Gallery:
    """Pictures in `pictures/`, small copies in `thumbnails/`, deleted ones in `bin/`, an empty file in `pins/` for each pinned one.

    Several programs may use one folder at the same time. Reads and writes files, so not for the main thread.
    Methods raise InputError where the disk refuses.
    """

    def __init__(self, folder: Path, bounds: Bounds = BOUNDS, clock: Callable[[], datetime] = datetime.now) -> None:
        self.folder, self.bounds, self._clock = folder, bounds, clock

    def add(self, image: np.ndarray, recipe: Recipe) -> Entry:
        """Keep a picture, uint8 [H,W,3], with its settings. Older ones beyond the bounds go to the bin."""
        path = self._new_path(recipe.settings.dream.seed)
        write_png(path, image, recipe)
        self._write_thumbnail(path.stem, Image.fromarray(image))
        self._keep_bounds()
        return read_entry(path)

    def list(self, known: Iterable[Entry] = ()) -> Listing:
        """All pictures. known: entries listed before; files that haven't changed since are not read again."""
        return self._list("pictures", known)

    def list_bin(self, known: Iterable[Entry] = ()) -> Listing:
        """The pictures that were deleted and can be restored, the last deleted first."""
        listing = self._list("bin", known)
        return replace(listing, entries=tuple(sorted(listing.entries, key=lambda e: e.changed, reverse=True)))

    def pin(self, name: str, pinned: bool = True) -> None:
        """Pin a picture, so that it is kept beyond the limits, or unpin it."""
        self._refuse_missing(name)
        if pinned:
            with atomic_write(self.folder / "pins" / name):
                pass
        else:
            self._try(name, "unpinned", lambda: (self.folder / "pins" / name).unlink(missing_ok=True))

    def delete(self, name: str) -> None:
        """Move a picture to the bin. Pinned ones are refused."""
        self._refuse_missing(name)
        if (self.folder / "pins" / name).exists():
            raise InputError(name, "", "is pinned; unpin it before you delete it")
        self._move(self.path(name), "bin")
        self._keep_bounds()

    def restore(self, name: str) -> None:
        """Move a picture back from the bin."""
        path = self.folder / "bin" / f"{name}.png"
        if name != Path(name).name or not path.is_file():
            raise InputError(name, "", "is not in the gallery's bin")
        self._move(path, "pictures")

    def empty_bin(self) -> int:
        """Delete what is in the bin for good. Returns the number of pictures."""
        names = [name for name, _, _ in self._files("bin")]
        for name in names:
            self._forget(name)
        return len(names)

    def export(self, name: str, target: Path) -> None:
        """Copy a picture, byte for byte, to a file."""
        self._refuse_missing(name)
        with atomic_write(target) as temporary:
            self._try(name, "copied", lambda: shutil.copyfile(self.path(name), temporary))

    def path(self, name: str) -> Path:
        """The file of a picture that is not in the bin."""
        return self.folder / "pictures" / f"{name}.png"

    def thumbnail(self, entry: Entry) -> np.ndarray:
        """A small copy of a picture, uint8 [h,w,3], at most THUMBNAIL pixels a side; made again where it is missing or broken."""
        with suppress(InputError):
            return np.array(open_picture(self._thumbnail_path(entry.name), largest=THUMBNAIL).convert("RGB"))
        picture = open_picture(entry.path, largest=THUMBNAIL).convert("RGB")
        with suppress(InputError):  # a full disk doesn't keep it from being shown
            self._write_thumbnail(entry.name, picture)
        return np.array(picture)

    def _list(self, kind: str, known: Iterable[Entry]) -> Listing:
        before = {entry.path: entry for entry in known}
        pins, entries, problems = self._pins(), [], []
        for name, size, changed in reversed(self._files(kind)):
            path, pinned = self.folder / kind / f"{name}.png", kind == "pictures" and name in pins
            old = before.get(path)
            if old is not None and (old.bytes, old.changed) == (size, changed):
                entries.append(old if old.pinned == pinned else replace(old, pinned=pinned))
                continue
            try:
                entries.append(read_entry(path, pinned))
            except FileNotFoundError:
                continue  # another program deleted it meanwhile
            except InputError as error:
                problems.append(str(error))
            except OSError as error:
                problems.append(str(InputError(path, "", f"can't be read ({error.strerror or error})")))
        return Listing(tuple(entries), tuple(problems))

    def _new_path(self, seed: int) -> Path:
        stem = f"{self._clock().strftime('%Y%m%d-%H%M%S-%f')}-{seed}"
        path, number = self.path(stem), 2
        while path.exists():
            path, number = self.path(f"{stem}-{number}"), number + 1
        return path

    def _write_thumbnail(self, name: str, picture: Image.Image) -> None:
        small = picture.copy()
        small.thumbnail((THUMBNAIL, THUMBNAIL), Image.Resampling.LANCZOS)
        with atomic_write(self._thumbnail_path(name)) as temporary:
            small.save(temporary, format="PNG", pnginfo=png_mark())

    def _thumbnail_path(self, name: str) -> Path:
        return self.folder / "thumbnails" / f"{name}.png"

    def _keep_bounds(self) -> None:
        pins, bounds = self._pins(), self.bounds
        free = [(name, size) for name, size, _ in self._files("pictures") if name not in pins]
        for name in overflow(free, bounds.pictures, bounds.bytes):
            self._move(self.path(name), "bin")
        deleted = sorted(self._files("bin"), key=lambda file: file[2])
        for name in overflow([(name, size) for name, size, _ in deleted], bounds.bin_pictures, bounds.bin_bytes):
            self._forget(name)
        for kind in ("pictures", "thumbnails", "pins"):
            self._sweep(self.folder / kind)

    def _move(self, path: Path, kind: str) -> None:
        target = self.folder / kind / path.name

        def move() -> None:
            target.parent.mkdir(parents=True, exist_ok=True)
            with suppress(FileNotFoundError):  # another program was faster
                if kind == "bin":
                    os.utime(path)  # the bin goes by when a picture was deleted
                path.replace(target)

        self._try(path.stem, "moved", move)

    def _forget(self, name: str) -> None:
        for path in (self.folder / "bin" / f"{name}.png", self._thumbnail_path(name)):
            self._try(name, "deleted", lambda path=path: path.unlink(missing_ok=True))

    def _files(self, kind: str) -> list[tuple[str, int, int]]:
        """(name, bytes, changed in ns) of each PNG of a folder, by name. Names that begin with a dot are being written."""
        found = []
        try:
            with os.scandir(self.folder / kind) as files:
                for file in files:
                    if file.name.endswith(".png") and not file.name.startswith(".") and file.is_file():
                        with suppress(FileNotFoundError):
                            stat = file.stat()
                            found.append((file.name[:-4], stat.st_size, stat.st_mtime_ns))
        except FileNotFoundError:
            return []
        except OSError as error:
            raise InputError(self.folder / kind, "", f"can't be read ({error.strerror or error})") from error
        return sorted(found)

    def _pins(self) -> set[str]:
        folder = self.folder / "pins"
        try:
            return set(os.listdir(folder))  # noqa: PTH208 (names, not paths)
        except FileNotFoundError:
            return set()
        except OSError as error:
            raise InputError(folder, "", f"can't be read ({error.strerror or error})") from error

    def _sweep(self, folder: Path) -> None:
        """Remove temporary files left by a crash."""
        for path in folder.glob(".*"):
            with suppress(OSError):
                if time.time() - path.stat().st_mtime > STALE:
                    path.unlink()

    def _refuse_missing(self, name: str) -> None:
        if name != Path(name).name or not self.path(name).is_file():
            raise InputError(name, "", "is no picture of the gallery")

    def _try(self, name: str, done: str, change: Callable[[], object]) -> None:
        try:
            change()
        except OSError as error:
            raise InputError(name, "", f"could not be {done} ({error.strerror or error})") from error
