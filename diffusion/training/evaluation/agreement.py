"""Measure whether two views of one wall, painted independently, show the same."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from diffusion.training.data.bank import build_bank
from diffusion.training.data.captions import Mood, Surface
from diffusion.training.data.materials import MATERIALS
from diffusion.training.data.views import SLOTS, World
from diffusion.training.evaluation.classifier import NAMES
from diffusion.training.evaluation.samples import SOLID, wall
from diffusion.training.evaluation.subject import Subject
from diffusion.training.evaluation.view import View, draw_view

TEXELS = 192  # along each side of the compared part of the wall
PEAK = 255.0


def project_onto_picture(world: World, points: Tensor) -> Tensor:
    """Project world points [...,3] (blocks) into the picture: [...,2], x and y from -1 to 1 across it."""
    cosine, sine = float(np.cos(world.yaw)), float(np.sin(world.yaw))
    offset = points - torch.tensor(world.eye, dtype=torch.float32)
    right, forward = torch.tensor([cosine, 0.0, -sine]), torch.tensor([-sine, 0.0, -cosine])
    scale = 2 * world.focal / world.size / (offset @ forward)
    return torch.stack(((offset @ right) * scale, -offset[..., 1] * scale), -1)


def shared_psnr(a: Tensor, b: Tensor, worlds: tuple[World, World]) -> float:
    """Return the PSNR in dB of two pictures [3,H,W] of the wall at z = 0, over the texels that both show."""
    reach = float(worlds[0].eye[2]) * worlds[0].size / worlds[0].focal / 2
    steps = torch.linspace(-reach, reach, TEXELS)
    y, x = torch.meshgrid(steps + float(worlds[0].eye[1]), steps + float(worlds[0].eye[0]), indexing="ij")
    points = torch.stack((x, y, torch.zeros_like(x)), -1)
    places = [project_onto_picture(world, points) for world in worlds]
    # half a pixel inside the border, so that bilinear sampling stays within the picture
    both = torch.stack([p.abs().amax(-1) < 1 - 1 / world.size for p, world in zip(places, worlds, strict=True)]).all(0)
    seen = [
        F.grid_sample(picture[None].float(), place[None], align_corners=False)[0][:, both]
        for picture, place in zip((a, b), places, strict=True)
    ]
    return float(10 * torch.log10(PEAK**2 / (seen[0] - seen[1]).square().mean().clamp_min(1e-6)))


def pairs(count: int) -> list[tuple[tuple[World, World], tuple[View, View]]]:
    """Two views of each of `count` walls: moved sideways, nearer or farther, and turned."""
    rng, found = np.random.default_rng(51), []
    for _ in range(count):
        name = NAMES[int(rng.choice(SOLID))]
        bank = build_bank([Surface(name)], int(rng.integers(2**31)))
        x, y, away = float(rng.uniform(-20, 20)), float(rng.uniform(30, 50)), float(rng.uniform(3, 7))
        other = wall(
            x + float(rng.uniform(-0.8, 0.8)),
            y + float(rng.uniform(-0.4, 0.4)),
            away * float(rng.uniform(0.8, 1.25)),
            float(rng.uniform(-0.15, 0.15)),
        )
        worlds = (wall(x, y, away), other)
        prompt = MATERIALS[name].nouns[0]
        views = [draw_view(world, bank, [0] * SLOTS, Mood(), [prompt]) for world in worlds]
        found.append((worlds, (views[0], views[1])))
    return found


def agreement_of_views(subject: Subject, count: int) -> dict[str, float]:
    """Return the mean PSNR in dB over the texels that both views show: for pictures painted with different noise, and for the truth."""
    asked = pairs(max(1, count // 8))
    first, second = (subject.paint([views[k] for _, views in asked], seed=60 + k) for k in (0, 1))
    psnr = [shared_psnr(a, b, worlds) for a, b, (worlds, _) in zip(first, second, asked, strict=True)]
    truth = [shared_psnr(views[0].truth, views[1].truth, worlds) for worlds, views in asked]
    return {"psnr": float(np.mean(psnr)), "truth": float(np.mean(truth))}
