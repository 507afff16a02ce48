"""Read the denoiser's training data as `learners.encode_cells` wrote it: latents, geometry per latent pixel, encoded captions."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors import safe_open
from torch import Tensor

from base.errors import InputError
from diffusion.models.minilm import TOKENS, MiniLMEncoder
from diffusion.models.surface_conditions import SurfaceGeometry
from diffusion.training.data.views import SLOTS

CAPTIONS = 3  # captions per surface
GEOMETRY = ("uv", "span", "normal", "depth", "kind")
UNKNOWN: dict[str, tuple[int, ...]] = {"uv": (2,), "span": (2,), "normal": (3,), "depth": (), "kind": ()}
"""The leading sides of each."""


@dataclass(frozen=True)
class Batch:
    """latents: [B,C,h,w]; seen: geometry with a leading B; shares: [B,SLOTS,h,w] in 0..1; contexts: [B,SLOTS,TOKENS,D]; told: [B,2],
    1 where u and v, and where the rest of the geometry, are known, else 0. float32."""

    latents: Tensor
    geometry: SurfaceGeometry
    shares: Tensor
    contexts: Tensor
    known: Tensor

    def to(self, device: torch.device) -> Batch:
        """The same elsewhere."""
        seen = SurfaceGeometry(*(x.to(device) for x in vars(self.geometry).values()))
        return Batch(self.latents.to(device), seen, *(x.to(device) for x in (self.shares, self.contexts, self.known)))


class Cells:
    """The encoded pictures on disk. key: of their pictures; unconditional: [TOKENS,D], the context of the empty prompt."""

    def __init__(self, folder: Path, key: str) -> None:
        self.folder, self.key = folder, key
        self.unconditional = MiniLMEncoder().encode([""])[0]
        self._files: dict[Path, safe_open] = {}
        self._rows: list[tuple[Path, int]] = []
        self._ends: dict[Path, Tensor] = {}
        self._of_size: dict[tuple[int, int], list[int]] = {}
        if not self.refresh():
            raise InputError(folder, "", f"holds no latents of {key}; encode them first: training cells")

    @property
    def count(self) -> int:
        return len(self._rows)

    def refresh(self) -> int:
        """Open new files and return the number of pictures."""
        for path in sorted(self.folder.glob(f"cells-{self.key}-*.safetensors")):
            if path not in self._files:
                file = self._files[path] = safe_open(path, "pt")
                self._ends[path] = file.get_tensor("ends")
                count, _, height, width = file.get_slice("latents").get_shape()
                first = self.count
                self._rows += [(path, row) for row in range(count)]
                self._of_size.setdefault((height, width), []).extend(range(first, self.count))
        return self.count

    @property
    def sizes(self) -> tuple[tuple[int, int], ...]:
        """(height, width) of all latents, without repetition."""
        return tuple(self._of_size)

    def draw(self, count: int, alike: bool, rng: np.random.Generator) -> list[int]:
        """Draw random indices. alike: draw only pictures of one size, that of a random picture."""
        if not alike:
            return rng.integers(self.count, size=count).tolist()
        first = int(rng.integers(self.count))
        members = next(rows for rows in self._of_size.values() if first in rows)
        return [members[i] for i in rng.integers(len(members), size=count)]

    def latents(self, index: int) -> Tensor:
        """Read the latents [C,h,w] of a picture."""
        path, row = self._rows[index]
        return self._files[path].get_slice("latents")[row]

    def words(self, index: int) -> list[str]:
        """Return the first caption of each slot of a picture; "" for slots that are hardly visible."""
        path, row = self._rows[index]
        said = json.loads(self._files[path].metadata()["words"])
        return [said[i] if i >= 0 else "" for i in self._files[path].get_slice("captions")[row][:, 0].tolist()]

    def _context(self, path: Path, which: int) -> Tensor:
        if which < 0:
            return self.unconditional
        ends = self._ends[path]
        begin = int(ends[which - 1]) if which else 0
        found = self._files[path].get_slice("tokens")[begin : int(ends[which])].float()
        return torch.cat((found, found[:1].expand(TOKENS - len(found), -1)))

    def batch(self, indices: list[int], size: tuple[int, int], rng: np.random.Generator) -> Batch:
        """Crop pictures at random to (height, width), with one of its captions for each surface."""
        columns: dict[str, list[Tensor]] = {name: [] for name in ("latents", "shares", *GEOMETRY, "contexts", "told")}
        for index in indices:
            path, row = self._rows[index]
            file = self._files[path]
            latents = file.get_slice("latents")[row]
            y, x = (int(rng.integers(have - take + 1)) for have, take in zip(latents.shape[1:], size, strict=True))
            window = (..., slice(y, y + size[0]), slice(x, x + size[1]))
            columns["latents"].append(latents[window].float())
            known = "uv" in file.keys()  # noqa: SIM118
            for name in ("shares", *GEOMETRY):
                column = file.get_slice(name)[row] if known else _unknown(name, latents.shape[1:])
                columns[name].append(column[window])
            columns["told"].append(torch.full((2,), float(known)))
            said = file.get_slice("captions")[row][:, int(rng.integers(CAPTIONS))]
            columns["contexts"].append(torch.stack([self._context(path, i) for i in said.tolist()]))
        found = {name: torch.stack(column) for name, column in columns.items()}
        geometry = {name: found[name].float() for name in GEOMETRY[:-1]}
        seen = SurfaceGeometry(**geometry, kind=found["kind"].long())
        return Batch(found["latents"], seen, found["shares"].float() / 255, found["contexts"], found["told"])


def _unknown(name: str, size: torch.Size) -> Tensor:
    """Return the value of a column for pictures without known surfaces: zeros, and all shares in the first slot."""
    if name == "shares":
        return torch.stack([torch.full(size, 255 if slot == 0 else 0, dtype=torch.uint8) for slot in range(SLOTS)])
    return torch.ones(*UNKNOWN[name], *size)
