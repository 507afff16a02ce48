"""The surface-aware network behind the one convention of all models: x = x0 + sigma·n in, x0 out."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from diffusion.models.bare_surface import bare_surface
from diffusion.models.surface_conditions import HARMONICS, SHAPE, conditions, harmonics, shape
from diffusion.models.surface_denoiser import denoise, denoised_from_flow, flow_schedule
from diffusion.models.surface_unet import SurfaceUNet
from diffusion.sampling.schedules import make_sigmas
from diffusion.sampling.solvers import SAMPLERS
from diffusion.training.learners.flow import sample

WIDTH, TOKENS = 10, 3


def tiny() -> SurfaceUNet:
    torch.manual_seed(1)
    network = SurfaceUNet(4, HARMONICS, SHAPE, (16, 24), 1, WIDTH, 32, 8, 2).eval()
    for parameter in network.parameters():
        parameter.data += 0.03 * torch.randn(parameter.shape)
    return network.requires_grad_(False)


@given(st.floats(1e-3, 4000))
def test_the_flow_gives_back_what_lies_under_the_noise(sigma: float) -> None:
    generator = torch.Generator().manual_seed(0)
    x0, noise = torch.randn(2, 1, 4, 8, 8, generator=generator, dtype=torch.float64)
    assert torch.allclose(denoised_from_flow(noise - x0, x0 + sigma * noise, sigma), x0, atol=1e-6)


def test_the_schedule_is_even_in_t_and_ends_in_pure_noise() -> None:
    schedule = flow_schedule(1000)
    sigma = schedule.sigmas
    assert torch.allclose((sigma / (1 + sigma))[:-1], torch.arange(1, 1000).double() / 1000, atol=1e-6)
    assert schedule.sigma_max == pytest.approx(4096)
    t = [s / (1 + s) for s in make_sigmas(schedule, "trailing", 4).tolist()]
    assert t == pytest.approx([1.0, 0.75, 0.5, 0.25, 0.0], abs=1e-3)


@pytest.mark.parametrize("kind", ["wall", "floor", "sky"])
def test_conditions_are_the_harmonics_then_the_shape(kind: str) -> None:
    told = bare_surface(kind, 6, 8)
    waves, form = conditions(told).split((HARMONICS, SHAPE))
    assert torch.equal(waves, harmonics(told.uv, told.span)) and torch.equal(form, shape(told))


def test_euler_through_sigmas_is_euler_along_the_flow() -> None:
    """The project's own solver, spacing and convention paint what training's sampler paints."""
    network, told = tiny(), bare_surface("wall", 8, 8)
    geometry, contexts = conditions(told)[None], torch.randn(1, TOKENS, WIDTH)
    weights, owners, noise = torch.ones(1, 8, 8), torch.tensor([0]), torch.randn(1, 4, 8, 8)

    def flow(x: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
        sigma = float(t[0] / (1 - t[0]).clamp(min=1 / 4096))
        lifted = x * (1 + sigma)
        return ((1 + sigma) * denoise(network, lifted, sigma, geometry, contexts, weights, owners) - lifted) / -sigma

    straight = sample(flow, flow, noise, 8, 1.0)
    sigmas = make_sigmas(flow_schedule(), "trailing", 8)

    def through(x: torch.Tensor, sigma: float) -> torch.Tensor:
        return denoise(network, x, sigma, geometry, contexts, weights, owners)

    found = SAMPLERS["euler"](through, noise * float(sigmas[0]), sigmas)
    assert torch.allclose(found.float(), straight, atol=2e-2)


def test_views_with_different_numbers_of_prompts_share_a_call() -> None:
    network = tiny()
    contexts, weights = torch.randn(3, TOKENS, WIDTH), torch.rand(3, 8, 8)
    weights[0], weights[1:] = 1, weights[1:] / weights[1:].sum(0)
    owners, x = torch.tensor([1, 0, 0]), torch.randn(2, 4, 8, 8)
    geometry = torch.stack([conditions(bare_surface(kind, 8, 8)) for kind in ("wall", "floor")])
    together = denoise(network, x, 1.5, geometry, contexts, weights, owners)
    first = denoise(network, x[:1], 1.5, geometry[:1], contexts[1:], weights[1:], torch.tensor([0, 0]))
    second = denoise(network, x[1:], 1.5, geometry[1:], contexts[:1], weights[:1], torch.tensor([0]))
    assert torch.allclose(together, torch.cat((first, second)), atol=5e-3)


def test_nothing_need_be_known_of_the_surface() -> None:
    network, contexts = tiny(), torch.randn(1, TOKENS, WIDTH)
    arguments = contexts, torch.ones(1, 8, 8), torch.tensor([0])
    x = torch.randn(1, 4, 8, 8)
    blind = denoise(network, x, 2.0, None, *arguments)
    told = denoise(network, x, 2.0, conditions(bare_surface("wall", 8, 8))[None], *arguments)
    assert blind.isfinite().all() and not torch.allclose(blind, told, atol=1e-3)
