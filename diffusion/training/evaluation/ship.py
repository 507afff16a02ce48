"""Ship a denoiser and its decoder as one pipeline folder in half precision, with a model card."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path

import torch

from base.errors import InputError
from base.files import atomic_write
from base.reading import read_json
from diffusion.loaders.embedded import EMBEDDED, OWN
from diffusion.loaders.options import RAW
from diffusion.models.preview import solve_preview_map
from diffusion.models.surface_autoencoder import SurfaceAutoencoder
from diffusion.training.config import DenoiserConfig
from diffusion.training.data.materials import MATERIALS
from diffusion.training.data.pictures import Pictures
from diffusion.training.data.sources import middle_squares, open_held_out_pictures, open_training_pictures
from diffusion.training.evaluation.cards import EMBEDDED_CARD, OWN_CARD
from diffusion.training.evaluation.trained import INDEX, facts_of, load_trained_unet, read_trained_steps, write_words
from diffusion.training.learners.encode_cells import encoder_id
from diffusion.training.start_weights import model_folder

PREVIEWED = 48  # held-out pictures to which the preview map is fitted
PLACES = ("out", "start", "data", "autoencoder", "decoder", "cache", "model", "target", "judge", "count", "measures")
"""Fields of a configuration that name local paths or only concern the evaluation."""
WEIGHTS = {
    "ema": "EMA {}",
    "raw": "the last step's weights",
    "both": "EMA {}, and the last step's weights as `non_ema`",
}


def ship(config: DenoiserConfig) -> Path:
    """Write the run's denoiser and the decoder of `config.decoder` as the model folder `config.target`. Returns the folder.

    Raises InputError if a part is missing, if the decoder belongs to another encoder than the denoiser's latents, or if the folder holds
    something else.
    """
    unet, encoder = load_trained_unet(config), model_folder(config.autoencoder)
    decoder, target = model_folder(config.decoder) if config.decoder else encoder, _target(config)
    if encoder_id(decoder) != encoder_id(encoder):
        raise InputError(decoder, "vae", f"has another encoder than {config.autoencoder}, whose latents were learnt")
    vae = SurfaceAutoencoder.from_pretrained(decoder / "vae")
    pictures, steps = open_training_pictures(config.data), read_trained_steps(config)
    hyperparameters = {k: v for k, v in asdict(config).items() if k not in PLACES}
    facts = facts_of(config.data) | {"preview": preview_map(vae, open_held_out_pictures(config.data))}
    for name, network in (("unet", unet), ("vae", vae)):
        network.half().save_pretrained(target / name)
    for file in (target / "unet").glob(f"*.{RAW}.safetensors"):  # of an earlier run
        file.unlink()
    if config.weights == "both":
        load_trained_unet(replace(config, weights="raw")).half().save_pretrained(target / "unet", RAW)
    _write(target / "model_index.json", json.dumps(INDEX, indent=1) + "\n")
    _write(target / OWN, json.dumps(facts) + "\n")
    note_training(target, steps=steps, config=hyperparameters)
    card = EMBEDDED_CARD if pictures.surfaces else OWN_CARD
    _write(
        target / "README.md",
        card.format(
            channels=tuple(unet.config["channels"]),
            unet=sum(p.numel() for p in unet.parameters()) / 1e6,
            vae=sum(p.numel() for p in vae.parameters()) / 1e6,
            latents=unet.config["latent_channels"],
            pictures=pictures.count,
            materials=len(MATERIALS),
            seed=config.data.seed,
            size=config.data.size,
            steps=steps,
            batch=config.pictures_in_step,
            crop=config.crop,
            weights=WEIGHTS[config.weights].format(config.ema_decay),
        ),
    )
    write_words(config.data, target)
    return target


def _target(config: DenoiserConfig) -> Path:
    """Return the folder to write. Raises InputError if it must not be replaced."""
    target = Path(config.target) if config.target else EMBEDDED
    if not open_training_pictures(config.data).surfaces and target.resolve() == EMBEDDED.resolve():
        raise InputError("config", "target", "is the model that comes with the program; give another folder")
    if target.exists() and not (
        target.is_dir() and (not any(target.iterdir()) or (target / "training.json").is_file())
    ):
        raise InputError(target, "", "holds something else than a model that was shipped; choose another `target`")
    return target


@torch.no_grad()
def preview_map(vae: SurfaceAutoencoder, pictures: Pictures) -> list[list[float]]:
    """Fit the linear map of `diffusion.models.preview` for this latent space to held-out pictures."""
    rows = list(range(0, pictures.count, max(1, pictures.count // PREVIEWED)))
    shown = middle_squares(pictures, rows).float() / 127.5 - 1
    latents = torch.cat([vae.encode(part).latents for part in shown.split(4)])
    return [[round(float(x), 4) for x in row] for row in solve_preview_map(latents, shown)]


def note_training(folder: Path, **notes: object) -> None:
    """Add how a model was trained to its folder's `training.json`; the notes of its other parts stay."""
    path = folder / "training.json"
    known = read_json(path, "notes of a training") if path.exists() else {}
    _write(path, json.dumps(known | notes, indent=1) + "\n")


def _write(path: Path, text: str) -> None:
    with atomic_write(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
