"""A small classifier of material and light, trained on ground-truth pictures of its own seeds: the judge of samples."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from diffusion.training.bank import build_bank
from diffusion.training.light import LIGHTS
from diffusion.training.materials import MATERIALS
from diffusion.training.noise import TEXELS
from diffusion.training.views import paint, random_world
from diffusion.training.words import Mood, Surface
from scenes.files import atomic_write

NAMES = tuple(MATERIALS)
LIGHT_NAMES = tuple(LIGHTS)
SIDE = 128


@dataclass(frozen=True)
class Judged:
    """images: uint8 [N,3,SIDE,SIDE]; material, light: int64 [N]."""

    images: Tensor
    material: Tensor
    light: Tensor


def plain_pictures(seed: int, count: int, names: tuple[str, ...] = NAMES, texels: int = TEXELS) -> Judged:
    """Pictures of one unadorned material each, near and far, in every light; materials in turn."""
    rng = np.random.default_rng([seed, 77])
    names = names[:count]
    bank = build_bank([Surface(n) for n in names for _ in range(2)], seed + 10_000, texels=texels)
    images, material, light = [], [], []
    for i in range(count):
        index = i % len(names)
        place = MATERIALS[names[index]].place
        kind = (
            "sky"
            if place == "sky"
            else "floor"
            if place == "floor"
            else "wall"
            if place == "wall"
            else str(rng.choice(["wall", "floor"]))
        )
        mood = LIGHT_NAMES[int(rng.integers(len(LIGHT_NAMES)))]
        chosen = [2 * index + int(rng.integers(2))] * 4
        world = random_world(rng, kind, SIDE)
        images.append(paint(world, bank, chosen, Mood(mood), int(rng.integers(2**31))).image)
        material.append(NAMES.index(names[index]))
        light.append(LIGHT_NAMES.index(mood))
    return Judged(torch.stack(images), torch.tensor(material), torch.tensor(light))


class Classifier(nn.Module):
    """uint8 or 0..1 pictures [B,3,h,w] → logits of material [B,M] and light [B,L], and features [B,D]."""

    def __init__(self, width: int = 32) -> None:
        super().__init__()

        def stage(a: int, b: int) -> nn.Sequential:
            return nn.Sequential(
                nn.Conv2d(a, b, 3, 2, 1, bias=False),
                nn.BatchNorm2d(b),
                nn.ReLU(),
                nn.Conv2d(b, b, 3, 1, 1, bias=False),
                nn.BatchNorm2d(b),
                nn.ReLU(),
            )

        w = width
        self.stem = nn.Sequential(nn.Conv2d(3, w, 5, 2, 2, bias=False), nn.BatchNorm2d(w), nn.ReLU())
        self.body = nn.Sequential(stage(w, w), stage(w, 2 * w), stage(2 * w, 4 * w), stage(4 * w, 4 * w))
        self.material, self.light = nn.Linear(8 * w, len(NAMES)), nn.Linear(8 * w, len(LIGHT_NAMES))

    def features(self, pictures: Tensor) -> Tensor:
        x = pictures.float() / 255 if pictures.dtype == torch.uint8 else pictures
        x = self.body(self.stem(x * 2 - 1))
        return torch.cat((x.mean((2, 3)), x.amax((2, 3))), 1)

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        found = self.features(pictures)
        return self.material(found), self.light(found)


def train_classifier(
    path: Path,
    *,
    seed: int = 5000,
    banks: int = 12,
    per_bank: int = 420,
    epochs: int = 8,
    batch: int = 32,
    texels: int = TEXELS,
) -> float:
    """Train on `banks` sets of pictures, save safetensors to `path`; returns material accuracy on pictures of other seeds."""
    torch.manual_seed(seed)
    sets = [plain_pictures(seed + i, per_bank, texels=texels) for i in range(banks)]
    images, material, light = (torch.cat([getattr(s, name) for s in sets]) for name in ("images", "material", "light"))
    model = Classifier()
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3, weight_decay=0.02)
    rng = np.random.default_rng(seed)
    total = epochs * (len(images) // batch)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 3e-3, total_steps=total)
    for _ in range(epochs):
        for rows in np.array_split(rng.permutation(len(images)), len(images) // batch)[: len(images) // batch]:
            x = images[rows]
            x = x.flip(3) if rng.random() < 0.5 else x
            shift = [int(s) for s in rng.integers(-16, 17, 2)]
            x = torch.roll(x, shift, (2, 3)) if rng.random() < 0.5 else x
            said, lit = model(x)
            loss = F.cross_entropy(said, material[rows], label_smoothing=0.05) + 0.5 * F.cross_entropy(lit, light[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    model.eval()
    with atomic_write(path) as temporary:
        save_file({k: v.half() if v.is_floating_point() else v for k, v in model.state_dict().items()}, temporary)
    found = judge(model, plain_pictures(seed + 900, per_bank, texels=texels))
    return found["material"]


def load_classifier(path: Path) -> Classifier:
    model = Classifier()
    model.load_state_dict({k: v.float() if v.is_floating_point() else v for k, v in load_file(path).items()})
    return model.eval().requires_grad_(False)


@torch.no_grad()
def judge(model: Classifier, pictures: Judged, batch: int = 64) -> dict[str, float]:
    """Share of pictures whose material and light the classifier names right."""
    answers = [model(x) for x in pictures.images.split(batch)]
    said, lit = (torch.cat([a[i] for a in answers]).argmax(1) for i in (0, 1))
    return {
        "material": float((said == pictures.material).float().mean()),
        "light": float((lit == pictures.light).float().mean()),
    }
