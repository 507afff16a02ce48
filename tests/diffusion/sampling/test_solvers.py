"""Solvers on a denoiser in closed form: observed order, distribution, and agreement with k-diffusion and diffusers."""

from __future__ import annotations

import json
import math
from pathlib import Path

import diffusers
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from diffusion.sampling.denoiser import Prediction
from diffusion.sampling.noise import brownian_noise, seeded_noise, surface_noise
from diffusion.sampling.schedules import NoiseSchedule, make_sigmas
from diffusion.sampling.solvers import SAMPLERS

REFERENCE = json.loads((Path(__file__).parents[1] / "data" / "k_diffusion_reference.json").read_text())


def solve(sampler, denoise, x, sigmas, **keywords):
    return SAMPLERS[sampler](denoise, x, torch.as_tensor(sigmas, dtype=torch.float64), **keywords)


def exponential(steps: int, high: float, low: float) -> torch.Tensor:
    return torch.linspace(math.log(high), math.log(low), steps + 1, dtype=torch.float64).exp()


@pytest.fixture(scope="module")
def converged(mixture) -> tuple[torch.Tensor, torch.Tensor]:
    """(x at sigma 3, the exact flow's end at sigma 0.5): 512 steps of fourth order, an error near 1e-9."""
    x = 3.0 * torch.randn((64, 2, 1, 1), generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    return x, solve("rk4", mixture, x, exponential(512, 3.0, 0.5))


@pytest.mark.parametrize(
    ("sampler", "order"), [("euler", 1), ("heun", 2), ("midpoint", 2), ("rk4", 4), ("dpmpp_2m", 2), ("dpm2", 2)]
)
def test_observed_order(mixture, converged, sampler, order):
    x, exact = converged
    errors = [(solve(sampler, mixture, x, exponential(n, 3.0, 0.5)) - exact).norm() for n in (64, 128)]
    assert math.log2(errors[0] / errors[1]) == pytest.approx(order, abs=0.15)


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_the_right_distribution(mixture, sampler):
    """Mean and covariance of 10 000 samples. Bound: five standard errors of a variance (0.05), and 0.08 of bias for 50 steps."""
    count = 10_000
    generator = torch.Generator().manual_seed(2)
    x = 20.0 * torch.randn((count, 2, 1, 1), generator=generator, dtype=torch.float64)
    sigmas = torch.cat([exponential(50, 20.0, 0.02), torch.zeros(1, dtype=torch.float64)])
    out = solve(sampler, mixture, x, sigmas, generator=generator)[:, :, 0, 0]
    weights, means, deviations = (
        torch.tensor([0.5, 0.3, 0.2]).double(),
        torch.tensor([[1.5, -0.5], [-1.0, 1.0], [0.0, -2.0]]).double(),
        torch.tensor([0.5, 0.4, 0.3]).double(),
    )
    mean = (weights[:, None] * means).sum(0)
    covariance = sum(
        w * (s**2 * torch.eye(2) + torch.outer(m, m)) for w, m, s in zip(weights, means, deviations, strict=True)
    ) - torch.outer(mean, mean)
    tolerance = (
        0.6 if sampler == "lcm" else 0.13
    )  # LCM jumps to the posterior mean each time: right only for a consistency model
    assert (out.mean(0) - mean).abs().max() < tolerance / 2
    assert (torch.cov(out.T) - covariance).abs().max() < tolerance


@pytest.mark.parametrize("spacing", REFERENCE["sigmas"])
@pytest.mark.parametrize("sampler", ["euler", "heun", "euler_ancestral", "dpmpp_2m", "dpmpp_sde", "ddpm"])
def test_against_k_diffusion(mixture, request, sampler, spacing):
    tests = request.getfixturevalue("reference_of")
    theirs = {"ddpm": "euler_ancestral"}.get(sampler, sampler)
    out = solve(sampler, mixture, tests.start(), REFERENCE["sigmas"][spacing], generator=tests.noise)
    wanted = torch.tensor(REFERENCE["samples"][f"{theirs} {spacing}"], dtype=torch.float64).view_as(out)
    assert (out - wanted).abs().max() <= 1e-5 * wanted.abs().max()


ALPHAS = diffusers.DDIMScheduler(
    beta_schedule="scaled_linear", beta_start=0.00085, beta_end=0.012
).alphas_cumprod.double()
BETAS = {"beta_schedule": "scaled_linear", "beta_start": 0.00085, "beta_end": 0.012}


def run_theirs(scheduler, denoise, noise, steps, **keywords):
    """x0 of a diffusers scheduler whose model is our closed-form denoiser, told as eps."""
    scheduler.set_timesteps(steps)
    euler_like = hasattr(scheduler, "sigmas") and "Euler" in type(scheduler).__name__
    x = noise * scheduler.init_noise_sigma
    levels = []
    for t in scheduler.timesteps:
        kept = ALPHAS[int(t)]
        sigma = float(((1 - kept) / kept).sqrt())
        plain = x if euler_like else x * math.sqrt(1 + sigma**2)
        levels.append(sigma)
        eps = (plain - denoise(plain, sigma)) / sigma
        x = scheduler.step(eps, t, x, **keywords).prev_sample
    return x, [*levels, 0.0]


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
@pytest.mark.parametrize(
    ("sampler", "scheduler"),
    [
        (
            "ddim",
            diffusers.DDIMScheduler(**BETAS, clip_sample=False, set_alpha_to_one=True, timestep_spacing="trailing"),
        ),
        ("euler", diffusers.EulerDiscreteScheduler(**BETAS, timestep_spacing="trailing")),
        ("heun", None),
        (
            "dpmpp_2m",
            diffusers.DPMSolverMultistepScheduler(**BETAS, timestep_spacing="trailing", final_sigmas_type="zero"),
        ),
        ("unipc", diffusers.UniPCMultistepScheduler(**BETAS, timestep_spacing="trailing", final_sigmas_type="zero")),
    ],
)
def test_against_diffusers(mixture, sampler, scheduler):
    """From the level and state of their first step to their last, on their own levels, with float32 betas as theirs."""
    noise = torch.randn((8, 2, 2, 2), generator=torch.Generator().manual_seed(5), dtype=torch.float64)
    if scheduler is None:  # Heun calls its model twice a step with repeated timesteps
        scheduler = diffusers.HeunDiscreteScheduler(**BETAS, timestep_spacing="trailing")
        scheduler.set_timesteps(10)
        levels = scheduler.sigmas.unique().flip(0)
        x = noise * float(levels[0])
        for t, sigma in zip(scheduler.timesteps, scheduler.sigmas, strict=False):
            eps = (x - mixture(x, float(sigma))) / float(sigma)
            x = scheduler.step(eps, t, x).prev_sample
        theirs, start = x, noise * float(levels[0])
    else:
        theirs, levels = run_theirs(scheduler, mixture, noise, 10)
        vp = "Euler" not in type(scheduler).__name__
        start = noise * (math.sqrt(1 + levels[0] ** 2) if vp else float(scheduler.init_noise_sigma))
    ours = solve(sampler, mixture, start, levels)
    assert (ours - theirs).abs().max() <= 2e-4 * theirs.abs().max()


def test_ddpm_against_diffusers(mixture, monkeypatch):
    """One ancestral step with the same noise: mean and variance of the posterior ("fixed_small")."""
    scheduler = diffusers.DDPMScheduler(
        **BETAS, clip_sample=False, timestep_spacing="trailing", variance_type="fixed_small"
    )
    scheduler.set_timesteps(10)
    t, t_next = (int(t) for t in scheduler.timesteps[3:5])
    sigma, sigma_next = (float(((1 - ALPHAS[i]) / ALPHAS[i]).sqrt()) for i in (t, t_next))
    x = sigma * torch.randn((4, 2, 2, 2), generator=torch.Generator().manual_seed(6), dtype=torch.float64)
    fresh = torch.randn(x.shape, generator=torch.Generator().manual_seed(7), dtype=torch.float64)
    monkeypatch.setattr("diffusers.schedulers.scheduling_ddpm.randn_tensor", lambda *_, **__: fresh)
    eps = (x - mixture(x, sigma)) / sigma
    theirs = scheduler.step(eps, t, x / math.sqrt(1 + sigma**2)).prev_sample * math.sqrt(1 + sigma_next**2)
    ours = solve("ddpm", mixture, x, [sigma, sigma_next], generator=lambda *_: fresh)
    assert (ours - theirs).abs().max() <= 1e-4 * theirs.abs().max()


def test_ddim_eta_zero_is_euler_bit_for_bit(mixture):
    x, sigmas = 14 * torch.cos(torch.arange(72).double()).view(4, 2, 3, 3), REFERENCE["sigmas"]["karras"]
    assert torch.equal(solve("ddim", mixture, x, sigmas), solve("euler", mixture, x, sigmas))


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_a_certain_denoiser_is_believed_from_infinite_noise(sampler):
    """A model that knows x0 gives exactly x0, also over the leap from sigma 4096 of a zero-terminal-SNR schedule."""
    target = torch.randn((1, 4, 3, 3), generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    x = target + 4096 * torch.randn(target.shape, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    out = solve(sampler, lambda x, sigma: target, x, [4096.0, 6.0, 2.0, 0.5, 0.1, 0.0], generator=torch.Generator())
    assert torch.allclose(out, target, atol=1e-9)


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_error_in_the_first_prediction_is_not_amplified(sampler):
    """A second slope across the leap from 4096 would multiply the difference of two predictions by sigma/sigma_next."""

    def denoise(x, sigma):
        return torch.full_like(x, 0.1 if sigma > 100 else 0.0)

    x = torch.full((1, 1, 2, 2), 4096.0, dtype=torch.float64)
    out = solve(sampler, denoise, x, [4096.0, 6.0, 0.0], generator=lambda *_: torch.zeros_like(x))
    assert out.abs().max() < 0.2


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_callback_and_adjust_see_every_step(mixture, sampler):
    seen = []
    sigmas = REFERENCE["sigmas"]["karras"]
    solve(
        sampler,
        mixture,
        torch.ones((1, 2, 1, 1), dtype=torch.float64) * 14,
        sigmas,
        callback=lambda step, sigma, x, prediction: seen.append((step, sigma, float(x[0, 0, 0, 0]))),
        adjust=lambda step, sigma, x: x * 0 + step,
        generator=torch.Generator(),
    )
    # restart reports the steps that it repeats once more, under their own numbers
    assert list(dict.fromkeys(seen)) == [(i, sigma, float(i)) for i, sigma in enumerate(sigmas[:-1])]


def test_cfgpp_renoises_with_the_anchor():
    """Euler with CFG++: x0 + (x - D_neg)·sigma_next/sigma, as the paper's algorithm says."""
    x = torch.randn((1, 2, 2, 2), generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    out = solve("euler", lambda x, s: Prediction(x * 0.5, x * 0.2), x, [2.0, 1.0])
    assert torch.allclose(out, x * 0.5 + (x - x * 0.2) * 0.5)
    for sampler in ("heun", "midpoint", "rk4"):  # with a constant direction and jump all orders agree with Euler
        steady = solve(sampler, lambda x_, s: Prediction(x_ * 0 + 1, x_ * 0 + 1), x, [2.0, 1.0])
        assert torch.allclose(steady, solve("euler", lambda x_, s: x_ * 0 + 1, x, [2.0, 1.0]))


@settings(max_examples=25)
@given(
    sampler=st.sampled_from(list(SAMPLERS)),
    batch=st.integers(1, 2),
    channels=st.sampled_from([4, 16]),
    height=st.integers(1, 5),
    width=st.integers(1, 5),
    steps=st.integers(1, 6),
    dtype=st.sampled_from([torch.float32, torch.bfloat16]),
)
def test_any_shape_and_precision(sampler, batch, channels, height, width, steps, dtype):
    sigmas = make_sigmas(NoiseSchedule(ALPHAS), "trailing", steps)
    x = torch.randn((batch, channels, height, width), generator=torch.Generator().manual_seed(0)).to(dtype) * sigmas[0]

    def run():
        return SAMPLERS[sampler](
            lambda x, s: x / (1 + s**2), x.to(dtype), sigmas, generator=torch.Generator().manual_seed(1)
        )

    out = run()
    assert out.shape == x.shape and out.dtype == dtype and torch.isfinite(out).all() and torch.equal(out, run())


def test_surface_noise_belongs_to_the_texel():
    whole = torch.randn((1, 4, 6, 8), generator=torch.Generator().manual_seed(0))
    there = surface_noise(whole, 3)(5.0, 2.0)
    assert torch.equal(surface_noise(whole[..., 2:5, 1:4], 3)(5.0, 2.0), there[..., 2:5, 1:4])
    assert not torch.equal(surface_noise(whole, 3)(2.0, 1.0), there) and not torch.equal(
        surface_noise(whole, 4)(5.0, 2.0), there
    )


@pytest.mark.parametrize(
    "source",
    [
        lambda like: surface_noise(torch.randn(like.shape, generator=torch.Generator().manual_seed(0)), 1),
        lambda like: seeded_noise(like, torch.Generator().manual_seed(0)),
        lambda like: brownian_noise(like, 1, 0.03, 14.0),
    ],
)
def test_noise_is_unit_normal(source):
    noise = source(torch.zeros((1, 4, 64, 64)))(5.0, 2.0)
    assert abs(noise.mean()) < 5 / 128 and abs(noise.std() - 1) < 5 / 181  # five standard errors of 16384 values
    assert abs((noise**4).mean() - 3) < 0.4


def test_brownian_increments_add_up_and_are_independent():
    draw = brownian_noise(torch.zeros((1, 4, 64, 64), dtype=torch.float64), 1, 0.03, 14.0)

    def span(a, b):
        return math.sqrt(math.log(a / b))

    whole = draw(8.0, 1.0) * span(8.0, 1.0)
    halves = draw(8.0, 3.0) * span(8.0, 3.0) + draw(3.0, 1.0) * span(3.0, 1.0)
    assert torch.allclose(whole, halves, atol=1e-3)
    pair = torch.stack([draw(8.0, 3.0).flatten(), draw(3.0, 1.0).flatten()])
    assert abs(torch.corrcoef(pair)[0, 1]) < 5 / 128
