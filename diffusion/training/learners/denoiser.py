"""Train the surface-aware denoiser: rectified flow on latents, each latent pixel with the prompt of its own surface."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from base.errors import InputError
from diffusion.models.minilm import WIDTH
from diffusion.models.surface_autoencoder import SurfaceAutoencoder
from diffusion.models.surface_conditions import HARMONICS, SHAPE, SurfaceGeometry
from diffusion.models.surface_unet import SurfaceUNet
from diffusion.training.config import DenoiserConfig
from diffusion.training.contact_sheet import save_sheet
from diffusion.training.data.sources import cell_keys, open_held_out_pictures, open_training_pictures
from diffusion.training.learners.cells import Batch, Cells
from diffusion.training.learners.encode_cells import cache_folder, load_autoencoder, write_cells
from diffusion.training.learners.flow import make_flow, mix_noise, noise_levels, sample
from diffusion.training.loop import run_steps
from diffusion.training.masters import Masters
from diffusion.training.start_weights import load_start_weights, model_folder

SHOWN = 18  # held-out pictures on a sheet of samples
LEVELS = (0.3, 0.7, 0.99)
"""Noise levels of the held-out error."""


def new_denoiser(config: DenoiserConfig, latent_channels: int) -> SurfaceUNet:
    """Create the network with weights drawn from the run's seed."""
    torch.manual_seed(config.seed)
    return SurfaceUNet(
        latent_channels=latent_channels,
        harmonics=HARMONICS,
        shape=SHAPE,
        channels=config.channels,
        blocks=config.blocks,
        sentence=WIDTH,
        heads=config.heads,
    )


def encode(config: DenoiserConfig) -> Path:
    """Encode all pictures that are not encoded yet, held-out ones first."""
    for pictures in (open_held_out_pictures(config.data), open_training_pictures(config.data)):
        folder = write_cells(pictures, config.autoencoder, config.cache, config.numbers)
    return folder


