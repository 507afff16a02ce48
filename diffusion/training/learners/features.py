"""Perceptual features: a small network that names the surface in each 8×8-pixel cell.

It replaces a network trained on photographs (Zhang et al. 2018, "The Unreasonable Effectiveness of Deep Features as a
Perceptual Metric"). The judge of evaluations is another network with other training pictures, and no run uses it.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from base.errors import InputError
from base.files import atomic_write
from diffusion.models.surface_blocks import PixelNorm, conv3
from diffusion.training.config import FeaturesConfig
from diffusion.training.data.adjectives import ADJECTIVES, COLOURS
from diffusion.training.data.dataset import surfaces_from_note
from diffusion.training.data.light import LIGHTS
from diffusion.training.data.materials import MATERIALS
from diffusion.training.data.pictures import DrawnPictures, choose_held_out_worlds
from diffusion.training.loop import run_steps, use_averaged_weights
from diffusion.training.masters import Masters

NAME = "features.safetensors"
MATERIAL_NAMES, LIGHT_NAMES = tuple(MATERIALS), tuple(LIGHTS)
SAID = (*ADJECTIVES, *COLOURS)
PURE = 230
"""A cell is labelled only if its largest share is at least this, out of 255."""


class Features(nn.Module):
    """Pictures [B,3,H,W] in -1..1 → logits [B,M+L+S,H/8,W/8]: material, light, and the other words of the surface's prompt."""

    def __init__(self, channels: tuple[int, ...]) -> None:
        super().__init__()
        ins = (3, *channels)
        self.stages = nn.ModuleList(
            nn.Sequential(
                nn.Conv2d(a, b, 5 if a == 3 else 3, 2, 2 if a == 3 else 1), PixelNorm(b), nn.SiLU(), conv3(b, b)
            )
            for a, b in zip(ins, channels, strict=False)
        )
        wide = channels[-1]
        self.head = nn.Sequential(PixelNorm(wide), nn.SiLU(), conv3(wide, wide), nn.SiLU(), conv3(wide, wide))
        self.name = nn.Conv2d(wide, len(MATERIAL_NAMES) + len(LIGHT_NAMES) + len(SAID), 1)

    def extract(self, pictures: Tensor) -> list[Tensor]:
        """Return the features of every stage, [B,C,H/2,W/2] … [B,C,H/8,W/8]."""
        found, x = [], pictures
        for stage in self.stages:
            x = stage(x)
            found.append(x)
        return found

    def forward(self, pictures: Tensor) -> Tensor:
        return self.name(F.silu(self.head(self.extract(pictures)[-1])))


def likeness(features: Features, shown: Tensor, truth: Tensor) -> Tensor:
    """Return the perceptual distance of pictures [B,3,H,W]: mean square difference of unit features, summed over the stages."""
    found = torch.zeros((), device=shown.device)
    for a, b in zip(features.extract(shown), features.extract(truth), strict=True):
        a, b = F.normalize(a.float(), dim=1), F.normalize(b.float(), dim=1)
        found = found + (a - b).square().sum(1).mean()
    return found


def make_labels(note: dict, slots: Tensor) -> Tensor:
    """Return labels int64 [2+S,h,w] per cell: material and light (-1 where surfaces meet), then 1 for each word in the prompt, else 0.

    slots: uint8 [SLOTS,h,w], the share of each slot in each cell.
    """
    surfaces, mood = surfaces_from_note(note)
    size = slots.shape[1:]
    out = torch.zeros(2 + len(SAID), *size, dtype=torch.int64)
    out[:2] = -1
    for surface, places in surfaces:
        inside = slots[places].int().sum(0) >= PURE
        out[0][inside] = MATERIAL_NAMES.index(surface.material)
        out[1][inside] = LIGHT_NAMES.index(mood.light)
        for word in (*surface.adjectives, *([surface.colour] if surface.colour else [])):
            out[2 + SAID.index(word)][inside] = 1
    return out


