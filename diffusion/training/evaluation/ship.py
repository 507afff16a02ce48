"""Ship a denoiser and its decoder: one pipeline folder, in half precision, with its card."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict
from pathlib import Path

import torch
from safetensors import safe_open

from base.errors import InputError
from base.files import atomic_write
from base.reading import read_json
from diffusion.loaders.embedded import EMBEDDED, OWN
from diffusion.models.known_words import BANK, VOCABULARY
from diffusion.models.preview import solve_preview_map
from diffusion.models.surface_autoencoder import SurfaceAutoencoder
from diffusion.models.surface_unet import SurfaceUNet
from diffusion.training.config import DenoiserConfig
from diffusion.training.data.materials import MATERIALS
from diffusion.training.data.pictures import DrawnPictures, unseen_data
from diffusion.training.learners.cells import encoder_id
from diffusion.training.masters import NAME

DEFAULTS = {"steps": 6, "scale": 2.0, "guidance_start": 0.0, "match": 0.0}
"""Dream settings that suit the model; `rayverie.json` holds them."""
WORDS = (VOCABULARY, BANK)
"""Files of the embedded model that say which words it knows; every model of the same captions needs them."""
PREVIEWED = 48  # held-out pictures that the preview map is fitted to
PLACES = ("out", "start", "data", "autoencoder", "decoder", "cache", "model", "judge", "count", "measures")
"""Fields of a configuration that name places on the machine where it ran, or are about its evaluation."""
INDEX = {
    "_class_name": "SurfacePipeline",
    "unet": ["diffusion.models.surface_unet", "SurfaceUNet"],
    "vae": ["diffusion.models.surface_autoencoder", "SurfaceAutoencoder"],
}
CARD = """\
---
license: mit
tags: [text-to-image, procedural]
---
# Rayverie's embedded model

A small latent diffusion model that paints materials ("mossy stone wall, sunset") onto surfaces that it knows: each
latent pixel's place on its surface, the surface's slant and distance, and its own region's prompt. Made for walking
through Rayverie's scenes on two CPU cores; it draws nothing else: no people, animals, lettering or single objects.

| | |
|---|---|
| denoiser | `SurfaceUNet` {channels}, {unet:.1f} M parameters, rectified flow, RMS norm per pixel |
| autoencoder | `SurfaceAutoencoder`, f8, {latents} channels, {vae:.1f} M parameters; its decoder knows each pixel's surface |
| text | MiniLM (sentence-transformers/all-MiniLM-L6-v2, not in this folder), see `diffusion/models/minilm.py` |
| data | {pictures:,} pictures of {materials} materials, drawn by `diffusion/training` from seed {seed}; nobody's photographs |
| training | {steps:,} steps of {batch} crops of {crop}×{crop} latents, Muon and Adam, EMA {ema} |

The networks get what `diffusion/models/surface_conditions.py` computes; without a scene, `generate` gives them
a wall, a floor or the sky. How it was trained, and its figures: `docs/training.md`.
"""


def ship(config: DenoiserConfig, target: Path = EMBEDDED) -> Path:
    """Write the run's denoiser, with the decoder of `config.decoder`, as a model folder; the folder.

    Raises InputError if a part is missing, or if the decoder belongs to another encoder than the denoiser's latents.
    """
    run, decoder = Path(config.out), Path(config.decoder or config.autoencoder)
    if not (run / "unet" / "config.json").is_file():
        raise InputError(run, "unet", "isn't there yet; train the denoiser first")
    if encoder_id(decoder) != encoder_id(Path(config.autoencoder)):
        raise InputError(decoder, "vae", f"has another encoder than {config.autoencoder}, whose latents were learnt")
    unet = SurfaceUNet.from_pretrained(run / "unet")
    vae = SurfaceAutoencoder.from_pretrained(decoder / "vae")
    pictures = DrawnPictures(unseen_data(config.data))
    with safe_open(run / NAME, "pt") as file:
        steps = int(json.loads(file.metadata()["state"])["step"])
    hyperparameters = {k: v for k, v in asdict(config).items() if k not in PLACES}
    facts = {"version": 1, "text": "minilm", "native": 256, "defaults": DEFAULTS, "preview": preview_map(vae, pictures)}
    for name, network in (("unet", unet), ("vae", vae)):
        network.half().save_pretrained(target / name)
        config_path = target / name / "config.json"
        facts_of = json.loads(config_path.read_text(encoding="utf-8"))
        facts_of.pop("_name_or_path", None)  # where it was read from
        _write(config_path, json.dumps(facts_of, indent=2) + "\n")
    _write(target / "model_index.json", json.dumps(INDEX, indent=1) + "\n")
    _write(target / OWN, json.dumps(facts) + "\n")
    note_training(target, steps=steps, config=hyperparameters)
    _write(
        target / "README.md",
        CARD.format(
            channels=tuple(unet.config["channels"]),
            unet=sum(p.numel() for p in unet.parameters()) / 1e6,
            vae=sum(p.numel() for p in vae.parameters()) / 1e6,
            latents=unet.config["latent_channels"],
            pictures=DrawnPictures(config.data).count,
            materials=len(MATERIALS),
            seed=config.data.seed,
            steps=steps,
            batch=config.batch,
            crop=config.crop,
            ema=config.ema_decay,
        ),
    )
    for name in WORDS:
        if target != EMBEDDED:
            shutil.copyfile(EMBEDDED / name, target / name)
    return target


@torch.no_grad()
def preview_map(vae: SurfaceAutoencoder, pictures: DrawnPictures) -> list[list[float]]:
    """The linear map of `diffusion.models.preview` for this latent space, fitted to held-out pictures."""
    rows = range(0, pictures.count, max(1, pictures.count // PREVIEWED))
    shown = torch.stack([pictures.tensor("images", row) for row in rows]).float() / 127.5 - 1
    latents = torch.cat([vae.encode(part).latents for part in shown.split(4)])
    return [[round(float(x), 4) for x in row] for row in solve_preview_map(latents, shown)]


def note_training(folder: Path, **notes: object) -> None:
    """Write how a model was trained into its folder's `training.json`, beside what is there of its other parts."""
    path = folder / "training.json"
    known = read_json(path, "notes of a training") if path.exists() else {}
    _write(path, json.dumps(known | notes, indent=1) + "\n")


def _write(path: Path, text: str) -> None:
    with atomic_write(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
