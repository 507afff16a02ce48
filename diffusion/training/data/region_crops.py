"""Crops in which every surface has its own caption, to train with the regional attention that dreams use."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from diffusion.models.attention import mask_pyramid
from diffusion.models.minilm import MiniLMEncoder
from diffusion.training.data.latent_cache import Batch, Latents
from diffusion.training.data.synonyms import reword
from diffusion.training.data.views import SLOTS

LEAST_SHARE = 0.02  # of a crop, below which a surface goes without a caption
SINGLE = 0.25  # share of the crops with a single surface that are used; crops with several matter more here


@dataclass(frozen=True)
class RegionCrops:
    """A batch of B crops and their R captions.

    contexts: [R,T,D]; owners: [R], the crop of each caption; weights: [R,s,s] float32, region weights that sum to 1 over the captions
    of a crop; captions: their texts
    """

    batch: Batch
    contexts: Tensor
    owners: Tensor
    weights: Tensor
    captions: tuple[str, ...]

    def attention_kwargs(self, levels: int, contexts: Tensor | None = None) -> dict[str, Any]:
        """`cross_attention_kwargs` for a U-Net with `levels` resolutions and `diffusion.models.attention.RegionalProcessor`.

        contexts: [R,T,D] to use instead of the captions' own.
        """
        told = self.contexts if contexts is None else contexts
        return {"regions": {"contexts": told, "owners": self.owners, "masks": mask_pyramid(self.weights, levels)}}

    def compose(self, answers: Tensor) -> Tensor:
        """[B,C,s,s]: the captions' predictions [R,C,s,s], fused by region weight (MultiDiffusion)."""
        whole = torch.zeros_like(self.batch.latents)
        return whole.index_add_(0, self.owners, answers * self.weights[:, None])

    def to(self, device: torch.device) -> RegionCrops:
        parts = (getattr(self.batch, name).to(device) for name in ("latents", "depth", "mask", "context"))
        tensors = (getattr(self, name).to(device) for name in ("contexts", "owners", "weights"))
        return RegionCrops(Batch(*parts), *tensors, captions=self.captions)


def draw_region_crops(data: Latents, count: int, size: int, rng: np.random.Generator) -> RegionCrops:
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
            if float(mask.mean()) > LEAST_SHARE:
                found.append((int(rng.choice(captions)), mask))
        if not found or (len(found) == 1 and rng.random() > SINGLE):
            continue
        found.sort(key=lambda part: -float(part[1].sum()))
        nearest = torch.stack([mask for _, mask in found]).argmax(0)  # uncovered pixels go to the largest
        heard += [(m, len(rows), (nearest == k).float()) for k, (m, _) in enumerate(found)]
        latent, depth = data.latents[n][window].float(), data.depth[n][window].float()
        rows.append((latent, depth[None], torch.ones(1, size, size), data.contexts[found[0][0]].float()))
    chosen, owners, weights = zip(*heard, strict=True)
    batch = Batch(*(torch.stack(column) for column in zip(*rows, strict=True)))
    contexts, captions = data.contexts[list(chosen)].float(), tuple(data.captions[m] for m in chosen)
    return RegionCrops(batch, contexts, torch.tensor(owners), torch.stack(weights), captions)


def reword_captions(region_crops: RegionCrops, text: MiniLMEncoder, share: float, rng: np.random.Generator) -> Tensor:
    """The captions' contexts [R,T,D], a share of them with another noun for their material."""
    turns = [(r, reword(c, rng)) for r, c in enumerate(region_crops.captions) if rng.random() < share]
    contexts = region_crops.contexts.clone()
    if turns:
        rows, words = zip(*turns, strict=True)
        contexts[list(rows)] = text.encode_many(list(words)).to(contexts)
    return contexts


def _by_surface(data: Latents, n: int) -> dict[int, list[int]]:
    """The captions of picture n by the slots they name; its captions of the whole picture if it shows one surface."""
    groups: dict[int, list[int]] = {}
    for m in data.parts[n] or data.wholes[n]:
        groups.setdefault(int(data.covers[m]), []).append(m)
    return groups
