"""Pictures by id, sent by clients or generated, as PNG files in the server's own folder."""

from __future__ import annotations

import base64
import binascii
import io
import re
import secrets
import threading
from collections.abc import Callable
from pathlib import Path

from PIL import Image

from base.errors import InputError
from base.pictures import open_picture
from base.png import SIGNATURE

ID = re.compile(r"[0-9a-f]{16}")
SIDES = range(1, 8193)  # pixels of a picture that is sent
LARGEST = 4096  # as it is opened
DATA = re.compile(r"data:image/[a-z+.-]{1,20};base64,", re.IGNORECASE)


class PictureStore:
    """A folder of files named by random ids; when there are more than `most`, or `most_bytes` of them, the oldest are deleted."""

    def __init__(self, folder: Path, most: int = 500, most_bytes: int = 2 << 30) -> None:
        self._folder, self._most, self._most_bytes = folder, most, most_bytes
        self._files: dict[str, tuple[Path, int]] = {}  # id → (file, its bytes)
        self._lock = threading.Lock()
        self.decoding = threading.Lock()  # one at a time: small files may decode to large pictures

    def add(self, write: Callable[[Path], object], suffix: str = ".png") -> str:
        """Store a new file, which `write(path)` writes; return its id."""
        id = secrets.token_hex(8)
        file = self._folder / f"{id}{suffix}"
        write(file)
        with self._lock:
            self._files[id] = file, file.stat().st_size
            size = sum(bytes for _, bytes in self._files.values())
            while len(self._files) > 1 and (len(self._files) > self._most or size > self._most_bytes):
                old, bytes = self._files.pop(next(iter(self._files)))
                old.unlink(missing_ok=True)
                size -= bytes
        return id

    def drop(self, id: str) -> None:
        """Delete a file, if it still exists."""
        with self._lock:
            if id in self._files:
                self._files.pop(id)[0].unlink(missing_ok=True)

    def find(self, id: str) -> Path | None:
        """Return the file of an id; None for an unknown id."""
        return self._files.get(id, (None, 0))[0]

    def path(self, id: str, field: str) -> Path:
        """The file of an id. Raises InputError."""
        if (file := self.find(id)) is None:
            raise InputError("request", field, "is the id of no picture here")
        return file

    def take(self, text: str, field: str) -> Path:
        """Return the file of a picture in a request, given by id or as base64 with or without `data:image/png;base64,` in front.

        The bytes are stored unchanged, because recipes of inpainted pictures contain their checksum. Raises InputError.
        """
        if ID.fullmatch(text) and self.find(text) is not None:
            return self.path(text, field)
        data = decode(text, field)
        suffix = ".png" if data.startswith(SIGNATURE) else ".bin"
        file = self.path(self.add(lambda path: path.write_bytes(data), suffix), field)
        try:
            self.open(file)
        except InputError as error:
            raise InputError("request", field, error.problem) from None
        return file

    def open(self, file: Path) -> Image.Image:
        """Open a picture of the store, reduced to at most LARGEST pixels a side. Raises InputError."""
        with self.decoding:
            return open_picture(file, sides=SIDES, largest=LARGEST)

    def size(self, file: Path) -> tuple[int, int]:
        """Its width and height in pixels. Raises InputError."""
        return self.open(file).size


def decode(text: str, field: str) -> bytes:
    """Decode base64. Raises InputError. URLs are refused, because the server never fetches anything."""
    if re.match(r"[a-z][a-z0-9+.-]*://", text, re.IGNORECASE):
        raise InputError("request", field, "is an address; send the picture itself, as base64")
    try:
        return base64.b64decode(DATA.sub("", text, count=1), validate=True)
    except (binascii.Error, ValueError):
        raise InputError("request", field, "is neither a picture in base64 nor the id of one") from None


def png_of(picture: Image.Image) -> bytes:
    """A picture as bytes of a PNG, quickly."""
    target = io.BytesIO()
    picture.save(target, "PNG", compress_level=1)
    return target.getvalue()


def base64_of(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
