"""The judge of samples: a small classifier of material and light, trained on ground-truth pictures from seeds of its own.

No other training uses these seeds, so the judge never sees what it judges."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file
from torch import Tensor

from base.files import atomic_write
from diffusion.introspection.classifier import Classifier, load_classifier
from diffusion.training.config import JudgeConfig
from diffusion.training.data.bank import build_bank
from diffusion.training.data.captions import Mood, Surface
from diffusion.training.data.dataset import crops
from diffusion.training.data.light import LIGHTS
from diffusion.training.data.materials import MATERIALS
from diffusion.training.data.materials.patterns import TEXELS
from diffusion.training.data.views import World, paint, random_world
from diffusion.training.loop import run_steps

NAMES = tuple(MATERIALS)
LIGHT_NAMES = tuple(LIGHTS)
SIDE = 128
HELD_OUT = 900
"""Number of the bank of validation pictures, which no judge is trained on."""


@dataclass(frozen=True)
class JudgedPictures:
    """images: uint8 [N,3,SIDE,SIDE]; material, light: int64 [N]."""

    images: Tensor
    material: Tensor
    light: Tensor


def plain_pictures(seed: int, count: int, names: tuple[str, ...] = NAMES, texels: int = TEXELS) -> JudgedPictures:
    """Draw pictures of one material each, without adjectives, near and far, in every light; materials in turn."""
    return plain_views(seed, count, names, texels)[0]


def plain_views(
    seed: int, count: int, names: tuple[str, ...] = NAMES, texels: int = TEXELS
) -> tuple[JudgedPictures, list[World]]:
    """As `plain_pictures`, with the world of each picture."""
    rng = np.random.default_rng([seed, 77])
    names = names[:count]
    bank = build_bank([Surface(n) for n in names for _ in range(2)], seed + 10_000, texels=texels)
    images, material, light, worlds = [], [], [], []
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
        picture = paint(world, bank, chosen, Mood(mood), int(rng.integers(2**31)))
        images.append(picture.image)
        worlds.append(world)
        material.append(NAMES.index(names[index]))
        light.append(LIGHT_NAMES.index(mood))
    return JudgedPictures(torch.stack(images), torch.tensor(material), torch.tensor(light)), worlds


def load_pictures(config: JudgeConfig, bank: int, count: int) -> JudgedPictures:
    """Load the pictures of one bank. They are drawn at first use and stored in the run's folder."""
    path = Path(config.out) / "pictures" / f"{config.seed + bank}-{count}.safetensors"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        drawn = plain_pictures(config.seed + bank, count, texels=config.texels)
        with atomic_write(path) as temporary:
            save_file(vars(drawn), temporary)
    return JudgedPictures(**load_file(path))


def train_classifier(config: JudgeConfig) -> Path:
    """Train the judge, or resume. Returns its file: fp16 safetensors, with accuracy on held-out seeds and the names as metadata."""
    sets = [load_pictures(config, i, config.pictures) for i in range(config.banks)]
    images, material, light = (torch.cat([getattr(s, name) for s in sets]) for name in ("images", "material", "light"))
    unseen = load_pictures(config, HELD_OUT, config.validation)
    torch.manual_seed(config.seed)
    model = Classifier(config.width, len(NAMES), len(LIGHT_NAMES))
    if config.start:
        model.load_state_dict(load_classifier(Path(config.start)).state_dict())

    def batch(step: int) -> tuple[Tensor, ...]:
        rng = np.random.default_rng([config.seed, step])
        rows = torch.from_numpy(rng.integers(len(images), size=config.pictures_in_step))
        return crops(images[rows], config.crop, rng), material[rows], light[rows]

    def loss(pictures: Tensor, named: Tensor, lit: Tensor) -> dict[str, Tensor]:
        said, seen = model(pictures)
        return {
            "named": F.cross_entropy(said, named, label_smoothing=0.05),
            "seen": 0.5 * F.cross_entropy(seen, lit, label_smoothing=0.05),
        }

    def on_sample(step: int) -> dict[str, float]:
        model.eval()
        found = measure_accuracy(model, unseen)
        model.train()
        return found

    masters = run_steps(config, model, loss, batch, on_sample=on_sample)
    trained = masters.exact("")
    assert isinstance(trained, Classifier)
    found = {k: f"{v:.4f}" for k, v in measure_accuracy(trained, unseen).items()}
    found |= {"materials": json.dumps(NAMES), "lights": json.dumps(LIGHT_NAMES)}
    path = Path(config.out) / "judge.safetensors"
    weights = {k: (v.half() if v.is_floating_point() else v).contiguous() for k, v in trained.state_dict().items()}
    with atomic_write(path) as temporary:
        save_file(weights, temporary, metadata=found)
    return path


@torch.no_grad()
def measure_accuracy(model: Classifier, pictures: JudgedPictures, batch: int = 64) -> dict[str, float]:
    """Return the shares of pictures whose material and light the classifier recognises."""
    answers = [model(x) for x in pictures.images.split(batch)]
    said, lit = (torch.cat([a[i] for a in answers]).argmax(1) for i in (0, 1))
    return {
        "material": float((said == pictures.material).float().mean()),
        "light": float((lit == pictures.light).float().mean()),
    }
