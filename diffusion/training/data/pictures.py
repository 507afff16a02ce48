"""The chunks that exist so far, read picture by picture; more may appear while a run goes on."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
from safetensors import safe_open
from torch import Tensor

from base.errors import InputError
from diffusion.training.config import DataConfig
from diffusion.training.data.views import Window

HELD_OUT = 1000
"""Worlds that no run trains on have the data's seed plus this."""


def unseen_data(data: DataConfig) -> DataConfig:
    """Where the pictures of held-out worlds lie."""
    return replace(data, seed=data.seed + HELD_OUT, chunks=2)


class DrawnPictures:
    """count: pictures in all. Every chunk is memory-mapped; a picture is read when it is asked for. only: one chunk's file, not all."""

    def __init__(self, data: DataConfig, only: Path | None = None) -> None:
        self.data, self._only = data, only
        self._files: dict[Path, safe_open] = {}
        self._notes: list[dict] = []
        if not self.look():
            raise InputError(data.folder, "", f"holds no pictures of seed {data.seed}; draw them first: training data")

    @property
    def count(self) -> int:
        return len(self._notes)

    def look(self) -> int:
        """Open the chunks that are new, at most `data.chunks` in all; how many pictures there are now."""
        found = sorted(Path(self.data.folder).glob(f"pictures-{self.data.seed}-*.safetensors"))[: self.data.chunks]
        for path in [self._only] if self._only else found:
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
