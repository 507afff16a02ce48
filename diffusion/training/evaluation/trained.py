"""Load a run's trained networks, and write the files that accompany them in a model folder."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from safetensors import safe_open

from base.errors import InputError
from diffusion.loaders.embedded import BANK, EMBEDDED
from diffusion.models.known_words import VOCABULARY
from diffusion.models.minilm import MiniLMEncoder
from diffusion.models.surface_unet import SurfaceUNet
from diffusion.text2image.caption_files import MOST
from diffusion.text2image.prompt_matching import PromptBank
from diffusion.training.config import DataConfig, DenoiserConfig
from diffusion.training.data.captioned import is_own_folder, read_captioned
from diffusion.training.masters import NAME

WORDS = (VOCABULARY, BANK)
"""Files of the embedded model that list the words it knows. Every model trained on the same captions needs them."""
DEFAULTS = {"steps": 6, "scale": 3.0, "guidance_start": 0.1, "guidance_end": 0.7, "match": 0.0}
OWN_DEFAULTS = {"steps": 12, "scale": 2.0, "guidance_start": 0.0}
"""Default dream settings, stored in `rayverie.json`: for models of drawn pictures, and for models of other pictures."""
INDEX = {
    "_class_name": "SurfacePipeline",
    "unet": ["diffusion.models.surface_unet", "SurfaceUNet"],
    "vae": ["diffusion.models.surface_autoencoder", "SurfaceAutoencoder"],
}
"""`model_index.json`."""


def load_trained_unet(config: DenoiserConfig) -> SurfaceUNet:
    """Load the run's denoiser in float32 with the weights that `config.weights` names. Raises InputError if there is none."""
    run = Path(config.out)
    if not (run / "unet" / "config.json").is_file():
        raise InputError(run, "unet", "isn't there yet; train the denoiser first")
    network = SurfaceUNet.from_pretrained(run / "unet")
    if config.weights == "raw":
        with safe_open(run / NAME, "pt") as file:
            network.load_state_dict({name: file.get_tensor(f"weights.{name}") for name in network.state_dict()})
    return network


def read_trained_steps(config: DenoiserConfig) -> int:
    """Return the number of steps at the run's last checkpoint."""
    with safe_open(Path(config.out) / NAME, "pt") as file:
        return int(json.loads(file.metadata()["state"])["step"])


def facts_of(data: DataConfig) -> dict[str, Any]:
    """Return the contents of `rayverie.json` for a model of these pictures."""
    own = is_own_folder(data.folder)
    facts = {"version": 1, "text": "minilm", "native": data.size, "defaults": OWN_DEFAULTS if own else DEFAULTS}
    return {**facts, "surfaces": False} if own else facts


def write_words(data: DataConfig, target: Path) -> None:
    """Write the model's captions: those of its own pictures, or else the embedded model's captions and word list."""
    if is_own_folder(data.folder):
        captions = list(dict.fromkeys(one.caption for one in read_captioned(data.folder)))
        PromptBank.build(captions[:MOST], MiniLMEncoder().sentences).save(target / BANK)
    elif target != EMBEDDED:
        for name in WORDS:
            shutil.copyfile(EMBEDDED / name, target / name)
