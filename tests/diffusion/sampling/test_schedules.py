"""Noise levels: the map between sigma and timestep, what a prediction becomes, where steps lie."""

from __future__ import annotations

import itertools
import math

import diffusers
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import beta

from diffusion.sampling.schedules import PREDICTIONS, SPACINGS, NoiseSchedule, Timeline, make_sigmas

BETAS = {"beta_schedule": "scaled_linear", "beta_start": 0.00085, "beta_end": 0.012}
PLAIN = NoiseSchedule(diffusers.DDIMScheduler(**BETAS).alphas_cumprod)
ZERO_SNR = NoiseSchedule(diffusers.DDIMScheduler(**BETAS, rescale_betas_zero_snr=True).alphas_cumprod)
SCHEDULES = {"plain": PLAIN, "zero_snr": ZERO_SNR}


@pytest.mark.parametrize("schedule", SCHEDULES.values(), ids=SCHEDULES)
@given(t=st.floats(0, 999))
def test_timestep_and_sigma_are_inverses(schedule, t):
    assert schedule.timestep(schedule.sigma(t)) == pytest.approx(t, abs=1e-6)


@pytest.mark.parametrize("schedule", SCHEDULES.values(), ids=SCHEDULES)
def test_whole_timesteps_have_their_own_sigma(schedule):
    for t in (0, 1, 500, 998, 999):
        assert schedule.sigma(t) == pytest.approx(float(schedule.sigmas[t]), rel=1e-9)
    assert schedule.timestep(1e-9) == 0 and schedule.timestep(1e9) == 999


@pytest.mark.parametrize("sigma", [0.03, 1.0, 14.6, 4096.0])
def test_what_a_perfect_model_predicts_becomes_x0(sigma):
    generator = torch.Generator().manual_seed(0)
    x0, noise = (torch.randn((1, 4, 3, 3), generator=generator, dtype=torch.float64) for _ in range(2))
    x, a = x0 + sigma * noise, 1 / math.sqrt(1 + sigma**2)
    outputs = {"epsilon": noise, "sample": x0, "v_prediction": a * noise - a * sigma * x0}
    for kind, out in outputs.items():
        assert torch.allclose(PREDICTIONS[kind](out, x, sigma), x0, atol=1e-9)


def test_zero_terminal_snr_is_clamped_where_it_does_no_harm():
    """At alpha_bar = 0 a v-model's x0 is -v; with the clamp it is -v + noise/4096, below half a 8-bit step of a unit-range picture."""
    assert float(ZERO_SNR.alphas_cumprod[-1]) == 0 and ZERO_SNR.sigma_max == pytest.approx(4096, rel=1e-4)
    v, noise = torch.randn((1, 8, 4, 4)), torch.randn((1, 8, 4, 4))
    x0 = PREDICTIONS["v_prediction"](v, noise * ZERO_SNR.sigma_max, ZERO_SNR.sigma_max)
    assert (x0 + v).abs().max() <= noise.abs().max() / 4096 + 1e-5


@pytest.mark.parametrize("spacing", SPACINGS)
def test_a_part_of_the_timesteps(spacing):
    """Timesteps from max to min: the run starts at the level of the one, and its last step leaves from about that of the other."""
    sigmas = make_sigmas(PLAIN, spacing, 12, least=0.2, most=0.8)
    assert float(sigmas[0]) == pytest.approx(PLAIN.sigma(round(0.8 * 999))) and sigmas[-1] == 0
    assert float(sigmas[-2]) >= PLAIN.sigma(round(0.2 * 999)) * (1 - 1e-6)
    whole = make_sigmas(PLAIN, spacing, 12)
    assert torch.equal(make_sigmas(PLAIN, spacing, 12, 1.0, 0.0, 1.0), whole) and len(sigmas) == 13
    assert float(whole[0]) > float(sigmas[0])


def test_the_notebooks_timesteps_are_a_powered_line_from_most_to_least():
    found = [PLAIN.timestep(s) for s in make_sigmas(PLAIN, "linspace_power", 5, 2.0, 0.1, 0.9)[:-1].tolist()]
    low, high = round(0.1 * 999), round(0.9 * 999)
    assert found == pytest.approx([low + (high - low) * (1 - i / 4) ** 2 for i in range(5)], abs=1e-6)


@settings(max_examples=60)
@given(
    schedule=st.sampled_from(list(SCHEDULES.values())),
    spacing=st.sampled_from(list(SPACINGS)),
    steps=st.integers(1, 200),
    power=st.floats(0.3, 3),
)
def test_every_spacing_falls_from_noise_to_zero(schedule, spacing, steps, power):
    sigmas = make_sigmas(schedule, spacing, steps, power)
    assert sigmas[-1] == 0 and sigmas[0] == pytest.approx(schedule.sigma_max)
    assert (sigmas[:-1] > sigmas[1:]).all() and len(sigmas) <= steps + 1 and torch.isfinite(sigmas).all()
    assert len(sigmas) == steps + 1 or steps > 50


def test_trailing_and_model_spacing_are_diffusers_and_k_diffusions():
    scheduler = diffusers.DDIMScheduler(**BETAS, timestep_spacing="trailing")
    scheduler.set_timesteps(7)
    wanted = [float(PLAIN.sigmas[int(t)]) for t in scheduler.timesteps]
    assert make_sigmas(PLAIN, "trailing", 7)[:-1].tolist() == pytest.approx(wanted)
    times = torch.linspace(999, 0, 7)
    low = times.floor().long().clamp_max(998)
    part = times - low
    logs = PLAIN.sigmas.log()
    wanted = ((1 - part) * logs[low] + part * logs[low + 1]).exp()
    assert make_sigmas(PLAIN, "model", 7)[:-1].tolist() == pytest.approx(wanted.tolist(), rel=1e-5)


def test_karras_and_exponential_formulas():
    karras, low, high = make_sigmas(PLAIN, "karras", 6), PLAIN.sigma_min, PLAIN.sigma_max
    for i, sigma in enumerate(karras[:-1].tolist()):
        assert sigma == pytest.approx((high ** (1 / 7) + i / 5 * (low ** (1 / 7) - high ** (1 / 7))) ** 7)
    ratios = make_sigmas(PLAIN, "exponential", 6)[:-1].log().diff()
    assert torch.allclose(ratios, ratios[0])


def test_beta_spacing_lies_at_the_quantiles_of_the_beta_distribution():
    wanted = beta.ppf(1 - torch.linspace(0, 1, 9)[:-1].double().numpy(), 0.6, 0.6) * 999
    assert [PLAIN.timestep(s) for s in make_sigmas(PLAIN, "beta", 8)[:-1].tolist()] == pytest.approx(
        wanted.tolist(), abs=1e-6
    )


@given(exponents=st.lists(st.integers(-400, 400), min_size=1, max_size=30, unique=True), part=st.floats(0.001, 0.999))
def test_the_timeline_knows_the_step_of_every_level(exponents, part):
    falling = (*(math.exp(k / 100) for k in sorted(exponents, reverse=True)), 0.0)
    timeline = Timeline(falling)
    for step, (sigma, below) in enumerate(itertools.pairwise(falling)):
        assert timeline.step_index(sigma) == step and timeline.next_sigma(sigma) == below
        between = below + part * (sigma - below)
        if between > below * (1 + 1e-6):
            assert timeline.step_index(between) == step
        assert timeline.progress(sigma) == step / timeline.steps
    assert timeline.step_index(falling[0] * 2) == 0
