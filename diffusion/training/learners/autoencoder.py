"""Training the autoencoder of the surface-aware model."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from diffusion.models.surface_autoencoder import SurfaceAutoencoder
from diffusion.models.surface_conditions import FINE, SurfaceGeometry, fine_channels
from diffusion.training.config import AutoencoderConfig
from diffusion.training.contact_sheet import save_sheet
from diffusion.training.data.pictures import DrawnPictures, Pictures
from diffusion.training.data.sources import middle_squares, open_held_out_pictures, open_training_pictures
from diffusion.training.learners.critic import Critic, critic_losses
from diffusion.training.learners.features import Features, as_input, likeness, load_features
from diffusion.training.learners.picture_loss import picture_loss
from diffusion.training.learners.reconstruction import (
    decoder_conditions,
    export,
    quality,
    reconstruct,
    reconstruct_told,
)
from diffusion.training.loop import run_steps
from diffusion.training.masters import Masters, recast
from diffusion.training.metrics import psnr, sharpness_ratio
from diffusion.training.start_weights import load_start_weights

VALIDATION = 48  # pictures of unseen worlds


def new_autoencoder(config: AutoencoderConfig) -> SurfaceAutoencoder:
    """Create the network with weights drawn from the run's seed."""
    torch.manual_seed(config.seed)
    return SurfaceAutoencoder(
        latent_channels=config.latent_channels,
        encoder_channels=config.encoder_channels,
        encoder_blocks=config.encoder_blocks,
        decoder_channels=config.decoder_channels,
        decoder_blocks=config.decoder_blocks,
        surface_channels=FINE if config.surface else 0,
    )


class AutoencoderLosses(nn.Module):
    """The losses of one training step. Holds the autoencoder, the critic if any, and the feature network, which is not saved."""

    def __init__(self, config: AutoencoderConfig) -> None:
        super().__init__()
        self.config = config
        self.vae = new_autoencoder(config)
        judged = config.adversarial or config.features
        self.critic = Critic(config.latent_channels, config.critic_width) if judged else None
        self._eyes: list[Features] = []
        if config.perceptual:
            self._eyes.append(load_features(Path(config.perceptual)))
            recast(self._eyes[0], config.numbers, "cuda" if torch.cuda.is_available() else "cpu")
        self.vae.encoder.requires_grad_(not config.freeze_encoder)

    def forward(self, images: Tensor, disturbance: Tensor, *surface: Tensor) -> dict[str, Tensor]:
        """Return the parts of the loss.

        images: uint8 [B,3,S,S]; disturbance: [B,C,S/8,S/8], added to the latents; surface: what `decoder_conditions` returns.
        """
        config = self.config
        truth = as_input(images, self)
        latents = self.vae.encode(truth).latents
        hint = None
        if surface:
            *geometry, edges, known = surface
            hint = (fine_channels(SurfaceGeometry(*geometry), edges) * known.view(-1, 1, 1, 1)).to(truth)
        shown = self._decode(latents + disturbance.to(latents.dtype), hint)
        parts = picture_loss(shown.float(), truth.float(), config)
        for eyes in self._eyes:
            parts["likeness"] = config.likeness * likeness(eyes, shown, truth)
        if config.equivariance:
            # half-size latents must decode to the half-size picture, so that surfaces keep colours and grain at twice the distance
            half = len(truth) // 2
            small, smaller = (F.avg_pool2d(x[:half], 2) for x in (truth, latents))
            parts["equivariance"] = config.equivariance * F.l1_loss(self._decode(smaller).float(), small.float())
        if self.critic is not None:
            judged = critic_losses(self.critic, shown, truth, latents)
            weights = {"fool": config.adversarial, "features": config.features, "critic": 1.0}
            parts |= {name: weights[name] * value for name, value in judged.items()}
        if not config.freeze_encoder:
            mean, std = latents.float().mean((0, 2, 3)), latents.float().std((0, 2, 3))
            parts["unit"] = config.unit * (mean.square() + (std - 1).square()).mean()
        return parts

    def _decode(self, latents: Tensor, hint: Tensor | None = None) -> Tensor:
        return self.vae.decode(latents, hint).sample


