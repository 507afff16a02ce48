"""Call the surface-aware network like any other model: from x, sigma, geometry and prompts to x0."""

from __future__ import annotations

import torch
from torch import Tensor

from diffusion.models.surface_unet import SurfaceUNet
from diffusion.sampling.schedules import NoiseSchedule

STEPS = 1000


def flow_schedule(steps: int = STEPS) -> NoiseSchedule:
    """The noise levels of a rectified flow: timestep i lies at t = (i + 1) / steps, where sigma = t / (1 - t); the last is pure noise."""
    t = torch.arange(1, steps + 1, dtype=torch.float64) / steps
    return NoiseSchedule((1 - t).square() / ((1 - t).square() + t.square()))


def denoised_from_flow(flow: Tensor, x: Tensor, sigma: float) -> Tensor:
    """Compute x0 of x = x0 + sigma·n from the flow n - x0. x / (1 + sigma) lies at t = sigma / (1 + sigma) between x0 and noise."""
    return (x - sigma * flow) / (1 + sigma)


@torch.inference_mode()
def denoise(
    unet: SurfaceUNet,
    x: Tensor,
    sigma: float,
    geometry: Tensor | None,
    contexts: Tensor,
    weights: Tensor,
    owners: Tensor,
) -> Tensor:
    """x0 [B,C,h,w] float32 from x [B,C,h,w] at noise level sigma; one network call for all prompts of all views.

    geometry: [B,CONDITIONS,h,w] (`diffusion.models.surface_conditions.conditions`), or None if unknown
    contexts: [R,T,D], the prompts of all views; weights: [R,h,w], each prompt's share of its view's pixels, summing to 1;
    owners: int [R], each prompt's view
    """
    views, (height, width) = len(x), x.shape[-2:]
    most = int(torch.bincount(owners, minlength=views).max())
    said = contexts.new_zeros(views, most, *contexts.shape[1:])
    shares = weights.new_zeros(views, most, height, width)
    for view in range(views):
        rows = (owners == view).nonzero()[:, 0]
        said[view, : len(rows)], shares[view, : len(rows)] = contexts[rows], weights[rows]
    channels = [unet.config[name] for name in ("harmonics", "shape")]
    if geometry is None:
        geometry = x.new_zeros(1, sum(channels), height, width)
    waves, form = geometry.expand(views, -1, -1, -1).split(channels, 1)
    t = torch.full((views,), sigma / (1 + sigma), device=x.device)
    return denoised_from_flow(unet(x / (1 + sigma), t, waves, form, said, shares), x, sigma)
