"""Train the denoiser: masked, depth-aware, text-conditioned, on cached latents."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
from diffusers import UNet2DConditionModel
from torch import Tensor, nn

from diffusion.models.minilm import WIDTH, MiniLMEncoder
from diffusion.training.checkpoint import State
from diffusion.training.config import UnetConfig
from diffusion.training.contact_sheet import save_sheet
from diffusion.training.data.latent_cache import Batch, cached, draw_batch, held_out, load_vae
from diffusion.training.data.views import depth_channel
from diffusion.training.folder import load_start_weights, write_folder
from diffusion.training.learners.noising import (
    STEPS,
    make_scheduler,
    min_snr_weight,
    noised,
    prediction_target,
    stratified_timesteps,
)
from diffusion.training.learners.sampling import sample
from diffusion.training.loop import averaged, run

PROMPTS = (
    "brick wall",
    "grass",
    "wooden planks",
    "mossy stone wall, sunset",
    "lava at night",
    "blue tiles",
    "water",
    "cobblestone, fog",
    "starry sky",
    "roof tiles",
    "sand dunes, watercolour",
    "city facade at night",
    "ocean",
    "snow",
    "ivy wall",
    "clouds at sunset",
)
BINS = 4  # parts of the noise schedule whose loss is logged


def new_unet(config: UnetConfig, latent_channels: int) -> UNet2DConditionModel:
    """A small U-Net with cross-attention at every level; the last input channel is the depth."""
    torch.manual_seed(config.seed)
    levels = len(config.channels)
    return UNet2DConditionModel(
        sample_size=32,
        in_channels=latent_channels + 1,
        out_channels=latent_channels,
        block_out_channels=config.channels,
        layers_per_block=config.layers,
        down_block_types=("CrossAttnDownBlock2D",) * levels,
        up_block_types=("CrossAttnUpBlock2D",) * levels,
        cross_attention_dim=WIDTH,
        attention_head_dim=config.heads,
        norm_num_groups=config.groups,
    )


def denoising_loss(
    unet: nn.Module,
    batch: Batch,
    unconditional: Tensor,
    abar: Tensor,
    config: UnetConfig,
    generator: torch.Generator,
    device: torch.device,
) -> tuple[Tensor, dict[str, float]]:
    """(weighted masked error of one batch, figures: the plain error, in total and in each part of the noise schedule)."""
    count = len(batch.latents)
    t = stratified_timesteps(count, generator)
    noise = torch.randn(batch.latents.shape, generator=generator)
    drop = torch.rand(count, generator=generator) < config.drop_text
    blind = torch.rand(count, generator=generator) < config.drop_depth
    context = torch.where(drop.view(-1, 1, 1), unconditional, batch.context)
    mask = torch.where(drop.view(-1, 1, 1, 1), torch.ones(()), batch.mask).to(device)
    depth = torch.where(blind.view(-1, 1, 1, 1), torch.zeros(()), batch.depth)
    a = abar[t]
    x0 = batch.latents
    x = noised(x0, noise, a)
    wanted = prediction_target(config.objective, x0, noise, a).to(device)
    said = unet(torch.cat((x, depth), 1).to(device), t.to(device), context.to(device)).sample
    error = ((said.float() - wanted).square().mean(1, keepdim=True) * mask).sum((1, 2, 3)) / mask.sum(
        (1, 2, 3)
    ).clamp_min(1)
    # small visible surfaces count less than large ones
    share = (mask.mean((1, 2, 3)) / 0.25).clamp(max=1)
    weights = min_snr_weight(config.objective, a, config.min_snr, config.snr_floor).to(device) * share
    figures = {"mse": float(error.detach().mean())}
    for part in range(BINS):
        inside = (t * BINS // STEPS == part).to(device)
        if bool(inside.any()):
            figures[f"mse_{part}"] = float(error.detach()[inside].mean())
    return (error * weights).mean(), figures


def train_unet(config: UnetConfig) -> Path:
    """Train the denoiser, or resume; `out/model` is a complete pipeline folder after every checkpoint."""
    if config.threads:
        torch.set_num_threads(config.threads)
    data, unseen = cached(config, config.data), held_out(config)
    vae, text = load_vae(Path(config.vae)), MiniLMEncoder()
    unconditional = text.encode([""])[0]
    steps = make_scheduler(config.schedule, config.objective, config.zero_snr)
    abar = steps.alphas_cumprod.clone()
    unet = new_unet(config, data.latents.shape[1])
    load_start_weights(unet, config.start, "unet")
    validation = [draw_batch(unseen, 32, config.crop, config.focus, np.random.default_rng(i)) for i in range(4)]
    context = text.encode(list(PROMPTS))
    depth = standard_depth(len(PROMPTS), 32)

    def loss_of(wrapped: nn.Module, step: int, device: torch.device) -> tuple[Tensor, dict[str, float]]:
        rng = np.random.default_rng([config.seed, step])
        wide = rng.random() < config.wide
        side, count = (config.crop_wide, max(1, config.batch // 4)) if wide else (config.crop, config.batch)
        batch = draw_batch(data, count, side, config.focus, rng)
        return denoising_loss(wrapped, batch, unconditional, abar, config, seeded(config.seed, step), device)

    def validate(name: str) -> dict[str, float]:
        found = [
            denoising_loss(unet, b, unconditional, abar, config, seeded(7, i), unet.device)[1]["mse"]
            for i, b in enumerate(validation)
        ]
        return {name: sum(found) / len(found)}

    def on_sample(state: State, step: int) -> dict[str, float]:
        unet.eval()
        figures = validate("val_mse_raw")
        with averaged(state):
            figures |= validate("val_mse_ema")
            for guidance in config.guidances:
                latents = sample(
                    unet, steps, context, unconditional, depth, guidance=guidance, steps=config.sample_steps, seed=0
                )
                shown = decode(vae, latents)
                save_sheet(
                    Path(config.out) / "samples" / f"{step:07d}-g{guidance:g}.png", list(shown), list(PROMPTS), 8, 192
                )
        unet.train()
        return figures

    def on_save(state: State) -> None:
        with averaged(state):
            write_folder(Path(config.out) / "model", unet, vae, steps, {"steps": state.step, "config": asdict(config)})

    on_save(run(config, unet, loss_of, on_sample=on_sample, on_save=on_save))  # a finished run may get another decoder
    return Path(config.out)


def standard_depth(count: int, side: int) -> Tensor:
    """Depth channels [count,1,side,side] of a face-on wall six blocks away."""
    return depth_channel(torch.full((count, 1, side, side), 6.0))


@torch.no_grad()
def decode(vae: nn.Module, latents: Tensor) -> list[Tensor]:
    """Latents [B,C,h,w] → pictures, uint8 [3,8h,8w] each."""
    shown = torch.cat([vae.decode(x).sample for x in latents.split(4)])  # type: ignore[operator]
    return list(((shown / 2 + 0.5).clamp(0, 1) * 255).round().byte().cpu())


def seeded(seed: int, step: int) -> torch.Generator:
    """The random generator of one step; no other random state exists."""
    return torch.Generator().manual_seed(int(np.random.SeedSequence([seed, step]).generate_state(1)[0]))