def whole_size(latents: Tensor, channels: Sequence[int]) -> tuple[int, int]:
    """Return (height, width) of latents [C,h,w], rounded down to what the network's levels can halve."""
    multiple = 2 ** (len(channels) - 1)
    height, width = (side // multiple * multiple for side in latents.shape[1:])
    return height, width


def square_side(cells: Cells, channels: Sequence[int]) -> int:
    """Return the side of the largest square that fits into all latents and this network. Raises InputError if there is none."""
    multiple = 2 ** (len(channels) - 1)
    side = min(min(size) for size in cells.sizes) // multiple * multiple
    if not side:
        raise InputError(
            "config", "channels", f"are {len(channels)}; the smallest pictures are too small to be halved so often"
        )
    return side


def withhold(
    batch: Batch, config: DenoiserConfig, unconditional: Tensor, rng: np.random.Generator
) -> tuple[Tensor, Tensor]:
    """Return the contexts, some replaced by the empty prompt's, and [B,2]: 0 where u and v, or the other geometry, are hidden, else 1."""
    count = len(batch.latents)
    silent = torch.from_numpy(rng.random(count) < config.drop_words).view(-1, 1, 1, 1)
    told = rng.random((2, count)) >= np.array([[config.drop_place], [config.drop_shape]])
    return torch.where(silent, unconditional, batch.contexts), batch.known * torch.from_numpy(told.T.astype(np.float32))


def train_denoiser(config: DenoiserConfig) -> Path:
    """Train the denoiser, or resume. Every checkpoint writes its averaged weights to `out/unet`."""
    folder = cache_folder(config.cache, config.autoencoder)
    cells, unseen = (Cells(folder, key) for key in cell_keys(config.data))
    vae = load_autoencoder(model_folder(config.autoencoder))
    smallest = min(square_side(of, config.channels) for of in (cells, unseen))
    if config.crop > smallest:
        raise InputError(
            "config", "crop", f"is {config.crop}; the smallest pictures have {smallest} latent pixels a side"
        )
    network = new_denoiser(config, vae.config["latent_channels"])
    load_start_weights(network, config.start, "unet")
    side = config.crop or smallest
    held_out = unseen.batch(list(range(0, unseen.count, 4))[:96], (side, side), np.random.default_rng(0))
    shown = list(range(min(1, unseen.count - 1), unseen.count, max(1, unseen.count // SHOWN)))[:SHOWN]

    def loss(
        latents: Tensor, noise: Tensor, t: Tensor, uv: Tensor, span: Tensor, normal: Tensor, depth: Tensor, kind: Tensor,
        shares: Tensor, contexts: Tensor, told: Tensor,
    ) -> dict[str, Tensor]:  # fmt: skip
        flow = make_flow(network, SurfaceGeometry(uv, span, normal, depth, kind), shares, contexts, told)
        error = (flow(mix_noise(latents, noise, t), t) - (noise - latents)).square().mean((1, 2, 3))
        return {"flow": error.mean()}

    def batch(step: int) -> tuple[Tensor, ...]:
        rng = np.random.default_rng([config.seed, step])
        rows = cells.draw(config.pictures_in_step, config.crop == 0, rng)
        size = (config.crop, config.crop) if config.crop else whole_size(cells.latents(rows[0]), config.channels)
        drawn = cells.batch(rows, size, rng)
        contexts, told = withhold(drawn, config, cells.unconditional, rng)
        noise = torch.from_numpy(rng.standard_normal(drawn.latents.shape, np.float32))
        t = noise_levels(config, config.pictures_in_step, rng)
        return (drawn.latents, noise, t, *vars(drawn.geometry).values(), drawn.shares, contexts, told)

    def on_sample(step: int) -> dict[str, float]:
        draw_samples(config, network, vae, unseen, shown, smallest, step)
        return measure_held_out_error(network, held_out, config.batch)

    def on_save(masters: Masters) -> None:
        cells.refresh()
        masters.exact("").save_pretrained(Path(config.out) / "unet")  # type: ignore[operator]

    on_save(run_steps(config, network, loss, batch, on_sample=on_sample, on_save=on_save))
    return Path(config.out)


@torch.no_grad()
def measure_held_out_error(network: SurfaceUNet, batch: Batch, size: int) -> dict[str, float]:
    """Return the mean square error of the flow at each of LEVELS, with the same noise every time."""
    found, batch = {}, batch.to(network.device)
    for level in LEVELS:
        generator, errors = torch.Generator().manual_seed(1), []
        for rows in torch.arange(len(batch.latents)).split(size):
            latents = batch.latents[rows]
            noise, t = (
                torch.randn(latents.shape, generator=generator).to(latents),
                latents.new_full((len(rows),), level),
            )
            seen = SurfaceGeometry(*(x[rows] for x in vars(batch.geometry).values()))
            flow = make_flow(network, seen, batch.shares[rows], batch.contexts[rows], batch.known[rows])
            errors.append((flow(mix_noise(latents, noise, t), t) - (noise - latents)).square().mean((1, 2, 3)))
        found[f"flow_{level:g}"] = float(torch.cat(errors).mean())
    return found


@torch.no_grad()
def draw_samples(
    config: DenoiserConfig,
    network: SurfaceUNet,
    vae: SurfaceAutoencoder,
    cells: Cells,
    rows: list[int],
    side: int,
    step: int,
) -> None:
    """Draw a sheet of held-out pictures, each beside the network's picture of the same geometry and prompts.
    side: of the part shown of each, in latent pixels"""
    batch = cells.batch(rows, (side, side), np.random.default_rng(0)).to(network.device)
    unsaid = cells.unconditional.to(network.device).expand_as(batch.contexts)
    flow, silent = (make_flow(network, batch.geometry, batch.shares, x, batch.known) for x in (batch.contexts, unsaid))
    noise = torch.randn(batch.latents.shape, generator=torch.Generator().manual_seed(7)).to(network.device)
    painted = sample(flow, silent, noise, config.sample_steps, config.guidance).cpu()
    pictures, labels = [], []
    for row, latents, sampled in zip(rows, batch.latents.cpu(), painted, strict=True):
        for which, x in (("truth", latents), ("", sampled)):
            decoded = vae.decode(x[None]).sample[0]
            pictures.append(((decoded.clamp(-1, 1) + 1) * 127.5).round().byte())
            labels.append(which or ", ".join(w for w in dict.fromkeys(cells.words(row)) if w))
    save_sheet(Path(config.out) / "samples" / f"{step:07d}.png", pictures, labels, 6, 256)
