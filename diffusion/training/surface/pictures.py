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

HELD_OUT = 1000
"""Worlds that no run trains on have the data's seed plus this."""


def unseen_data(data: DataConfig) -> DataConfig:
    """Where the pictures of held-out worlds lie."""
    return replace(data, seed=data.seed + HELD_OUT, chunks=2)


class DrawnPictures:
    """count: pictures in all. Every chunk is memory-mapped; a picture is read when it is asked for."""

    def __init__(self, data: DataConfig) -> None:
        self.data = data
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
        for path in found:
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

    def cut(self, index: int, size: int, rng: np.random.Generator) -> Tensor:
        """A random crop of a picture, uint8 [3,size,size]."""
        image = self.tensor("images", index)
        y, x = (int(i) for i in rng.integers(image.shape[-1] - size + 1, size=2))
        return image[:, y : y + size, x : x + size]
