"""Heads that tell a student's pictures from drawn ones: what they see, whom their losses reach, and that they learn."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from diffusers import UNet2DConditionModel

from diffusion.attention import RegionalProcessor
from diffusion.training.cache import Latents
from diffusion.training.config import FewConfig, UnetConfig
from diffusion.training.contest import Contest, Heads, contest_losses, features, watched
from diffusion.training.noising import scheduler
from diffusion.training.parted import Parted, draw_parted
from diffusion.training.unet import new_unet, seeded

CONFIG = FewConfig(channels=(16, 32, 32), groups=8, heads=2, adversarial=0.1)
ABAR = scheduler("scaled_linear", "v", True).alphas_cumprod


def unet(seed: int) -> UNet2DConditionModel:
    network = new_unet(UnetConfig(channels=CONFIG.channels, groups=8, heads=2, seed=seed), 2)
    network.set_attn_processor(RegionalProcessor())
    return network


@pytest.fixture
def drawn() -> Parted:
    """Two crops of a picture whose left and right have a caption each."""
    g = torch.Generator().manual_seed(0)
    slots = torch.zeros(1, 4, 16, 16, dtype=torch.uint8)
    slots[0, 0, :, :8] = slots[0, 1, :, 8:] = 255
    data = Latents(
        latents=torch.randn(1, 2, 16, 16, generator=g),
        depth=torch.ones(1, 16, 16),
        slots=slots,
        contexts=torch.randn(2, 24, 384, generator=g),
        picture=torch.zeros(2, dtype=torch.int32),
        covers=torch.tensor([1, 2], dtype=torch.uint8),
        whole=torch.zeros(2, dtype=torch.uint8),
        captions=("brick wall", "grass"),
    )
    return draw_parted(data, 2, 16, np.random.default_rng(0))


def losses(contest: Contest, teacher: UNet2DConditionModel, drawn: Parted, step: int = 0) -> dict[str, torch.Tensor]:
    def both(student, heads):
        given = (teacher, drawn, drawn.contexts, ABAR, CONFIG, seeded(0, step), torch.device("cpu"))
        return contest_losses(student, heads, *given)

    return contest(both)


def test_features_are_what_the_whole_network_computes(drawn: Parted) -> None:
    teacher, seen = unet(0), []
    for block in teacher.down_blocks:
        block.attentions[-1].register_forward_hook(lambda *call: seen.append(call[2][0]))
    teacher.mid_block.register_forward_hook(lambda *call: seen.append(call[2]))
    t, heard = torch.tensor([300, 700]), drawn.heard(3)
    got = features(teacher, drawn.batch.latents, t, drawn.batch.depth, drawn.batch.context, heard)
    del seen[:]
    teacher(
        torch.cat((drawn.batch.latents, drawn.batch.depth), 1), t, drawn.batch.context, cross_attention_kwargs=heard
    )
    assert [x.shape[1:] for x in got] == [(16, 16, 16), (32, 8, 8), (32, 4, 4), (32, 4, 4)]
    assert tuple(x.shape[1] for x in got) == watched(CONFIG)
    assert all(torch.equal(a, b) for a, b in zip(got, seen, strict=True))


def test_each_side_learns_from_its_own_loss(drawn: Parted) -> None:
    teacher = unet(0).requires_grad_(False)
    contest = Contest(unet(1), Heads(watched(CONFIG)))
    for loss, learns, stays in (("fool", contest.student, contest.heads), ("heads", contest.heads, contest.student)):
        contest.zero_grad()
        losses(contest, teacher, drawn)[loss].backward()
        assert any(p.grad is not None and p.grad.abs().sum() > 0 for p in learns.parameters())
        assert all(p.grad is None or p.grad.abs().sum() == 0 for p in stays.parameters())


def test_heads_learn_to_tell_drawn_pictures_from_a_poor_students(drawn: Parted) -> None:
    torch.manual_seed(0)
    teacher = unet(0).requires_grad_(False)
    contest = Contest(unet(1).requires_grad_(False), Heads(watched(CONFIG)))
    optimizer = torch.optim.Adam(contest.heads.parameters(), lr=2e-3)
    found = []
    for step in range(30):
        got = losses(contest, teacher, drawn, step % 3)
        found.append(float(got["hinge_own"] + got["hinge_real"]))
        optimizer.zero_grad()
        got["heads"].backward()
        optimizer.step()
    assert np.mean(found[-6:]) < 0.8 * np.mean(found[:6])
