"""``python -m diffusion.training evaluate CONFIG``: what the trained model can do, in numbers, written to evaluation.json."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderTiny, DDIMScheduler, UNet2DConditionModel
from torch import Tensor

from diffusion.text import MiniLMEncoder
from diffusion.training.adjectives import COLOURS
from diffusion.training.bank import build_bank
from diffusion.training.classifier import (
    LIGHT_NAMES,
    NAMES,
    SIDE,
    Classifier,
    Judged,
    judge,
    load_classifier,
    plain_pictures,
)
from diffusion.training.config import UnetConfig
from diffusion.training.materials import MATERIALS
from diffusion.training.metrics import psnr, sharpness_ratio, ssim
from diffusion.training.noise import colour
from diffusion.training.sampling import sample
from diffusion.training.structure import edge_coincidence, period
from diffusion.training.unet import decode
from diffusion.training.vae import reconstruct
from diffusion.training.views import World, depth_channel, paint
from diffusion.training.words import LIGHT_WORDS, Mood, Surface
from scenes.files import atomic_write

CELLS = SIDE // 8
JOINTED = {"brick": 0, "planks": 0, "tiles": 0, "roof tiles": 0}
"""Materials whose joints repeat, and the axis along which they are measured."""


@dataclass(frozen=True)
class Parts:
    """A model folder, opened for evaluation."""

    unet: UNet2DConditionModel
    vae: AutoencoderTiny
    scheduler: DDIMScheduler
    text: MiniLMEncoder
    judge: Classifier

    def paint(
        self, prompts: list[str], depth: Tensor, *, steps: int = 12, guidance: float = 3.0, seed: int = 0
    ) -> Tensor:
        """uint8 [N,3,SIDE,SIDE] for prompts under depth channels [N,1,CELLS,CELLS]."""
        context = torch.cat([self.text.encode(prompts[i : i + 64]) for i in range(0, len(prompts), 64)])
        latents = sample(
            self.unet,
            self.scheduler,
            context,
            self.text.encode([""])[0],
            depth,
            guidance=guidance,
            steps=steps,
            seed=seed,
            batch=16,
        )
        return torch.stack(decode(self.vae, latents))


def open_parts(folder: Path, classifier: Path) -> Parts:
    unet = UNet2DConditionModel.from_pretrained(folder / "unet", torch_dtype=torch.float32).eval()
    vae = AutoencoderTiny.from_pretrained(folder / "vae", torch_dtype=torch.float32).eval()
    scheduler = DDIMScheduler.from_pretrained(folder / "scheduler")
    return Parts(unet, vae, scheduler, MiniLMEncoder(), load_classifier(classifier))


def flat(distance: float, count: int) -> Tensor:
    """Depth channels of face-on walls."""
    return depth_channel(torch.full((count, 1, CELLS, CELLS), distance))


def reconstruction(parts: Parts, count: int) -> dict[str, float]:
    """PSNR, SSIM, sharpness and the classifier's accuracy on originals and on their reconstructions."""
    truth = plain_pictures(9000, count)
    pictures = truth.images.float() / 255
    shown = reconstruct(parts.vae, pictures)
    before, after = (
        judge(parts.judge, truth),
        judge(parts.judge, Judged((shown * 255).byte(), truth.material, truth.light)),
    )
    return {
        "psnr_db": float(psnr(shown, pictures).mean()),
        "ssim": float(ssim(shown, pictures).mean()),
        "sharpness_ratio": float(sharpness_ratio(shown, pictures)),
        "material_truth": before["material"],
        "material_reconstructed": after["material"],
        "light_truth": before["light"],
        "light_reconstructed": after["light"],
    }


def adherence(parts: Parts, count: int, held_out: bool, steps: int = 12) -> dict[str, float]:
    """Share of samples whose material and light the classifier finds in the picture."""
    rng = np.random.default_rng(11 + held_out)
    prompts, material, light, far = [], [], [], []
    for i in range(count):
        name = NAMES[i % len(NAMES)]
        nouns = MATERIALS[name].held_out if held_out else MATERIALS[name].nouns
        mood = LIGHT_NAMES[int(rng.integers(len(LIGHT_NAMES)))]
        prompts.append(f"{rng.choice(nouns)}, {rng.choice(LIGHT_WORDS[mood])}")
        material.append(NAMES.index(name))
        light.append(LIGHT_NAMES.index(mood))
        far.append(flat(200.0 if MATERIALS[name].place == "sky" else float(rng.uniform(3, 9)), 1))
    images = parts.paint(prompts, torch.cat(far), steps=steps)
    return judge(parts.judge, Judged(images, torch.tensor(material), torch.tensor(light)))


