"""Measure a model of the user's own pictures on the held-out ones."""

from __future__ import annotations

import numpy as np

from diffusion.models.surface_autoencoder import SurfaceAutoencoder
from diffusion.models.surface_unet import SurfaceUNet
from diffusion.training.config import DenoiserConfig
from diffusion.training.data.sources import cell_keys, middle_squares, open_held_out_pictures
from diffusion.training.evaluation.trained import load_trained_unet
from diffusion.training.learners.cells import Cells
from diffusion.training.learners.denoiser import measure_held_out_error, square_side
from diffusion.training.learners.encode_cells import cache_folder, load_autoencoder
from diffusion.training.learners.reconstruction import quality
from diffusion.training.start_weights import model_folder


def networks_of(config: DenoiserConfig) -> tuple[SurfaceUNet, SurfaceAutoencoder]:
    """Load the networks of `config.model`, or of the run with the weights that `config.weights` names. Raises InputError."""
    if config.model:
        folder = model_folder(config.model)
        return SurfaceUNet.from_pretrained(folder / "unet"), load_autoencoder(folder)
    return load_trained_unet(config), load_autoencoder(model_folder(config.decoder or config.autoencoder))


def measure_held_out(config: DenoiserConfig) -> dict[str, dict[str, float]]:
    """Measure the held-out pictures, at most `config.count` for each measure. Raises InputError.

    pictures: quality after encoding and decoding; flow: the denoiser's mean square error at each noise level.
    """
    network, vae = networks_of(config)
    unseen = open_held_out_pictures(config.data)
    rows = list(range(min(unseen.count, config.count)))
    cells = Cells(cache_folder(config.cache, config.autoencoder), cell_keys(config.data)[1])
    side = square_side(cells, network.config["channels"])
    batch = cells.batch(rows, (side, side), np.random.default_rng(0))
    flow = measure_held_out_error(network.eval(), batch, config.batch)
    return {"pictures": quality(vae, middle_squares(unseen, rows)), "flow": flow}
