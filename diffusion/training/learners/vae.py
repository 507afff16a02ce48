"""Train the autoencoder: losses that preserve hue and detail, and latents with zero mean and unit deviation."""

from __future__ import annotations

import copy
import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
import torch.nn.functional as F
from diffusers import AutoencoderTiny
from torch import Tensor, nn

from base.files import atomic_write
from base.grid import CELL
from diffusion.models.surface_autoencoder import SurfaceAutoencoder
from diffusion.training.checkpoint import State
from diffusion.training.config import VaeConfig
from diffusion.training.contact_sheet import save_sheet
from diffusion.training.data.dataset import HELD_OUT, Pictures, crops, write_chunk
from diffusion.training.folder import load_start_weights
from diffusion.training.learners.critic import Critic, critic_losses
from diffusion.training.loop import averaged, run
from diffusion.training.metrics import psnr, sharpness_ratio, ssim

Autoencoder = AutoencoderTiny | SurfaceAutoencoder

"""Validation pictures come from the data's seed plus this."""


def new_vae(config: VaeConfig) -> AutoencoderTiny:
    """A small f8 autoencoder of plain convolutions, channels-last.

    It has no normalisation layers, which would make a texel's colour depend on the rest of the view: views are painted one by one
    into one atlas, so decoding must be local.
    """
    torch.manual_seed(config.seed)
    vae = AutoencoderTiny(
        encoder_block_out_channels=(config.width,) * 4,
        decoder_block_out_channels=(config.width,) * 4,
        num_encoder_blocks=config.encoder_blocks,
        num_decoder_blocks=config.decoder_blocks,
        latent_channels=config.latent_channels,
    )
    return vae.to(memory_format=torch.channels_last)  # type: ignore[return-value]


class _Auto(nn.Module):
    """Encode, add noise, decode, and run the critic if there is one, in a single forward pass, as data-parallel wrappers need."""

    def __init__(self, config: VaeConfig) -> None:
        super().__init__()
        self.vae = new_vae(config)
        self.critic = (
            Critic(config.latent_channels, config.critic_width) if config.adversarial or config.features else None
        )
        self.vae.encoder.requires_grad_(not config.freeze_encoder)

    def forward(self, pictures: Tensor, disturbance: Tensor) -> tuple[Tensor, Tensor, dict[str, Tensor]]:
        latents = self.vae.encode(pictures).latents  # pyright: ignore[reportAttributeAccessIssue]
        shown = self.vae.decode(latents + disturbance).sample  # pyright: ignore[reportAttributeAccessIssue]
        return shown, latents, critic_losses(self.critic, shown, pictures, latents) if self.critic else {}


def _chroma(x: Tensor) -> Tensor:
    return torch.stack((x[:, 0] - x[:, 1], x[:, 2] - x[:, 1]), 1)


def _gradients(x: Tensor) -> tuple[Tensor, Tensor]:
    return x[..., 1:] - x[..., :-1], x[..., 1:, :] - x[..., :-1, :]


class LossWeights(Protocol):
    """The weights that `picture_loss` needs."""

    @property
    def low_resolution(self) -> float: ...
    @property
    def chroma(self) -> float: ...
    @property
    def edges(self) -> float: ...
    @property
    def texture(self) -> float: ...


def picture_loss(shown: Tensor, truth: Tensor, config: LossWeights) -> dict[str, Tensor]:
    """The loss's parts, each already weighted.

    pixels: L1 + MSE. low: colours averaged over 8 and 16 pixels. chroma: colour differences. edges: gradients.
    texture: how strong gradients are in each 8-pixel window, so that fine grain is not averaged away.
    """
    parts = {"pixels": F.l1_loss(shown, truth) + F.mse_loss(shown, truth)}
    parts["low"] = config.low_resolution * sum(  # pyright: ignore[reportArgumentType]
        F.l1_loss(F.avg_pool2d(shown, s), F.avg_pool2d(truth, s)) for s in (8, 16)
    )
    parts["chroma"] = config.chroma * F.l1_loss(_chroma(F.avg_pool2d(shown, 2)), _chroma(F.avg_pool2d(truth, 2)))
    edges = texture = torch.zeros((), device=shown.device)
    for size in (1, 2):
        a, b = (F.avg_pool2d(x, size) if size > 1 else x for x in (shown, truth))
        for ga, gb in zip(_gradients(a), _gradients(b), strict=True):
            edges = edges + F.l1_loss(ga, gb)
            if size == 1:
                texture = texture + F.l1_loss(F.avg_pool2d(ga.abs(), 8), F.avg_pool2d(gb.abs(), 8))
    parts["edges"] = config.edges * edges
    parts["texture"] = config.texture * texture
    return parts


