"""A model under evaluation: batches of samples from the program's own diffusion core, and the classifier that judges them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from base.errors import InputError
from base.grid import CELL
from base.step_schedule import value_at
from diffusion.loaders.loading import load_model
from diffusion.models.model import Model
from diffusion.sampling.schedules import Timeline, make_sigmas
from diffusion.sampling.solvers import SAMPLERS
from diffusion.settings import DreamSettings
from diffusion.training.checkpoint import NAME
from diffusion.training.data.captions import LIGHT_WORDS
from diffusion.training.data.materials import MATERIALS
from diffusion.training.data.views import depth_channel
from diffusion.training.evaluation.classifier import (
    LIGHT_NAMES,
    NAMES,
    SIDE,
    Classifier,
    Judged,
    load_classifier,
    plain_views,
)
from diffusion.training.learners.unet import decode

CELLS = SIDE // CELL
STEPS = 12
TRUTH = 9000
"""The seed of the ground truth that samples are compared with; no model is trained on it."""


@dataclass(frozen=True, eq=False)
class EvaluatedModel:
    """A model folder opened for evaluation, and its sampling settings.

    guidance: scale, 1 for a student, which contains its guidance; start: share of the run from which guidance applies.
    """

    folder: Path
    model: Model
    judge: Classifier
    sampler: str = "ddim"
    steps: int = STEPS
    guidance: float = value_at(DreamSettings.scale, 0.0)
    start: float = DreamSettings.guidance_start

    @torch.inference_mode()
    def paint(self, prompts: list[str], depth: Tensor, *, seed: int = 0, batch: int = 16) -> Tensor:
        """uint8 [N,3,8h,8w] for prompts under depth channels [N,1,h,w]."""
        model, shown = self.model, []
        generator = torch.Generator().manual_seed(seed)
        sigmas = make_sigmas(model.schedule, "trailing", self.steps)
        line = Timeline(tuple(sigmas.tolist()))
        blank = model.context([""])[0]
        for first in range(0, len(prompts), batch):
            words = torch.cat(model.context(prompts[first : first + batch]))
            seen = depth[first : first + batch].to(model.device)
            noise = torch.randn(len(words), model.channels, *seen.shape[2:], generator=generator)

            def denoise(x: Tensor, sigma: float, words: Tensor = words, seen: Tensor = seen) -> Tensor:
                if self.guidance == 1.0 or line.progress(sigma) < self.start:
                    return model.denoise(x, sigma, words, seen)
                both = torch.cat((blank.expand_as(words), words))
                low, high = model.denoise(x.repeat(2, 1, 1, 1), sigma, both, seen.repeat(2, 1, 1, 1)).chunk(2)
                return low + self.guidance * (high - low)

            x = noise.to(model.device) * float(sigmas[0])
            x = SAMPLERS[self.sampler](denoise, x, sigmas, generator=torch.Generator().manual_seed(seed + first))
            shown += decode(model.vae, x)
        return torch.stack(shown)

    @cached_property
    def raw(self) -> EvaluatedModel:
        """The same model with the raw instead of the averaged weights, from its checkpoint."""
        path = self.folder.parent / NAME
        if not path.exists():
            raise InputError(path, "", "isn't there: a model folder alone has no raw weights")
        other = load_model(self.folder, "cpu")
        other.unet.load_state_dict(torch.load(path, map_location="cpu", weights_only=True)["model"])
        return replace(self, model=other)


def open_evaluated(folder: Path, classifier: Path, **how: object) -> EvaluatedModel:
    """Open a model folder and the judge. Raises InputError if either is missing."""
    return EvaluatedModel(folder, load_model(folder, "cpu"), load_classifier(classifier), **how)  # type: ignore[arg-type]


def open_student(parts: EvaluatedModel) -> EvaluatedModel | None:
    """The few-step student beside a run's folder, with its sampling settings; None if there is none."""
    folder = parts.folder.parent.parent / "few" / "model"
    if not folder.is_dir():
        return None
    return replace(parts, folder=folder, model=load_model(folder, "cpu"), sampler="ddim", steps=4, guidance=1.0)


def flat_depth(distance: float, count: int, side: int = CELLS) -> Tensor:
    """Depth channels [count,1,side,side] of face-on walls."""
    return depth_channel(torch.full((count, 1, side, side), distance))


@lru_cache(maxsize=2)
def ground_truth(count: int) -> tuple[Judged, Tensor]:
    """Ground truth pictures from the seed TRUTH, and their depth channels [count,1,CELLS,CELLS] float32."""
    pictures, depth = plain_views(TRUTH, count)
    return pictures, depth.float()


@lru_cache(maxsize=6)
def draw_samples(parts: EvaluatedModel, count: int, held_out: bool = False) -> Judged:
    """Samples for a random caption and the depth of each picture of `ground_truth`. held_out: use nouns kept from training."""
    pictures, depth = ground_truth(count)
    rng = np.random.default_rng(11 + held_out)
    prompts = []
    for material, light in zip(pictures.material.tolist(), pictures.light.tolist(), strict=True):
        drawn = MATERIALS[NAMES[material]]
        nouns = drawn.held_out if held_out else drawn.nouns
        prompts.append(f"{rng.choice(nouns)}, {rng.choice(LIGHT_WORDS[LIGHT_NAMES[light]])}")
    return replace(pictures, images=parts.paint(prompts, depth))
