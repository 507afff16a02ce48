"""The embedded upscaler: small, trained as its notes say, and better than what enlarges by a formula."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import torch
from PIL import Image

from diffusion.loaders.embedded import EMBEDDED
from diffusion.training.data.bank import build_bank
from diffusion.training.data.captions import Mood, Surface
from diffusion.training.data.views import paint, random_world
from diffusion.training.metrics import psnr, sharpness_ratio
from diffusion.upscaling.embedded import FILE
from diffusion.upscaling.enlarge import enlarge
from diffusion.upscaling.weights import open_upscaler


def test_the_embedded_network_is_there_and_small() -> None:
    upscaler = open_upscaler(None)
    assert upscaler.scale == 2
    assert FILE.stat().st_size < 750_000
    grey = np.full((24, 32, 3), 90, np.uint8)
    assert np.abs(enlarge(grey, upscaler).astype(int) - 90).max() <= 2


def test_it_shows_more_than_lanczos_of_walls_that_nothing_was_trained_on() -> None:
    """Brick and planks of a seed of their own, drawn at 256², made 128² and large again."""
    bank = build_bank([Surface("brick"), Surface("planks"), Surface("roof tiles"), Surface("clouds")], 77)
    rng, pairs = np.random.default_rng(77), []
    for place in range(3):
        world = replace(random_world(rng, "wall", 256), yaw=0.2, pitch=0.0, eye=np.array([0, 1.5, 5.0]))
        pairs.append(paint(world, bank, [place] * 3 + [3], Mood(), place).image)
    upscaler, gains, sharp = open_upscaler(None), [], []
    for truth in pairs:
        large = Image.fromarray(truth.permute(1, 2, 0).numpy())
        small = large.resize((128, 128), Image.Resampling.BOX)
        ours, lanczos = enlarge(np.asarray(small), upscaler), small.resize((256, 256), Image.Resampling.LANCZOS)
        shown = [torch.from_numpy(np.array(one)).permute(2, 0, 1)[None] / 255 for one in (ours, lanczos, large)]
        gains.append(float(psnr(shown[0], shown[2]) - psnr(shown[1], shown[2])))
        sharp.append(float(sharpness_ratio(shown[0], shown[1])))
    assert min(gains) > 0 and np.mean(gains) > 0.8 and np.mean(sharp) > 1.1


def test_its_training_is_noted() -> None:
    notes = json.loads((EMBEDDED / "training.json").read_text(encoding="utf-8"))["upscaler"]
    assert notes["steps"] > 1000 and notes["config"]["scale"] == 2
    figures = notes["figures"]
    assert figures["psnr_network_box"] > figures["psnr_lanczos_box"] > figures["psnr_bicubic_box"]
