"""The chunks that exist so far, read picture by picture; more may appear while a run goes on."""

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
"""Worlds that no run trains on have the data's seed plus this."""


def choose_held_out_worlds(data: DataConfig) -> DataConfig:
    """Where the pictures of held-out worlds lie."""
    return replace(data, seed=data.seed + HELD_OUT, chunks=2)


class Pictures(Protocol):
    """What runs read of pictures. count: how many; key: names them in a cache; surfaces: whether it is known what each pixel shows."""

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
    """count: pictures in all. Every chunk is memory-mapped; a picture is read when it is asked for. only: one chunk's file, not all."""

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
        """Names the data in a cache of cells."""
        return str(self.data.seed)

    @property
    def count(self) -> int:
        return len(self._notes)

    @property
    def files(self) -> list[Path]:
        """The chunks that exist, at most `data.chunks`."""
        found = sorted(Path(self.data.folder).glob(f"pictures-{self.data.seed}-*.safetensors"))[: self.data.chunks]
        return [self._only] if self._only else found

    def refresh(self) -> int:
        """Open the chunks that are new; how many pictures there are now."""
        for path in self.files:
            if path not in self._files:
                self._files[path] = safe_open(path, "pt")
                notes = json.loads(self._files[path].metadata()["notes"])
                self._notes += [note | {"row": (path, row)} for row, note in enumerate(notes)]
        return self.count

    def note(self, index: int) -> dict:
        """What a picture shows: mood, surfaces, world."""
        return self._notes[index]

    def tensor(self, name: str, index: int) -> Tensor:
        """One picture's row of the tensor `name`: "images", "depth" or "slots"."""
        path, row = self._notes[index]["row"]
        return self._files[path].get_slice(name)[row]

    def window(self, index: int, size: int, rng: np.random.Generator) -> Window:
        """A random square of `size` pixels a side."""
        side = self._files[self._notes[index]["row"][0]].get_slice("images").get_shape()[-1]
        y, x = (int(i) for i in rng.integers(side - size + 1, size=2))
        return slice(y, y + size), slice(x, x + size)
