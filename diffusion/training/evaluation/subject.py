"""The model under evaluation, which paints views by the program's own dreams, and the judge of its pictures."""

from __future__ import annotations

import json
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from base.errors import InputError
from base.grid import CELL
from diffusion.canvas import Surface
from diffusion.dream import dream
from diffusion.introspection.classifier import Classifier, load_classifier
from diffusion.loaders.embedded import EMBEDDED, OWN
from diffusion.loaders.loading import load_model
from diffusion.models.model import as_image
from diffusion.models.surface_model import SurfaceModel
from diffusion.settings import DreamSettings
from diffusion.training.config import DataConfig, DenoiserConfig
from diffusion.training.data.captioned import is_own_folder
from diffusion.training.data.pictures import choose_held_out_worlds
from diffusion.training.evaluation.trained import INDEX, WORDS, facts_of, load_trained_unet
from diffusion.training.evaluation.view import View
from diffusion.training.start_weights import model_folder


class Subject(Protocol):
    """Paints and reconstructs views. It is hashable, because samples that several measures share are cached by subject."""

    @property
    def judge(self) -> Classifier: ...
    @property
    def unseen(self) -> DataConfig: ...
    def paint(self, views: list[View], seed: int = 0, **changes: object) -> Tensor: ...
    def reconstruct(self, views: list[View], with_surfaces: bool) -> Tensor: ...


@dataclass(frozen=True, eq=False)
class Painter:
    """A model with its dream settings. unseen: configuration of the held-out worlds' pictures."""

    model: SurfaceModel
    settings: DreamSettings
    judge: Classifier
    unseen: DataConfig

    def paint(self, views: list[View], seed: int = 0, **changes: object) -> Tensor:
        """Dream views of one size, each with its own noise. Returns uint8 [N,3,H,W]. changes: settings to change."""
        settings = replace(self.settings, **changes)  # type: ignore[arg-type]
        shown = []
        for index, view in enumerate(views):
            height, width = view.regions.shape
            rng = np.random.default_rng([seed, index])
            noise = rng.standard_normal((self.model.channels, height // CELL, width // CELL), np.float32)
            image = dream(self.model, view.canvas(noise), replace(settings, seed=seed + index)).image
            shown.append(torch.from_numpy(image).permute(2, 0, 1))
        return torch.stack(shown)

    def reconstruct(self, views: list[View], with_surfaces: bool) -> Tensor:
        """Encode and decode each view's truth. Returns uint8 [N,3,H,W]. with_surfaces: whether the decoder gets the surfaces."""
        shown = []
        for view in views:
            latents = self.model.encode_tensor(view.truth[None].float() / 127.5 - 1)
            decoded = self.model.decode_surface(latents, view.surface if with_surfaces else Surface())
            shown.append(torch.from_numpy(as_image(decoded)).permute(2, 0, 1))
        return torch.stack(shown)


def open_painter(config: DenoiserConfig) -> Painter:
    """Open the model folder `config.model`, or the run's last checkpoint as `ship` would write it. Raises InputError for missing parts."""
    if config.model:
        return _painter(Path(config.model), config)
    unet, decoder = load_trained_unet(config), model_folder(config.decoder or config.autoencoder)
    if not (decoder / "vae" / "config.json").is_file():
        raise InputError(decoder, "vae", "isn't there yet; train the autoencoder first")
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / Path(config.out).name
        unet.save_pretrained(folder / "unet")
        (folder / "vae").symlink_to((decoder / "vae").resolve())
        for name in () if is_own_folder(config.data.folder) else WORDS:
            (folder / name).symlink_to(EMBEDDED / name)
        (folder / OWN).write_text(json.dumps(facts_of(config.data)), encoding="utf-8")
        (folder / "model_index.json").write_text(json.dumps(INDEX), encoding="utf-8")
        return _painter(folder, config)


def _painter(folder: Path, config: DenoiserConfig) -> Painter:
    model = load_model(folder, "auto")
    if not isinstance(model, SurfaceModel):
        raise InputError(folder, "unet", "is no SurfaceUNet; other models aren't evaluated")
    settings = replace(DreamSettings(), **model.defaults)  # pyright: ignore[reportArgumentType]
    return Painter(model, settings, load_classifier(Path(config.judge)), choose_held_out_worlds(config.data))