def naming_loss(logits: Tensor, wanted: Tensor) -> dict[str, Tensor]:
    """Return the cross-entropies of material, light (at half weight) and words, and the share of correct materials."""
    materials, lights = len(MATERIAL_NAMES), len(LIGHT_NAMES)
    said = logits.float()
    named = F.cross_entropy(said[:, :materials], wanted[:, 0], ignore_index=-1, label_smoothing=0.05)
    lit = F.cross_entropy(said[:, materials : materials + lights], wanted[:, 1], ignore_index=-1)
    words = F.binary_cross_entropy_with_logits(said[:, materials + lights :], wanted[:, 2:].float())
    known = wanted[:, 0] >= 0
    right = (said[:, :materials].argmax(1) == wanted[:, 0]) & known
    return {"named": named, "lit": 0.5 * lit, "words": 2 * words, "_right": right.sum() / known.sum().clamp(min=1)}


def cut_with_labels(pictures: DrawnPictures, index: int, size: int, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    """Crop a picture at random on whole cells; return uint8 [3,size,size] and the labels."""
    image, slots = pictures.tensor("images", index), pictures.tensor("slots", index)
    cells = size // 8
    y, x = (int(i) for i in rng.integers(slots.shape[-1] - cells + 1, size=2))
    marks = make_labels(pictures.note(index), slots[:, y : y + cells, x : x + cells])
    return image[:, 8 * y : 8 * y + size, 8 * x : 8 * x + size], marks


def train_features(config: FeaturesConfig) -> Path:
    """Train the network, or resume. Returns its file: float16 weights with the accuracy on held-out worlds."""
    pictures = DrawnPictures(config.data)
    unseen = DrawnPictures(choose_held_out_worlds(config.data))
    torch.manual_seed(config.seed)
    network = Features(config.channels)

    def batch_of(source: DrawnPictures, rng: np.random.Generator, count: int) -> tuple[Tensor, Tensor]:
        cuts = [cut_with_labels(source, int(i), config.crop, rng) for i in rng.integers(source.count, size=count)]
        images, wanted = (torch.stack(column) for column in zip(*cuts, strict=True))
        return images, wanted

    def loss(images: Tensor, wanted: Tensor) -> dict[str, Tensor]:
        return naming_loss(network(as_input(images, network)), wanted)

    def on_sample(step: int) -> dict[str, float]:
        images, wanted = batch_of(unseen, np.random.default_rng(0), 64)
        return {"held_out": float(loss(images, wanted.to(next(network.parameters()).device))["_right"])}

    def batch(step: int) -> tuple[Tensor, ...]:
        return batch_of(pictures, np.random.default_rng([config.seed, step]), config.pictures_in_step)

    def on_save(masters: Masters) -> None:
        pictures.refresh()

    masters = run_steps(config, network, loss, batch, on_sample=on_sample, on_save=on_save)
    return export(config, network, masters, on_sample)


def export(
    config: FeaturesConfig, network: Features, masters: Masters, figures: Callable[[int], dict[str, float]]
) -> Path:
    """Write the averaged weights with their figures."""
    path = Path(config.out) / NAME
    with use_averaged_weights(masters), torch.no_grad():
        facts = {k: f"{v:.4f}" for k, v in figures(masters.step).items()}
    weights = {k: v.to("cpu", torch.float16).contiguous() for k, v in masters.averages.items()}
    with atomic_write(path) as temporary:
        save_file(weights, temporary, metadata=facts | {"channels": ",".join(map(str, config.channels))})
    return path


def load_features(folder: Path) -> Features:
    """Load the finished network of a run. Raises InputError if it is missing or has another shape."""
    path = folder / NAME
    try:
        weights = {k: v.float() for k, v in load_file(path).items()}
        network = Features(tuple(len(weights[f"stages.{i}.0.weight"]) for i in range(3)))
        network.load_state_dict(weights)
    except (OSError, KeyError, RuntimeError, SafetensorError) as error:
        problem = f"holds no features ({str(error).splitlines()[0]}); train them: diffusion.training features"
        raise InputError(path, "", problem) from error
    return network.eval().requires_grad_(False)


def as_input(images: Tensor, network: nn.Module) -> Tensor:
    """Convert uint8 pictures for a network: -1..1, on its device, in its number format, channels last."""
    weight = next(network.parameters())
    return (images.to(weight.device).float() / 127.5 - 1).to(weight.dtype, memory_format=torch.channels_last)
