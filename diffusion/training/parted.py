"""Crops in which every surface has a caption of its own, as the program dreams a view: regional attention, seen in training."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from diffusion.attention import mask_pyramid
from diffusion.training.cache import Batch, Latents
from diffusion.training.views import SLOTS

LEAST = 0.02  # of a crop, below which a surface goes without a caption
SINGLE = 0.25  # of the crops that show one surface only: the others are what is to be learnt here


@dataclass(frozen=True)
class Parted:
    """A batch of B crops and their R captions. contexts: [R,T,D]; owners: [R], the crop each belongs to; weights: [R,s,s] float32,
    what each is heard by, 1 in all at every latent pixel."""

    batch: Batch
    contexts: Tensor
    owners: Tensor
    weights: Tensor

    def heard(self, levels: int) -> Mapping[str, Any]:
        """`cross_attention_kwargs` for a U-Net with so many resolutions and `diffusion.attention.RegionalProcessor`."""
        masks = mask_pyramid(self.weights, levels)
        return {"regions": {"contexts": self.contexts, "owners": self.owners, "masks": masks}}

    def composed(self, answers: Tensor) -> Tensor:
        """[B,C,s,s]: what each caption's own prediction [R,C,s,s] comes to, surface by surface (MultiDiffusion)."""
        whole = torch.zeros_like(self.batch.latents)
        return whole.index_add_(0, self.owners, answers * self.weights[:, None])

    def to(self, device: torch.device) -> Parted:
        parts = (getattr(self.batch, name).to(device) for name in ("latents", "depth", "mask", "context"))
        return Parted(Batch(*parts), self.contexts.to(device), self.owners.to(device), self.weights.to(device))


def draw_parted(data: Latents, count: int, size: int, rng: np.random.Generator) -> Parted:
    """Random crops of `size` latent pixels, with one caption for each surface seen."""
    side = data.latents.shape[-1]
    rows: list[tuple[Tensor, ...]] = []
    heard: list[tuple[int, int, Tensor]] = []  # caption, crop, where
    while len(rows) < count:
        n = int(rng.integers(len(data.latents)))
        y, x = (int(i) for i in rng.integers(side - size + 1, size=2))
        window = (..., slice(y, y + size), slice(x, x + size))
        found = []
        for bits, captions in _by_surface(data, n).items():
            mask = data.slots[n][[s for s in range(SLOTS) if bits >> s & 1]][window].float().sum(0) / 255
            if float(mask.mean()) > LEAST:
                found.append((int(rng.choice(captions)), mask))
        if not found or (len(found) == 1 and rng.random() > SINGLE):
            continue
        found.sort(key=lambda part: -float(part[1].sum()))
        nearest = torch.stack([mask for _, mask in found]).argmax(0)  # what none covers goes to the largest
        heard += [(m, len(rows), (nearest == k).float()) for k, (m, _) in enumerate(found)]
        latent, depth = data.latents[n][window].float(), data.depth[n][window].float()
        rows.append((latent, depth[None], torch.ones(1, size, size), data.contexts[found[0][0]].float()))
    captions, owners, weights = zip(*heard, strict=True)
    batch = Batch(*(torch.stack(column) for column in zip(*rows, strict=True)))
    return Parted(batch, data.contexts[list(captions)].float(), torch.tensor(owners), torch.stack(weights))


def _by_surface(data: Latents, n: int) -> dict[int, list[int]]:
    """The captions of picture n that name one surface, by its slots; those of everything where there is only one."""
    groups: dict[int, list[int]] = {}
    for m in data.parts[n] or data.wholes[n]:
        groups.setdefault(int(data.covers[m]), []).append(m)
    return groups
