"""The critic's losses: who learns from which, and how far a verdict looks."""

from __future__ import annotations

import pytest
import torch

from diffusion.training.learners.critic import Critic, critic_losses


@pytest.fixture
def judged() -> tuple[Critic, torch.Tensor, dict[str, torch.Tensor]]:
    g = torch.Generator().manual_seed(0)
    torch.manual_seed(0)
    critic = Critic(8, 8)
    shown = torch.randn(2, 3, 32, 32, generator=g).requires_grad_()
    truth, latents = torch.randn(2, 3, 32, 32, generator=g), torch.randn(2, 8, 4, 4, generator=g)
    return critic, shown, critic_losses(critic, shown, truth, latents)


@pytest.mark.parametrize("part", ["fool", "features"])
def test_what_the_decoder_wants_leaves_the_critic_alone(judged: tuple, part: str) -> None:
    critic, shown, losses = judged
    losses[part].backward()
    assert bool((shown.grad != 0).any())
    assert all(p.grad is None for p in critic.parameters())


def test_what_the_critic_learns_leaves_the_decoder_alone(judged: tuple) -> None:
    critic, shown, losses = judged
    losses["critic"].backward()
    assert shown.grad is None
    assert all(bool((p.grad != 0).any()) for name, p in critic.named_parameters() if name.endswith("weight"))


def test_the_critic_tells_grain_from_blur_after_some_steps(judged: tuple) -> None:
    critic, _, _ = judged
    optimizer = torch.optim.Adam(critic.parameters(), lr=2e-3)
    g = torch.Generator().manual_seed(1)
    for _ in range(30):
        truth, latents = torch.randn(4, 3, 32, 32, generator=g), torch.randn(4, 8, 4, 4, generator=g)
        blurred = torch.nn.functional.avg_pool2d(truth, 5, 1, 2)
        optimizer.zero_grad()
        critic_losses(critic, blurred, truth, latents)["critic"].backward()
        optimizer.step()
    real, false = (float(critic(x, latents)[0].detach().mean()) for x in (truth, blurred))
    assert real > 0.5 and false < -0.5


def test_a_verdict_is_about_its_own_neighbourhood() -> None:
    critic, latents = Critic(8, 8), torch.zeros(1, 8, 16, 16)
    pictures = torch.zeros(1, 3, 128, 128)
    changed = pictures.clone()
    changed[..., :8] = 1.0
    before, after = critic(pictures, latents)[0], critic(changed, latents)[0]
    assert not torch.equal(before, after)
    assert torch.equal(before[..., 6:], after[..., 6:])
