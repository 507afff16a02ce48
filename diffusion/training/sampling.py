"""Pictures from the network during training: plain DDIM with classifier-free guidance."""

from __future__ import annotations

import torch
from diffusers import DDIMScheduler, UNet2DConditionModel
from torch import Tensor


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
            x = scheduler.step(prediction, t, x).prev_sample
        out.append(x)
    return torch.cat(out)
