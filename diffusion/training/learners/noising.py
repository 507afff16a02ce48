"""The forward process and the training targets: schedules, objectives, Min-SNR weights."""

from __future__ import annotations

import torch
from diffusers import DDIMScheduler
from torch import Tensor

BETAS = {"scaled_linear": "scaled_linear", "linear": "linear", "cosine": "squaredcos_cap_v2"}
PREDICTIONS = {"v": "v_prediction", "eps": "epsilon", "x0": "sample"}
STEPS = 1000


def make_scheduler(schedule: str, objective: str, zero_snr: bool) -> DDIMScheduler:
    """The diffusers scheduler stored in the model folder: trailing spacing, optionally zero terminal SNR."""
    betas = {"beta_start": 0.00085, "beta_end": 0.012} if schedule == "scaled_linear" else {}
    return DDIMScheduler(
        num_train_timesteps=STEPS,
        beta_schedule=BETAS[schedule],
        prediction_type=PREDICTIONS[objective],  # pyright: ignore[reportArgumentType]
        timestep_spacing="trailing",
        rescale_betas_zero_snr=zero_snr,
        clip_sample=False,
        set_alpha_to_one=True,
        steps_offset=0,
        **betas,  # pyright: ignore[reportArgumentType]
    )


def stratified_timesteps(count: int, generator: torch.Generator) -> Tensor:
    """`count` timesteps, one from each equal part of 0..STEPS-1, in random order: every batch sees all noise levels."""
    places = (torch.arange(count) + torch.rand(count, generator=generator)) / count
    return (places * STEPS).long().clamp(max=STEPS - 1)[torch.randperm(count, generator=generator)]


def noised(x0: Tensor, noise: Tensor, abar: Tensor) -> Tensor:
    """x_t for cumulative signal `abar` [B]."""
    a = abar.view(-1, 1, 1, 1)
    return a.sqrt() * x0 + (1 - a).sqrt() * noise


def prediction_target(objective: str, x0: Tensor, noise: Tensor, abar: Tensor) -> Tensor:
    """The training target: v (Salimans & Ho 2022), the noise, or the picture."""
    a = abar.view(-1, 1, 1, 1)
    return {"v": a.sqrt() * noise - (1 - a).sqrt() * x0, "eps": noise, "x0": x0}[objective]


def split_prediction(objective: str, said: Tensor, x: Tensor, abar: Tensor) -> tuple[Tensor, Tensor]:
    """(picture, noise) from the network's output `said` for x [B,C,h,w] with cumulative signal abar [B]."""
    a, s = abar.view(-1, 1, 1, 1).sqrt(), (1 - abar).view(-1, 1, 1, 1).sqrt()
    if objective == "v":
        return a * x - s * said, s * x + a * said
    if objective == "eps":
        return (x - s * said) / a.clamp_min(1e-4), said
    return said, (x - a * said) / s.clamp_min(1e-4)


def min_snr_weight(objective: str, abar: Tensor, gamma: float, floor: float) -> Tensor:
    """Min-SNR-gamma weights [B] (arXiv 2303.09556) for the mean squared error of each objective; 1 for gamma 0.

    Without signal the weights vanish, and the first step of zero terminal SNR, which decides the colours, would not be trained.
    So below SNR 1 they are at least `floor`.
    """
    if gamma <= 0:
        return torch.ones_like(abar)
    snr = abar / (1 - abar).clamp_min(1e-8)
    capped = snr.clamp(max=gamma)
    weights = {"v": capped / (snr + 1), "eps": capped / snr.clamp_min(1e-8), "x0": capped}[objective]
    return torch.where(snr < 1, weights.clamp_min(floor), weights)