def train_autoencoder(config: AutoencoderConfig) -> Path:
    """Train the autoencoder, or resume. Every checkpoint writes its averaged weights to `out/vae`."""
    pictures, unseen = open_training_pictures(config.data), open_held_out_pictures(config.data)
    model = AutoencoderLosses(config)
    load_start_weights(model.vae, config.start, "vae", "decoder.told")
    if model.vae.decoder.told is not None and not pictures.surfaces:
        model.vae.decoder.told.requires_grad_(False)  # without known surfaces this layer would only be damaged
    rows = list(range(0, unseen.count, 4))[:VALIDATION]
    validation = middle_squares(unseen, rows)

    def batch(step: int) -> tuple[Tensor, ...]:
        rng, count = np.random.default_rng([config.seed, step]), config.pictures_in_step
        chosen = rng.integers(pictures.count, size=count).tolist()
        windows = [pictures.window(i, config.crop, rng) for i in chosen]
        images = torch.stack([pictures.tensor("images", i)[(..., *w)] for i, w in zip(chosen, windows, strict=True)])
        # a denoiser's errors vary in size, so each picture gets its own deviation
        deviation = config.noise * rng.random((count, 1, 1, 1), np.float32)
        shape = (count, config.latent_channels, config.crop // 8, config.crop // 8)
        disturbance = torch.from_numpy(deviation * rng.standard_normal(shape, np.float32))
        if not (config.surface and isinstance(pictures, DrawnPictures)):
            return images, disturbance
        known = torch.from_numpy((rng.random(count) >= config.drop).astype(np.float32))
        return images, disturbance, *decoder_conditions([pictures.note(i) for i in chosen], windows), known

    def on_sample(step: int) -> dict[str, float]:
        figures = quality(model.vae, validation)
        shown = reconstruct(model.vae, validation[:16].float() / 255)
        if config.surface and isinstance(unseen, DrawnPictures):
            shown = reconstruct_told(model.vae, unseen, rows[:16])
            figures |= {"psnr_told": float(psnr(shown, validation[:16].float() / 255).mean())}
            figures |= {"sharpness_told": float(sharpness_ratio(shown, validation[:16].float() / 255))}
        side = [x for pair in zip(validation[:16], (shown * 255).byte(), strict=True) for x in pair]
        save_sheet(Path(config.out) / "samples" / f"{step:07d}.png", side, [""] * len(side), 8, 256)  # pyright: ignore[reportArgumentType]
        return figures

    def on_save(masters: Masters) -> None:
        pictures.refresh()
        vae = masters.exact("vae")
        assert isinstance(vae, SurfaceAutoencoder)
        statistics = {} if config.freeze_encoder else standardise(vae, pictures)
        export(vae, Path(config.out), {"steps": masters.step, **statistics, "config": asdict(config)})

    on_save(run_steps(config, model, model, batch, on_sample=on_sample, on_save=on_save))
    return Path(config.out)


@torch.no_grad()
def standardise(vae: SurfaceAutoencoder, pictures: Pictures, count: int = 96) -> dict[str, list[float]]:
    """Set the buffers that give latents zero mean and unit deviation per channel over random pictures. Returns the old values."""
    chosen = np.random.default_rng(0).integers(pictures.count, size=count)
    squares = middle_squares(pictures, chosen.tolist())
    latents = torch.cat([vae.encoder(as_input(one[None], vae)) for one in squares])
    vae.mean.copy_(latents.mean((0, 2, 3)))
    vae.std.copy_(latents.std((0, 2, 3)))
    return {"mean": vae.mean.tolist(), "std": vae.std.tolist()}
