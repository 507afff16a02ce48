"""The user's own pictures, resized to buckets. Runs train on them if the data folder holds any."""

from __future__ import annotations

import hashlib
from collections import Counter

import numpy as np
import torch
from torch import Tensor

from base.errors import InputError
from base.pictures import flat, open_picture
from diffusion.training.config import DataConfig
from diffusion.training.data.buckets import STEP, choose_bucket, fit_to_bucket
from diffusion.training.data.captioned import CaptionedPicture, read_captioned
from diffusion.training.data.views import Window

HELD_OUT_SHARE = 20  # one picture in this many is held out, at least one
MOST_KEPT = 1 << 29  # bytes of resized pictures cached in memory; others are read again each time


class OwnPictures:
    """The training or held-out pictures of `data.folder`. Their surfaces are unknown.

    key: identifies the folder's content, `data.size` and the part. A picture is opened when it is first needed.
    Raises InputError as `read_captioned` does, and for a folder with a single picture.
    """

    surfaces = False

    def __init__(self, data: DataConfig, held_out: bool = False) -> None:
        if data.size < STEP:
            raise InputError(
                "config", "data.size", f"is {data.size}; pictures of one's own need at least {STEP} pixels"
            )
        found = read_captioned(data.folder)
        if len(found) < 2:
            raise InputError(data.folder, "", "holds one picture; two are needed, as one is held out")
        held = set(
            sorted(found, key=lambda one: _hash(data.seed, one.path.name))[: max(1, len(found) // HELD_OUT_SHARE)]
        )
        self._rows = [one for one in found if (one in held) is held_out]
        self._size, self._kept, self._bytes = data.size, {}, 0
        names = ((one.path.name, one.path.stat().st_size, one.caption) for one in found)
        self.key = _hash(data.size, data.seed, held_out, *names)[:12]

    @property
    def count(self) -> int:
        return len(self._rows)

    def refresh(self) -> int:
        """Return the number of pictures. Files added during a run belong to the next one."""
        return self.count

    def read_caption(self, index: int) -> CaptionedPicture:
        """Return a picture's file and caption."""
        return self._rows[index]

    def tensor(self, name: str, index: int) -> Tensor:
        """Read a picture, uint8 [3,H,W], at the size of its bucket. name: "images". Raises InputError for a broken file."""
        assert name == "images", name
        if index in self._kept:
            return self._kept[index]
        picture = flat(open_picture(self._rows[index].path, "a picture to train on"), 255)
        shown = fit_to_bucket(picture, choose_bucket(picture.size, self._size))
        found = torch.from_numpy(np.array(shown)).permute(2, 0, 1).contiguous()
        if self._bytes + found.nbytes <= MOST_KEPT:
            self._kept[index] = found
            self._bytes += found.nbytes
        return found

    def window(self, index: int, size: int, rng: np.random.Generator) -> Window:
        """Crop a random square with sides of `size` pixels. Raises InputError if the picture is smaller."""
        height, width = self.tensor("images", index).shape[1:]
        if size > min(height, width):
            problem = f"is {size}; {self._rows[index].path.name} has {width}×{height} pixels after resizing"
            raise InputError("config", "crop", problem)
        y, x = (int(rng.integers(side - size + 1)) for side in (height, width))
        return slice(y, y + size), slice(x, x + size)


def check_pictures(data: DataConfig) -> str:
    """Open every picture once and count them by size. Raises InputError for the first broken one."""
    parts = [OwnPictures(data, held_out) for held_out in (False, True)]
    sizes: Counter[tuple[int, int]] = Counter()
    for pictures in parts:
        for index in range(pictures.count):
            height, width = pictures.tensor("images", index).shape[1:]
            sizes[width, height] += 1
    told = ", ".join(f"{width}×{height}: {count}" for (width, height), count in sizes.most_common())
    return f"{data.folder}: {parts[0].count} pictures to train on and {parts[1].count} held out ({told})"


def _hash(*values: object) -> str:
    return hashlib.sha256(repr(values).encode()).hexdigest()
