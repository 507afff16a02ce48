"""The noised sequence of a picture: the function behind `rayverie generate --unsample`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from base.grid import CELL
from diffusion.denoisers.few_step import run_part
from diffusion.models.model import Model
from diffusion.sampling.schedules import make_sigmas
from diffusion.sampling.unsampling import make_noised_sequence, scale_for_model
from diffusion.settings import DreamSettings
from diffusion.text2image.generate import load_picture, start_noise_of
from diffusion.text2image.recipe import GenerateSettings


@dataclass(frozen=True)
class Unsampled:
    """steps: the step that starts at each level, counted from 0; at the last level the last step ends

    sigmas: [n], falling; latents: float32 [n,C,h,w]
    """

    steps: tuple[int, ...]
    sigmas: tuple[float, ...]
    latents: Tensor


def levels_of(model: Model, settings: DreamSettings) -> tuple[tuple[int, ...], tuple[float, ...]]:
    """(steps, sigmas) at which the steps of a run start, from `start_at` to `end_at`, and the level after the last one."""
    part = settings.timestep_min, settings.timestep_max
    sigmas = make_sigmas(model.schedule, settings.spacing, settings.steps, settings.spacing_power, *part)
    first, end = run_part(settings, False, len(sigmas) - 1)
    return tuple(range(first, end + 1)), tuple(sigmas[first : end + 1].tolist())


@torch.inference_mode()
def unsample(model: Model, picture: np.ndarray, noise: np.ndarray, settings: DreamSettings) -> Unsampled:
    """The noised latents of a picture uint8 [8h,8w,3]. noise: float32 [C,h,w], unit normal."""
    steps, sigmas = levels_of(model, settings)
    fresh = settings.seed if settings.mix_noise == "fresh" else None
    latents = make_noised_sequence(model.encode(picture), torch.from_numpy(noise), torch.tensor(sigmas), fresh)
    return Unsampled(steps, sigmas, latents)


def unsample_file(model: Model, path: Path, settings: GenerateSettings) -> Unsampled:
    """The same for a picture file, in the size and with the start noise of the settings. Raises InputError."""
    picture = load_picture(path, "--unsample", settings.size, model.multiple)
    height, width = picture.shape[0] // CELL, picture.shape[1] // CELL
    return unsample(model, picture, start_noise_of(model, settings, (height, width)), settings.dream)


def pictures_of(model: Model, found: Unsampled, size: tuple[int, int]) -> list[np.ndarray]:
    """uint8 [H,W,3] of each level: its latents, scaled as the model sees them and decoded. size: (width, height), cropped to."""
    seen = scale_for_model(found.latents, torch.tensor(found.sigmas))
    return [model.decode(latents)[: size[1], : size[0]] for latents in seen]
