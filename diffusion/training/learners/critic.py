"""A critic (discriminator) for the decoder. Unlike distance losses, it requires every patch to look like a drawn one."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.func import functional_call


class Critic(nn.Module):
    """Pictures [B,3,8h,8w] and their latents [B,C,h,w] → a verdict for each latent pixel [B,1,h,w], and the intermediate features.

    The latents are an input so that the critic asks for the grain that belongs to them, not for any grain. There is no normalisation:
    like decoding, a verdict is local, to 54 pixels.
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
    """The losses of decoder and critic.

    fool: the decoder's adversarial loss; features: distance of its pictures' features to the truth's, relative to their size;
    critic: the critic's hinge loss. The gradients of the first two reach only the decoder, those of the third only the critic, so one
    optimiser and one checkpoint serve both.
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
