"""A decoder trained on beside a frozen encoder: the critic's losses, and what stays as it was."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from diffusion.training.data.latent_cache import encoder_id
from diffusion.training.learners.critic import Critic, critic_losses
from diffusion.training.learners.vae import train_vae

FINE = {"freeze_encoder": True, "adversarial": 0.1, "features": 0.5, "critic_width": 8}


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


def test_the_decoder_learns_and_the_latents_stay(run_folder: Path, tmp_path: Path, configs: dict) -> None:
    shutil.copytree(run_folder / "data", tmp_path / "data")
    config = configs["vae"](tmp_path, out=str(tmp_path / "decoder"), start=str(run_folder / "vae"), **FINE)
    train_vae(config)
    file = Path("vae") / "vae" / "diffusion_pytorch_model.safetensors"
    before, after = load_file(run_folder / file), load_file(tmp_path / "decoder" / "vae" / file.name)
    same = {name: torch.equal(before[name], after[name]) for name in before}
    assert all(equal for name, equal in same.items() if name.startswith("encoder."))
    assert not all(equal for name, equal in same.items() if name.startswith("decoder."))
    assert encoder_id(run_folder / "vae") == encoder_id(tmp_path / "decoder")


def test_a_critic_is_resumed_with_the_rest(run_folder: Path, tmp_path: Path, configs: dict) -> None:
    shutil.copytree(run_folder / "data", tmp_path / "data")
    weights = []
    for name, minutes in (("whole", [0.0]), ("parts", [1e-9, 1e-9, 0.0])):
        for limit in minutes:
            changes = {"out": str(tmp_path / name), "start": str(run_folder / "vae"), "minutes": limit, **FINE}
            train_vae(configs["vae"](tmp_path, **changes))
        weights.append(torch.load(tmp_path / name / "checkpoint.pt", weights_only=True)["model"])
    assert any(k.startswith("critic.") for k in weights[0])
    assert all(torch.equal(weights[0][k], weights[1][k]) for k in weights[0])
