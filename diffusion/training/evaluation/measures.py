"""The measures of a trained model: one function for each, (model, count) → figures, and their table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from diffusion.canvas import Canvas, Region
from diffusion.canvas import Surface as CanvasSurface
from diffusion.dream import dream
from diffusion.settings import DreamSettings
from diffusion.training.data.adjectives import COLOURS
from diffusion.training.data.bank import build_bank
from diffusion.training.data.captions import LIGHT_WORDS, Mood, Surface
from diffusion.training.data.materials import MATERIALS
from diffusion.training.data.materials.patterns import colour
from diffusion.training.data.views import World, paint
from diffusion.training.evaluation.classifier import LIGHT_NAMES, NAMES, SIDE, Judged, judge, plain_pictures
from diffusion.training.evaluation.judging import (
    CELLS,
    TRUTH,
    EvaluatedModel,
    draw_samples,
    flat_depth,
    ground_truth,
    open_student,
)
from diffusion.training.evaluation.structure import edge_coincidence, period
from diffusion.training.learners.vae import reconstruct
from diffusion.training.metrics import frechet, psnr, sharpness_ratio, ssim

JOINTED = {"brick": 0, "planks": 0, "tiles": 0, "roof tiles": 0}
"""Materials whose joints repeat, and the axis along which they are measured."""
DISTANCES = (3.0, 6.0)  # blocks, where joints are measured


def reconstruction(parts: EvaluatedModel, count: int) -> dict[str, float]:
    """PSNR, SSIM, sharpness and the judge's accuracy on originals and on their reconstructions."""
    true = ground_truth(count)[0]
    pictures = true.images.float() / 255
    shown = reconstruct(parts.model.vae, pictures)
    before, after = (judge(parts.judge, x) for x in (true, replace(true, images=(shown * 255).byte())))
    return {
        "psnr_db": float(psnr(shown, pictures).mean()),
        "ssim": float(ssim(shown, pictures).mean()),
        "sharpness_ratio": float(sharpness_ratio(shown, pictures)),
        "material_truth": before["material"],
        "material_reconstructed": after["material"],
        "light_truth": before["light"],
        "light_reconstructed": after["light"],
    }


def adherence(parts: EvaluatedModel, count: int, held_out: bool = False) -> dict[str, float]:
    """Share of samples whose material and light the judge finds in the picture."""
    return judge(parts.judge, draw_samples(parts, count, held_out))


def regions(parts: EvaluatedModel, count: int, execution: str) -> dict[str, float]:
    """Share of regions with the right material and light in views of three walls side by side, one prompt each, dreamed as the
    program dreams."""
    rng = np.random.default_rng(21)
    walls = [i for i, n in enumerate(NAMES) if MATERIALS[n].place != "sky"]
    images, material, light = [], [], []
    settings = DreamSettings(execution=execution, sampler=parts.sampler, scale=parts.guidance, steps=parts.steps)
    for index in range(count):
        chosen, mood = rng.choice(walls, 3, replace=False).tolist(), int(rng.integers(len(LIGHT_NAMES)))
        masks = np.kron(np.eye(3, dtype=np.float32)[:, None, :], np.ones((1, CELLS, CELLS), np.float32))
        words = str(rng.choice(LIGHT_WORDS[LIGHT_NAMES[mood]]))
        asked = tuple(
            Region(f"{rng.choice(MATERIALS[NAMES[c]].nouns)}, {words}", m) for c, m in zip(chosen, masks, strict=True)
        )
        size = (CELLS, 3 * CELLS)
        noise = rng.standard_normal((parts.model.channels, *size)).astype(np.float32)
        canvas = Canvas(asked, noise, np.ones(size, np.float32), surface=CanvasSurface(np.full(size, 5.0, np.float32)))
        picture = torch.from_numpy(dream(parts.model, canvas, replace(settings, seed=index)).image).permute(2, 0, 1)
        images += list(picture.split(SIDE, 2))
        material += chosen
        light += [mood] * 3
    return judge(parts.judge, Judged(torch.stack(images), torch.tensor(material), torch.tensor(light)))


def student_regions(parts: EvaluatedModel, count: int) -> dict[str, float]:
    """`regions`' material for the student beside the model, if there is one: by regional attention, and each region by itself."""
    student = open_student(parts)
    if student is None:
        return {}
    return {how: regions(student, count, how)["material"] for how in ("attention", "batched")}


