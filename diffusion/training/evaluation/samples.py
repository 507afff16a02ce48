"""The views that measures use. Worlds, surfaces and captions come from seeds that no training uses."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np
import torch

from base.grid import CELL
from diffusion.canvas import GBuffer
from diffusion.models.depth import FOCAL
from diffusion.training.config import DataConfig
from diffusion.training.data.bank import build_bank
from diffusion.training.data.captions import LIGHT_WORDS, Mood, Surface, caption
from diffusion.training.data.dataset import surfaces_from_note
from diffusion.training.data.materials import MATERIALS
from diffusion.training.data.pictures import DrawnPictures
from diffusion.training.data.views import SLOTS, World
from diffusion.training.data.worlds import world_from_note
from diffusion.training.evaluation.classifier import LIGHT_NAMES, NAMES, SIDE, JudgedPictures, plain_views
from diffusion.training.evaluation.subject import Subject
from diffusion.training.evaluation.view import View, camera_of, draw_view, view_of

TRUTH = 9000
"""Seed of the plain pictures that samples are compared with."""
SOLID = [i for i, name in enumerate(NAMES) if MATERIALS[name].place != "sky"]
PLAIN = np.array([[[-200, -200, -100], [200, 200, 0]]], float)


def wall(x: float, y: float, away: float, yaw: float = 0.0) -> World:
    """Return a view of the wall in the plane z = 0. away: distance in blocks; yaw: radians to the left."""
    return World(PLAIN, np.array([1]), np.array([x, y, away]), yaw, 0.0, CELL * FOCAL, SIDE)


def prompt_of(material: int, light: int, rng: np.random.Generator, held_out: bool = False) -> str:
    """Return a noun for the material with words for the light. held_out: use a noun that no training caption has."""
    drawn = MATERIALS[NAMES[material]]
    nouns = drawn.held_out if held_out else drawn.nouns
    return f"{rng.choice(nouns)}, {rng.choice(LIGHT_WORDS[LIGHT_NAMES[light]])}"


@lru_cache(maxsize=2)
def plain_truth(count: int, seed: int = TRUTH) -> tuple[JudgedPictures, tuple[World, ...]]:
    """Draw pictures of one material each; return them with their worlds."""
    judged, worlds = plain_views(seed, count)
    return judged, tuple(worlds)


def plain_asked(count: int, held_out: bool = False) -> list[View]:
    """Return a view with a random prompt for each picture of `plain_truth`."""
    truth, worlds = plain_truth(count)
    rng = np.random.default_rng(11 + held_out)
    labels = zip(truth.images, worlds, truth.material.tolist(), truth.light.tolist(), strict=True)
    return [view_of(world, image, [prompt_of(m, light, rng, held_out)]) for image, world, m, light in labels]


@lru_cache(maxsize=3)
def plain_samples(subject: Subject, count: int, held_out: bool = False) -> JudgedPictures:
    """Paint the views of `plain_asked`; return the pictures with the expected materials and lights."""
    return replace(plain_truth(count)[0], images=subject.paint(plain_asked(count, held_out)))


@lru_cache(maxsize=1)
def draw_views(data: DataConfig, count: int) -> tuple[View, ...]:
    """Draw views of held-out worlds with several surfaces, each with its own caption."""
    pictures, rng, found = DrawnPictures(data), np.random.default_rng(13), []
    for index in range(pictures.count):
        surfaces, mood = surfaces_from_note(pictures.note(index))
        if len(surfaces) > 1 and len(found) < count:
            prompts = [""] * SLOTS
            for surface, slots in surfaces:
                said = caption([surface], mood, rng)
                for slot in slots:
                    prompts[slot] = said
            world, _ = world_from_note(pictures.note(index)["world"])
            found.append(view_of(world, pictures.tensor("images", index), prompts))
    return tuple(found)


def three_walls(rng: np.random.Generator) -> tuple[View, list[int], int]:
    """Return a view of three walls side by side, five blocks away, with the materials from left to right and the light."""
    chosen, light = rng.choice(SOLID, 3, replace=False).tolist(), int(rng.integers(len(LIGHT_NAMES)))
    bank = build_bank([Surface(NAMES[m]) for m in chosen], int(rng.integers(2**31)))
    away = 5.0
    x, y, step = float(rng.uniform(-20, 20)), float(rng.uniform(30, 50)), SIDE / (CELL * FOCAL) * away
    parts = [
        draw_view(
            wall(x + step * (k - 1), y, away),
            bank,
            [k] * SLOTS,
            Mood(LIGHT_NAMES[light]),
            [prompt_of(chosen[k], light, rng)],
            int(rng.integers(2**31)),
        )
        for k in range(3)
    ]
    columns = [
        np.concatenate([getattr(p.gbuffer, name) for p in parts], 1)
        for name in ("cell_side", "cell_depth", "side", "depth")
    ]
    regions = np.concatenate([np.full_like(p.regions, k) for k, p in enumerate(parts)], 1)
    gbuffer = GBuffer(camera_of(wall(x, y, away)), *columns)
    truth = torch.cat([p.truth for p in parts], 2)
    return View(truth, gbuffer, regions, tuple(p.prompts[0] for p in parts)), chosen, light
