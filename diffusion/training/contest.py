"""Adversarial distillation: the student's own runs against drawn pictures, before heads on the teacher's features.

What a student copies from its teacher is at most as good as the teacher. Heads that tell its pictures from drawn ones ask for what both
lack: joints that go on, edges that are sharp, colours that the words name. As in arXiv 2403.12015 the heads see noised latents through
the frozen teacher; as in arXiv 1605.05396 a drawn picture under a wrong caption counts as false, so the verdict is about the words too.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from diffusers import UNet2DConditionModel
from torch import Tensor, nn
from torch.func import functional_call

from diffusion.training.config import FewConfig
from diffusion.training.noising import STEPS, noised, parts_of
from diffusion.training.parted import Parted

WIDTH = 64


class Heads(nn.Module):
    """Features [B,C_i,h_i,w_i] of each resolution → a verdict for each of its places [B,1,h_i,w_i]."""

    def __init__(self, channels: tuple[int, ...]) -> None:
        super().__init__()
        self.heads = nn.ModuleList(
            nn.Sequential(
                nn.GroupNorm(8, c),
                nn.Conv2d(c, WIDTH, 1),
                nn.SiLU(),
                nn.Conv2d(WIDTH, WIDTH, 3, 1, 1),
                nn.SiLU(),
                nn.Conv2d(WIDTH, 1, 1),
            )
            for c in channels
        )

    def forward(self, features: list[Tensor]) -> list[Tensor]:
        return [head(x) for head, x in zip(self.heads, features, strict=True)]


class Contest(nn.Module):
    """The student and its heads as one module, so that one optimiser, average and checkpoint serve both.

    A forward pass is the whole loss of a step, so that data parallel wrappers see every weight's use."""

    def __init__(self, student: UNet2DConditionModel, heads: Heads | None) -> None:
        super().__init__()
        self.student, self.heads = student, heads

    def forward(self, loss: Callable[[UNet2DConditionModel, Heads | None], tuple]) -> tuple:
        return loss(self.student, self.heads)


def watched(config: FewConfig) -> tuple[int, ...]:
    """Channels of what `features` gives: each resolution on the way down, and the middle."""
    return (*config.channels, config.channels[-1])


def features(
    unet: UNet2DConditionModel, x: Tensor, t: Tensor, depth: Tensor, context: Tensor, heard: dict
) -> list[Tensor]:
    """What a U-Net makes of noised latents x [B,C,h,w] at t [B] on its way down and in its middle: float32, one for each resolution."""
    kind = unet.dtype
    embedded = unet.time_embedding(unet.time_proj(t).to(kind))
    now = unet.conv_in(torch.cat((x, depth), 1).to(kind))
    words = {"encoder_hidden_states": context.to(kind), "cross_attention_kwargs": heard}
    seen = []
    for block in unet.down_blocks:
        now, within = block(now, embedded, **words)
        # the last of a block is already halved for the next
        seen.append(within[-2] if block.downsamplers else within[-1])
    seen.append(unet.mid_block(now, embedded, **words))
    # contiguous: torch's convolution to one channel crashes on its way back from channels-last inputs
    return [x.float().contiguous() for x in seen]


def contest_losses(
    student: UNet2DConditionModel,
    heads: Heads,
    teacher: UNet2DConditionModel,
    parted: Parted,
    words: Tensor,
    abar: Tensor,
    config: FewConfig,
    generator: torch.Generator,
    device: torch.device,
) -> dict[str, Tensor]:
    """fool: what the student wants of the verdict on a picture of its own run; heads: the hinge loss of the heads themselves.

    Each reaches its own side alone. The student walks from pure noise to a random interval and is judged by what it sees there, noised
    to between half that interval's quiet end and half an interval above its noisy one: early steps answer for the layout alone. words:
    the captions [R,T,D] as the student hears them.
    """
    parted = parted.to(device)
    levels = len(config.channels)
    batch, heard = parted.batch, parted.heard(levels, words.to(device))
    count, span = len(batch.latents), STEPS // config.intervals
    last = int(torch.randint(config.intervals, (), generator=generator))
    noise, fresh = (torch.randn(batch.latents.shape, generator=generator).to(device) for _ in range(2))
    share = torch.rand(count, generator=generator)
    level = ((last / 2 + share * (last / 2 + 1)) * span).long().clamp(max=STEPS - 1)

    def seen(x: Tensor, interval: int) -> tuple[Tensor, Tensor]:
        t = (interval + 1) * span - 1
        said = student(torch.cat((x, batch.depth), 1), t, batch.context, cross_attention_kwargs=heard).sample.float()
        return parts_of(config.objective, said, x, abar[t].expand(count).to(device))

    x = noise
    with torch.no_grad():
        for interval in range(config.intervals - 1, last, -1):
            x = noised(*seen(x, interval), abar[interval * span - 1].expand(count).to(device))
    shown = seen(x, last)[0]

    def looked(latents: Tensor, contexts: Tensor) -> list[Tensor]:
        told = parted.heard(levels, contexts.to(teacher.dtype))
        given = noised(latents, fresh, abar[level].to(device))
        return features(teacher, given, level.to(device), batch.depth, batch.context, told)

    turn = 1 + int(torch.randint(max(1, len(parted.owners) - 1), (), generator=generator))
    own = looked(shown, parted.contexts)
    with torch.no_grad():
        real = looked(batch.latents, parted.contexts)
        swapped = looked(batch.latents, parted.contexts.roll(turn, 0))
    fixed = {name: value.detach() for name, value in heads.named_parameters()}
    fooled = functional_call(heads, fixed, (own,))
    verdicts = {"real": heads(real), "own": heads([f.detach() for f in own]), "swapped": heads(swapped)}
    parts = {
        "real": torch.stack([F.relu(1 - v).mean() for v in verdicts["real"]]).mean(),
        **{name: torch.stack([F.relu(1 + v).mean() for v in verdicts[name]]).mean() for name in ("own", "swapped")},
    }
    return {
        "fool": -torch.stack([v.mean() for v in fooled]).mean(),
        "heads": parts["real"] + (parts["own"] + parts["swapped"]) / 2,
        **{f"hinge_{name}": value.detach() for name, value in parts.items()},
    }
