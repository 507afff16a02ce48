"""Read drawn pictures from the chunks on disk. New chunks may appear during a run."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import numpy as np
from safetensors import safe_open
from torch import Tensor

from base.errors import InputError
from diffusion.training.config import DataConfig
from diffusion.training.data.captioned import is_own_folder
from diffusion.training.data.views import Window

HELD_OUT = 1000
"""Added to the data's seed for the held-out worlds, which no run trains on."""


def choose_held_out_worlds(data: DataConfig) -> DataConfig:
    """Return the configuration of the held-out worlds' pictures."""
    return replace(data, seed=data.seed + HELD_OUT, chunks=2)


class Pictures(Protocol):
    """The pictures that a run reads.

    count: number of pictures; key: identifies them in a cache; surfaces: whether the surface of each pixel is known
    """

    @property
    def surfaces(self) -> bool: ...
    @property
    def key(self) -> str: ...
    @property
    def count(self) -> int: ...
    def refresh(self) -> int: ...
    def tensor(self, name: str, index: int) -> Tensor: ...
    def window(self, index: int, size: int, rng: np.random.Generator) -> Window: ...


class DrawnPictures:
    """Pictures drawn by `training data`. count: pictures in all chunks; only: read this chunk's file alone.

    Chunks are memory-mapped, so a picture is read only when it is needed.
    """

    surfaces = True

    def __init__(self, data: DataConfig, only: Path | None = None) -> None:
        self.data, self._only = data, only
        self._files: dict[Path, safe_open] = {}
        self._notes: list[dict] = []
        if not self.refresh():
            own = "holds pictures of one's own; this needs drawn ones, whose surfaces are known"
            none = f"holds no pictures of seed {data.seed}; draw them first: training data"
            raise InputError(data.folder, "", own if is_own_folder(data.folder) else none)

    @property
    def key(self) -> str:
        """Identifies the data in a cache of cells."""
        return str(self.data.seed)

    @property
    def count(self) -> int:
        return len(self._notes)

    @property
    def files(self) -> list[Path]:
        """Return the files of the existing chunks, at most `data.chunks`."""
        found = sorted(Path(self.data.folder).glob(f"pictures-{self.data.seed}-*.safetensors"))[: self.data.chunks]
        return [self._only] if self._only else found

    def refresh(self) -> int:
        """Open new chunks and return the number of pictures."""
        for path in self.files:
            if path not in self._files:
                self._files[path] = safe_open(path, "pt")
                notes = json.loads(self._files[path].metadata()["notes"])
                self._notes += [note | {"row": (path, row)} for row, note in enumerate(notes)]
        return self.count

    def note(self, index: int) -> dict:
        """Return a picture's note: its mood, surfaces and world."""
        return self._notes[index]

    def tensor(self, name: str, index: int) -> Tensor:
        """Return one picture's row of a tensor. name: "images", "depth" or "slots"."""
        path, row = self._notes[index]["row"]
        return self._files[path].get_slice(name)[row]

    def window(self, index: int, size: int, rng: np.random.Generator) -> Window:
        """Crop a random square with sides of `size` pixels."""
        side = self._files[self._notes[index]["row"][0]].get_slice("images").get_shape()[-1]
        y, x = (int(i) for i in rng.integers(side - size + 1, size=2))
        return slice(y, y + size), slice(x, x + size)
