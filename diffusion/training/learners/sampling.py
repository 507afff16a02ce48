"""Sample from the network during training: plain DDIM with classifier-free guidance, and consistency sampling."""

from __future__ import annotations

import torch
from diffusers import DDIMScheduler, UNet2DConditionModel
from torch import Tensor

from diffusion.training.learners.noising import PREDICTIONS, noised, split_prediction


@torch.no_grad()
def sample(
    unet: UNet2DConditionModel,
    scheduler: DDIMScheduler,
    context: Tensor,
    unconditional: Tensor,
    depth: Tensor,
    *,
    guidance: float,
    steps: int,
    seed: int,
    batch: int = 8,
) -> Tensor:
    """Latents [B,C,h,w] for contexts [B,T,D] and depth channels [B,1,h,w]; unconditional: [T,D]."""
    out = []
    channels = unet.config["out_channels"]
    generator = torch.Generator().manual_seed(seed)
    for words, distance in zip(context.split(batch), depth.split(batch), strict=True):
        scheduler.set_timesteps(steps)
        x = torch.randn(len(words), channels, *distance.shape[2:], generator=generator).to(unet.device)
        distance, words = distance.to(x), words.to(x)
        both = torch.cat((unconditional.to(x).expand_as(words), words))
        for t in scheduler.timesteps:
            if guidance == 1.0:
                prediction = unet(torch.cat((x, distance), 1), t, words).sample
            else:
                pair = unet(torch.cat((x, distance), 1).repeat(2, 1, 1, 1), t, both).sample
                blank, said = pair.chunk(2)
                prediction = blank + guidance * (said - blank)
            x = scheduler.step(prediction, t, x).prev_sample  # pyright: ignore[reportArgumentType, reportAttributeAccessIssue]
        out.append(x)
    return torch.cat(out)


@torch.no_grad()
def sample_consistency(
    unet: UNet2DConditionModel, scheduler: DDIMScheduler, context: Tensor, depth: Tensor, *, steps: int, seed: int
) -> Tensor:
    """Latents [B,C,h,w] from a consistency model: predict x0 from pure noise, add noise up to the next level, and repeat."""
    objective = next(name for name, kind in PREDICTIONS.items() if kind == scheduler.config["prediction_type"])
    scheduler.set_timesteps(steps)
    times = scheduler.timesteps.tolist()
    generator = torch.Generator().manual_seed(seed)
    shape = (len(context), unet.config["out_channels"], *depth.shape[2:])
    picture = torch.zeros(shape, device=unet.device)
    for t in times:
        abar = scheduler.alphas_cumprod[t].expand(len(context)).to(picture)
        x = noised(picture, torch.randn(shape, generator=generator).to(picture), abar)
        said = unet(torch.cat((x, depth.to(x)), 1), t, context.to(x)).sample
        picture, _ = split_prediction(objective, said, x, abar)
    return picture