def train_vae(config: VaeConfig) -> Path:
    """Train the autoencoder, or resume; returns the folder with config, checkpoint, samples and `vae/`."""
    for index in range(config.data.chunks):
        write_chunk(config.data, index)
    held_out = replace(config.data, seed=config.data.seed + HELD_OUT, chunks=1)
    write_chunk(held_out, 0)
    pictures, unseen = Pictures(config.data), Pictures(held_out)
    model = _Auto(config)
    load_start_weights(model.vae, config.start, "vae")
    validation = unseen.chunk(0)[0]["images"][:48]
    weights = {"fool": config.adversarial, "features": config.features, "critic": 1.0}

    def loss_of(wrapped: nn.Module, step: int, device: torch.device) -> tuple[Tensor, dict[str, float]]:
        rng = np.random.default_rng([config.seed, step])
        chosen = [pictures.image(int(i)) for i in rng.integers(pictures.count, size=config.batch)]
        truth = (crops_of(chosen, config.crop, rng).to(device).float() / 127.5 - 1).contiguous(
            memory_format=torch.channels_last
        )
        side = config.crop // CELL
        generator = torch.Generator().manual_seed(step)
        # errors of denoised latents vary in size, so each picture has its own deviation
        deviation = config.noise * torch.rand(config.batch, 1, 1, 1, generator=generator)
        disturbance = deviation * torch.randn(config.batch, config.latent_channels, side, side, generator=generator)
        shown, latents, judged = wrapped(truth, disturbance.to(device))
        parts = picture_loss(shown.float(), truth, config)
        parts |= {name: weights[name] * value for name, value in judged.items()}
        if not config.freeze_encoder:
            mean, std = latents.mean((0, 2, 3)), latents.std((0, 2, 3))
            parts["unit"] = config.unit * (mean.square() + (std - 1).square()).mean()
        return sum(parts.values()), {k: float(v.detach()) for k, v in parts.items()}  # type: ignore[return-value]

    def on_sample(state: State, step: int) -> dict[str, float]:
        with averaged(state):
            shown = reconstruct(model.vae, validation[:16].float() / 255)
            figures = quality(model.vae, validation)
        side = [x for pair in zip(validation[:16], (shown * 255).byte(), strict=True) for x in pair]
        save_sheet(Path(config.out) / "samples" / f"{step:07d}.png", side, [""] * len(side), 8, 256)  # pyright: ignore[reportArgumentType]
        return figures

    state = run(config, model, loss_of, on_sample=on_sample)
    with averaged(state):
        vae = copy.deepcopy(model.vae)
    figures = quality(vae, validation)
    export(
        vae,
        Path(config.out),
        {"steps": state.step, **figures, **latent_statistics(vae, pictures), "config": asdict(config)},
    )
    return Path(config.out)


def quality(vae: Autoencoder, images: Tensor) -> dict[str, float]:
    """Reconstruction figures of an autoencoder on pictures uint8 [B,3,H,W]."""
    truth = images.float() / 255
    shown = reconstruct(vae, truth)
    return {
        "psnr": float(psnr(shown, truth).mean()),
        "ssim": float(ssim(shown, truth).mean()),
        "sharpness": float(sharpness_ratio(shown, truth)),
    }


def crops_of(images: list[Tensor], size: int, rng: np.random.Generator) -> Tensor:
    return crops(torch.stack(images), size, rng)


@torch.no_grad()
def reconstruct(vae: Autoencoder, pictures: Tensor, batch: int = 8) -> Tensor:
    """Pictures [B,3,H,W] in 0..1 through encoder (its latents) and decoder."""
    out = []
    for part in pictures.split(batch):
        x = (part * 2 - 1).to(vae.device, vae.dtype).contiguous(memory_format=torch.channels_last)
        out.append(((vae.decode(vae.encode(x).latents).sample.float() + 1) / 2).clamp(0, 1).cpu())  # pyright: ignore[reportAttributeAccessIssue]
    return torch.cat(out)


@torch.no_grad()
def latent_statistics(vae: AutoencoderTiny, pictures: Pictures, count: int = 128) -> dict[str, list[float]]:
    """Mean and deviation of every latent channel over random pictures; training holds them near 0 and 1."""
    latents = []
    for index in np.random.default_rng(0).integers(pictures.count, size=count):
        x = pictures.image(int(index)).float()[None] / 127.5 - 1
        latents.append(vae.encode(x.contiguous(memory_format=torch.channels_last)).latents)  # pyright: ignore[reportAttributeAccessIssue]
    values = torch.cat(latents)
    return {"mean": values.mean((0, 2, 3)).tolist(), "std": values.std((0, 2, 3)).tolist()}


def export(vae: Autoencoder, out: Path, notes: dict) -> None:
    """Write `out/vae` as an fp32 diffusers folder, and `out/vae.json` with `notes`."""
    vae.save_pretrained(out / "vae")
    with atomic_write(out / "vae.json") as temporary:
        temporary.write_text(json.dumps(notes, indent=1), encoding="utf-8")