def few_steps(parts: Parts, count: int) -> dict[str, float]:
    """Material accuracy at 20 and at 4 steps."""
    return {f"material_{steps}": adherence(parts, count, False, steps)["material"] for steps in (20, 4)}


def joints(parts: Parts, count: int) -> dict[str, float]:
    """Share of samples whose joints have ground truth's period within 15 %, six blocks away."""
    out = {}
    for name, axis in JOINTED.items():
        bank = build_bank([Surface(name)], 31)
        box = np.array([[[-200, -200, -100], [200, 200, 0]]], float)
        world = World(box, np.array([1]), np.array([0, 40.0, 6.0]), 0.0, 0.0, 8 * 27.7, SIDE)
        true, _ = period(paint(world, bank, [0] * 4, Mood(), 1).image, axis)
        images = parts.paint([MATERIALS[name].nouns[0]] * count, flat(6.0, count), seed=3)
        good = [abs(period(image, axis)[0] / true - 1) < 0.15 for image in images]
        out[name] = float(np.mean(good))
        out[f"{name} truth px"] = true
    return out


def depth_effect(parts: Parts, count: int) -> dict[str, float]:
    """near_over_far: joints' period 4 blocks away over that at 8 (truth: 2). difference: mean change of a pixel (0..255) when
    depth is left out. edges: picture gradient on depth's edges over elsewhere, with depth and without it."""
    prompts = ["brick wall"] * count
    near = np.median([period(x, 0)[0] for x in parts.paint(prompts, flat(4.0, count), seed=5)])
    far = np.median([period(x, 0)[0] for x in parts.paint(prompts, flat(8.0, count), seed=5)])
    step = torch.full((count, 1, CELLS, CELLS), 9.0)
    step[..., 4:12, 4:12] = 3.0
    relief = depth_channel(step)
    names = [MATERIALS[n].nouns[0] for n in NAMES if MATERIALS[n].place != "sky"][:count]
    seen = parts.paint(names, relief[: len(names)], seed=6)
    blind = parts.paint(names, torch.zeros_like(relief[: len(names)]), seed=6)
    return {
        "near_over_far": float(near / max(far, 1)),
        "difference": float((seen.float() - blind.float()).abs().mean()),
        "edges_with": float(np.mean([edge_coincidence(x, relief[0, 0]) for x in seen])),
        "edges_without": float(np.mean([edge_coincidence(x, relief[0, 0]) for x in blind])),
    }


def colours(parts: Parts, count: int) -> dict[str, float]:
    """Mean RGB distance (0..1 per channel, Euclidean) of "COLOUR plaster"-like samples to the word's colour, and how often that word is
    the nearest of all."""
    words = [w for w in COLOURS for _ in range(max(1, count // len(COLOURS)))]
    nouns = ["house wall", "tiles", "carpet", "brick wall"]
    images = parts.paint([f"{w} {nouns[i % 4]}" for i, w in enumerate(words)], flat(6.0, len(words)), seed=9)
    means = images.float().mean((2, 3)) / 255
    table = torch.stack([colour(c).view(3) for c in COLOURS.values()])
    direction = torch.nn.functional.normalize(means - means.mean(1, keepdim=True), dim=1)
    wanted = torch.nn.functional.normalize(table - table.mean(1, keepdim=True), dim=1)
    index = torch.tensor([list(COLOURS).index(w) for w in words])
    return {
        "distance": float((means - table[index]).norm(dim=1).mean()),
        "nearest": float((torch.cdist(means, table).argmin(1) == index).float().mean()),
        "hue_cosine": float((direction * wanted[index]).sum(1).mean()),
    }


MEASURES: dict[str, Callable[[Parts, int], dict[str, float]]] = {
    "reconstruction": reconstruction,
    "adherence": lambda parts, n: adherence(parts, n, False),
    "held_out_words": lambda parts, n: adherence(parts, n, True),
    "few_steps": lambda parts, n: few_steps(parts, n // 2),
    "joints": lambda parts, n: joints(parts, max(4, n // 20)),
    "depth": lambda parts, n: depth_effect(parts, max(4, n // 15)),
    "colours": lambda parts, n: colours(parts, n // 5),
}


def evaluate(config: UnetConfig, count: int = 504) -> dict[str, dict[str, float]]:
    """All measures of `config.out/model`; also written to `config.out/evaluation.json`."""
    torch.set_num_threads(config.threads) if config.threads else None
    parts = open_parts(Path(config.out) / "model", Path(config.judge))
    found: dict[str, dict[str, float]] = {}
    for name, measure in MEASURES.items():
        found[name] = {k: round(v, 4) for k, v in measure(parts, count).items()}
        print(name, found[name], flush=True)
    with atomic_write(Path(config.out) / "evaluation.json") as temporary:
        temporary.write_text(json.dumps(found, indent=1), encoding="utf-8")
    return found
