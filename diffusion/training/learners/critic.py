"""A critic beside the decoder: what no measure of distance asks for, that every patch looks like a drawn one."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.func import functional_call


class Critic(nn.Module):
    """Pictures [B,3,8h,8w] and their latents [B,C,h,w] → a verdict for each latent pixel [B,1,h,w], and the features on the way.

    It sees the latents as well, so that what it asks for is grain that belongs to them, not grain at all. No normalisation: a verdict
    is about its own 54 pixels, as decoding is local.
    """

    def __init__(self, latent_channels: int, width: int) -> None:
        super().__init__()
        wide = 4 * width
        self.down = nn.ModuleList(
            nn.Conv2d(a, b, 4, 2, 1) for a, b in ((3, width), (width, 2 * width), (2 * width, wide))
        )
        self.join = nn.Conv2d(wide + latent_channels, wide, 3, 1, 1)
        self.verdict = nn.Conv2d(wide, 1, 3, 1, 1)

    def forward(self, pictures: Tensor, latents: Tensor) -> tuple[Tensor, list[Tensor]]:
        x, seen = pictures, []
        for layer in self.down:
            x = F.leaky_relu(layer(x), 0.2)
            seen.append(x)
        x = F.leaky_relu(self.join(torch.cat((x, latents), 1)), 0.2)
        return self.verdict(x), seen


def critic_losses(critic: Critic, shown: Tensor, truth: Tensor, latents: Tensor) -> dict[str, Tensor]:
    """fool: what the decoder wants of the verdict; features: how far its pictures' features are from the truth's (1 = as far as these
    are from nothing); critic: the hinge loss of the critic itself.

    The first two reach the decoder alone and the third the critic alone, so that one optimiser and one checkpoint serve both.
    """
    latents = latents.detach()
    fixed = {name: value.detach() for name, value in critic.named_parameters()}
    said, seen = functional_call(critic, fixed, (shown, latents))
    real, known = critic(truth, latents)
    false, _ = critic(shown.detach(), latents)
    features = [F.l1_loss(a, b.detach()) / b.detach().abs().mean() for a, b in zip(seen, known, strict=True)]
    return {
        "fool": -said.mean(),
        "features": torch.stack(features).mean(),
        "critic": F.relu(1 - real).mean() + F.relu(1 + false).mean(),
    }
