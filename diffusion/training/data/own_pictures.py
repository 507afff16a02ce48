"""Pictures of one's own, resized to buckets: what runs read in place of drawn pictures where a folder holds them."""

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

HELD_OUT_SHARE = 20  # one of so many pictures is held out, and at least one
MOST_KEPT = 1 << 29  # bytes of resized pictures that stay in memory; further ones are read again each time


class OwnPictures:
    """The pictures of `data.folder` that a run trains on, or those that are held out. No surfaces are known of them.

    key: names the folder's content, `data.size` and which part of it this is. Raises InputError as `read_captioned` does, and for a
    folder of one picture. A picture is opened when it is asked for.
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
        """How many pictures there are. Those that were added meanwhile belong to the next run."""
        return self.count

    def read_caption(self, index: int) -> CaptionedPicture:
        """A picture's file and caption."""
        return self._rows[index]

    def tensor(self, name: str, index: int) -> Tensor:
        """One picture, uint8 [3,H,W], as large as its bucket. name: "images". Raises InputError for a broken file."""
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
        """A random square of `size` pixels a side. Raises InputError for a picture that is smaller."""
        height, width = self.tensor("images", index).shape[1:]
        if size > min(height, width):
            problem = f"is {size}; {self._rows[index].path.name} has {width}×{height} pixels after resizing"
            raise InputError("config", "crop", problem)
        y, x = (int(rng.integers(side - size + 1)) for side in (height, width))
        return slice(y, y + size), slice(x, x + size)


def check_pictures(data: DataConfig) -> str:
    """Open every picture once; how many of which size there are. Raises InputError for the first that is broken."""
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