def student(parts: EvaluatedModel, count: int) -> dict[str, float]:
    """The student beside the model, if there is one: material, light, held-out words, joints, colours."""
    few = open_student(parts)
    if few is None:
        return {}
    return {
        **adherence(few, count),
        "held_out": adherence(few, count, held_out=True)["material"],
        "distance": distance(few, count),
        "joints": joints(few, max(4, count // 20))["mean"],
        "nearest_colour": colours(few, max(1, count // 5))["nearest"],
    }


def compare_step_counts(parts: EvaluatedModel, count: int) -> dict[str, float]:
    """Material accuracy and Fréchet distance at 20 and at 4 steps, with the solver that is best at few."""
    found = {}
    for steps in (20, 4):
        quick = replace(parts, sampler="dpmpp_2m", steps=steps)
        found[f"material_{steps}"] = adherence(quick, count)["material"]
        found[f"distance_{steps}"] = distance(quick, count)
    return found


def distance(parts: EvaluatedModel, count: int) -> float:
    """Fréchet distance of the judge's features between samples and the ground truth that they were asked for."""
    a, b = (
        torch.cat([parts.judge.features(x) for x in p.images.split(64)])
        for p in (draw_samples(parts, count), ground_truth(count)[0])
    )
    return frechet(a, b)


def averaging(parts: EvaluatedModel, count: int) -> dict[str, float]:
    """Fréchet distances of averaged and raw weights, and of two sets of ground truth, the lowest value to expect from so few pictures."""
    other = plain_pictures(TRUTH + 1, count).images
    a, b = (torch.cat([parts.judge.features(x) for x in p.split(64)]) for p in (other, ground_truth(count)[0].images))
    return {"ema": distance(parts, count), "raw": distance(parts.raw, count), "truth": frechet(a, b)}


def joints(parts: EvaluatedModel, count: int) -> dict[str, float]:
    """Share of samples whose joints have ground truth's period within 15 %, for each material and distance (blocks)."""
    out = {}
    for name, axis in JOINTED.items():
        bank = build_bank([Surface(name)], 31)
        for away in DISTANCES:
            box = np.array([[[-200, -200, -100], [200, 200, 0]]], float)
            world = World(box, np.array([1]), np.array([0, 40.0, away]), 0.0, 0.0, 8 * 27.7, SIDE)
            true, _ = period(paint(world, bank, [0] * 4, Mood(), 1).image, axis)
            images = parts.paint([MATERIALS[name].nouns[0]] * count, flat_depth(away, count), seed=3)
            out[f"{name} at {away:g}"] = float(np.mean([abs(period(i, axis)[0] / true - 1) < 0.15 for i in images]))
    out["mean"] = float(np.mean(list(out.values())))
    return out


def depth_effect(parts: EvaluatedModel, count: int) -> dict[str, float]:
    """near_over_far: joints' period 4 blocks away over that at 8 (truth: 2). difference: mean change of a pixel (0..255) when
    depth is left out. edges: picture gradient on depth's edges over elsewhere, with depth and without it."""
    prompts = ["brick wall"] * count
    near, far = (
        np.median([period(x, 0)[0] for x in parts.paint(prompts, flat_depth(away, count), seed=5)])
        for away in (4.0, 8.0)
    )
    relief = flat_depth(9.0, 1)
    relief[..., 4:12, 4:12] = flat_depth(3.0, 1, 8)
    names = [MATERIALS[n].nouns[0] for n in NAMES if MATERIALS[n].place != "sky"][:count]
    both = relief.expand(len(names), -1, -1, -1)
    seen, blind = (parts.paint(names, depth, seed=6) for depth in (both, torch.zeros_like(both)))

    def edges(pictures: Tensor) -> float:
        return float(np.mean([edge_coincidence(x, relief[0, 0]) for x in pictures]))

    return {
        "near_over_far": float(near / max(far, 1)),
        "difference": float((seen.float() - blind.float()).abs().mean()),
        "edges_with": edges(seen),
        "edges_without": edges(blind),
    }


def colours(parts: EvaluatedModel, count: int) -> dict[str, float]:
    """How samples of "COLOUR carpet" and the like meet the word's colour: mean RGB distance (0..1 a channel, Euclidean), how often
    the word is the nearest of all, and the cosine of the hues."""
    words = [w for w in COLOURS for _ in range(max(1, count // len(COLOURS)))]
    nouns = ["house wall", "tiles", "carpet", "brick wall"]
    images = parts.paint([f"{w} {nouns[i % 4]}" for i, w in enumerate(words)], flat_depth(6.0, len(words)), seed=9)
    means = images.float().mean((2, 3)) / 255
    table = torch.stack([colour(c).view(3) for c in COLOURS.values()])
    hue, wanted = (torch.nn.functional.normalize(x - x.mean(1, keepdim=True), dim=1) for x in (means, table))
    index = torch.tensor([list(COLOURS).index(w) for w in words])
    return {
        "distance": float((means - table[index]).norm(dim=1).mean()),
        "nearest": float((torch.cdist(means, table).argmin(1) == index).float().mean()),
        "hue_cosine": float((hue * wanted[index]).sum(1).mean()),
    }


MEASURES: dict[str, Callable[[EvaluatedModel, int], dict[str, float]]] = {
    "reconstruction": reconstruction,
    "adherence": adherence,
    "held_out_words": lambda parts, n: adherence(parts, n, held_out=True),
    "regions": lambda parts, n: regions(parts, max(1, n // 6), "batched"),
    "regional_attention": lambda parts, n: regions(parts, max(1, n // 6), "attention"),
    "student_regions": lambda parts, n: student_regions(parts, max(1, n // 6)),
    "student": student,
    "averaging": averaging,
    "joints": lambda parts, n: joints(parts, max(4, n // 20)),
    "depth": lambda parts, n: depth_effect(parts, max(4, n // 15)),
    "colours": lambda parts, n: colours(parts, n // 5),
    "few_steps": lambda parts, n: compare_step_counts(parts, max(4, n // 2)),
}
