"""The samplers known by k-diffusion's names, against its recursions written anew, diffusers' schedulers, and exact solutions."""

from __future__ import annotations

import itertools
import math

import diffusers
import numpy as np
import pytest
import torch
from scipy.integrate import quad

from diffusion.sampling.denoiser import Prediction
from diffusion.sampling.schedules import NoiseSchedule, make_sigmas
from diffusion.sampling.solvers import SAMPLERS
from diffusion.sampling.solvers.multistep import lagrange_weights
from diffusion.sampling.solvers.restart import restart_interval

pytestmark = [  # of diffusers' schedulers: their own use of NumPy, and that this loop scales the model's input itself
    pytest.mark.filterwarnings("ignore:__array_wrap__ must accept:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:The `scale_model_input` function:UserWarning"),
]
BETAS = {"beta_schedule": "scaled_linear", "beta_start": 0.00085, "beta_end": 0.012}
KARRAS = [14.0, 7.2, 3.5, 1.6, 0.7, 0.26, 0.09, 0.03, 0.0]
NAMED = (
    "dpm2",
    "dpm2_ancestral",
    "heun_ancestral",
    "lms",
    "deis",
    "dpmpp_2s_ancestral",
    "dpmpp_2m_sde",
    "dpmpp_3m_sde",
    "restart",
)


def solve(sampler, denoise, x, sigmas, **keywords):
    return SAMPLERS[sampler](denoise, x, torch.as_tensor(sigmas, dtype=torch.float64), **keywords)


def split(a, b):
    """The ancestral split of a step from a to b."""
    up = min(b, math.sqrt(b**2 * (a**2 - b**2) / a**2))
    return math.sqrt(b**2 - up**2), up


def reference_dpm2(denoise, x, a, down):
    d = (x - denoise(x, a)) / a
    if down == 0:
        return x + d * (down - a)
    middle = math.exp((math.log(a) + math.log(down)) / 2)
    half = x + d * (middle - a)
    return x + (half - denoise(half, middle)) / middle * (down - a)


def reference_heun(denoise, x, a, down):
    d = (x - denoise(x, a)) / a
    end = x + d * (down - a)
    return end if down == 0 else x + (d + (end - denoise(end, down)) / down) / 2 * (down - a)


def reference_2s(denoise, x, a, down):
    first = denoise(x, a)
    if down == 0:
        return first
    h = math.log(a) - math.log(down)
    s = math.exp(math.log(a) - h / 2)
    half = s / a * x - math.expm1(-h / 2) * first
    return down / a * x - math.expm1(-h) * denoise(half, s)


@pytest.mark.parametrize(
    ("sampler", "step", "ancestral"),
    [
        ("dpm2", reference_dpm2, False),
        ("dpm2_ancestral", reference_dpm2, True),
        ("heun_ancestral", reference_heun, True),
        ("dpmpp_2s_ancestral", reference_2s, True),
    ],
)
def test_single_step_recursions(mixture, reference_of, sampler, step, ancestral):
    x = start = reference_of.start()
    for a, b in itertools.pairwise(KARRAS):
        down, up = split(a, b) if ancestral else (b, 0.0)
        x = step(mixture, x, a, down)
        if b > 0 and ancestral:
            x = x + up * reference_of.noise(a, b)
    ours = solve(sampler, mixture, start, KARRAS, generator=reference_of.noise)
    assert (ours - x).abs().max() <= 1e-6 * x.abs().max()


@pytest.mark.parametrize("order", [2, 3])
def test_multistep_sde_recursions(mixture, reference_of, order):
    """k-diffusion's loops with eta = 1, in its own letters."""
    x = start = reference_of.start()
    old, lengths = [], []
    for a, b in itertools.pairwise(KARRAS):
        now = mixture(x, a)
        if b == 0:
            x = now
            continue
        h = math.log(a) - math.log(b)
        h_eta = 2 * h
        x = math.exp(-h_eta) * x - math.expm1(-h_eta) * now
        if order == 2 and old:
            r = lengths[-1] / h
            x = x + 0.5 * -math.expm1(-h_eta) / r * (now - old[-1])
        if order == 3 and old:
            phi_2 = math.expm1(-h_eta) / h_eta + 1
            r0 = lengths[-1] / h
            d1_0 = (now - old[-1]) / r0
            if len(old) == 1:
                x = x + phi_2 * d1_0
            else:
                r1 = lengths[-2] / h
                d1_1 = (old[-1] - old[-2]) / r1
                d1 = d1_0 + (d1_0 - d1_1) * r0 / (r0 + r1)
                d2 = (d1_0 - d1_1) / (r0 + r1)
                x = x + phi_2 * d1 - (phi_2 / h_eta - 0.5) * d2
        x = x + reference_of.noise(a, b) * b * math.sqrt(-math.expm1(-2 * h))
        old, lengths = [*old, now], [*lengths, h]
    ours = solve(f"dpmpp_{order}m_sde", mixture, start, KARRAS, generator=reference_of.noise)
    assert (ours - x).abs().max() <= 1e-9 * x.abs().max()


def test_lms_recursion(mixture, reference_of):
    """k-diffusion's coefficients: the Lagrange polynomials of up to four levels, integrated numerically."""
    x = start = reference_of.start()
    slopes = []
    for i, (a, b) in enumerate(itertools.pairwise(KARRAS)):
        slopes.append((x - mixture(x, a)) / a)
        order = min(i + 1, 4)
        for j in range(order):

            def basis(tau, i=i, j=j, order=order):
                others = [KARRAS[i - k] for k in range(order) if k != j]
                return np.prod([(tau - other) / (KARRAS[i - j] - other) for other in others])

            x = x + quad(basis, a, b, epsrel=1e-9)[0] * slopes[-1 - j]
    ours = solve("lms", mixture, start, KARRAS)
    assert (ours - x).abs().max() <= 1e-6 * x.abs().max()


def scheduler_run(scheduler, denoise, noise, steps, **keywords):
    """(states after each step, levels) of a diffusers scheduler that works in x0 + sigma·n, whose model is our denoiser told as eps."""
    scheduler.set_timesteps(steps)
    levels = scheduler.sigmas.double().tolist()
    scaled = not hasattr(scheduler, "alpha_t")
    x, states = noise * levels[0] if scaled else noise, []
    for t, sigma in zip(scheduler.timesteps, levels, strict=False):
        plain = x if scaled else x * math.sqrt(1 + sigma**2)
        x = scheduler.step((plain - denoise(plain, sigma)) / sigma, t, x, **keywords).prev_sample
        states.append(x)
    return states, levels


def test_lms_against_diffusers(mixture):
    noise = torch.randn((8, 2, 2, 2), generator=torch.Generator().manual_seed(5), dtype=torch.float64)
    states, levels = scheduler_run(
        diffusers.LMSDiscreteScheduler(**BETAS, use_karras_sigmas=True), mixture, noise, 8, order=4
    )
    ours = solve("lms", mixture, noise * levels[0], levels[:-1])
    assert (ours - states[-2]).abs().max() <= 2e-4 * states[-2].abs().max()


def test_deis_against_diffusers(mixture):
    """All steps but the one to 0, where diffusers keeps a tiny level."""
    noise = torch.randn((8, 2, 2, 2), generator=torch.Generator().manual_seed(5), dtype=torch.float64)
    scheduler = diffusers.DEISMultistepScheduler(**BETAS, solver_order=3, use_karras_sigmas=True)
    states, levels = scheduler_run(scheduler, mixture, noise, 16)
    wanted = states[-2] * math.sqrt(1 + levels[-2] ** 2)
    ours = solve("deis", mixture, noise * math.sqrt(1 + levels[0] ** 2), levels[:-1])
    assert (ours - wanted).abs().max() <= 5e-4 * wanted.abs().max()


def test_dpmpp_2m_sde_against_diffusers(mixture, monkeypatch):
    noise, fresh = (
        torch.randn((8, 2, 2, 2), generator=torch.Generator().manual_seed(seed), dtype=torch.float64) for seed in (5, 6)
    )
    monkeypatch.setattr("diffusers.schedulers.scheduling_dpmsolver_multistep.randn_tensor", lambda *_, **__: fresh)
    scheduler = diffusers.DPMSolverMultistepScheduler(
        **BETAS, algorithm_type="sde-dpmsolver++", solver_order=2, use_karras_sigmas=True, final_sigmas_type="zero"
    )
    states, levels = scheduler_run(scheduler, mixture, noise, 16)
    ours = solve("dpmpp_2m_sde", mixture, noise * math.sqrt(1 + levels[0] ** 2), levels, generator=lambda *_: fresh)
    assert (ours - states[-1]).abs().max() <= 5e-4 * states[-1].abs().max()


@pytest.mark.parametrize("sampler", ["dpm2", "dpm2_ancestral"])
def test_dpm2_against_diffusers(mixture, monkeypatch, sampler):
    noise, fresh = (
        torch.randn((8, 2, 2, 2), generator=torch.Generator().manual_seed(seed), dtype=torch.float64) for seed in (5, 6)
    )
    kind = {"dpm2": "KDPM2DiscreteScheduler", "dpm2_ancestral": "KDPM2AncestralDiscreteScheduler"}[sampler]
    module = {"dpm2": "scheduling_k_dpm_2_discrete", "dpm2_ancestral": "scheduling_k_dpm_2_ancestral_discrete"}[sampler]
    scheduler = getattr(diffusers, kind)(**BETAS, use_karras_sigmas=True)
    if sampler == "dpm2_ancestral":
        monkeypatch.setattr(f"diffusers.schedulers.{module}.randn_tensor", lambda *_, **__: fresh)
    scheduler.set_timesteps(12)
    ancestral, middles = sampler == "dpm2_ancestral", scheduler.sigmas_interpol.double().tolist()
    x = noise * float(scheduler.sigmas[0])
    levels: list[float] = []
    for i, t in enumerate(scheduler.timesteps):
        first = scheduler.state_in_first_order
        sigma = float(scheduler.sigmas[i]) if first else middles[i - 1] if ancestral else middles[i]
        levels += [float(scheduler.sigmas[i])] if first else []
        x = scheduler.step((x - mixture(x, sigma)) / sigma, t, x).prev_sample
    ours = solve(sampler, mixture, noise * levels[0], [*levels, 0.0], generator=lambda *_: fresh)
    assert (ours - x).abs().max() <= 5e-4 * x.abs().max()


def test_restart_recursion(mixture, reference_of):
    x = start = reference_of.start()
    order = [0, 1, 2, 3, 4, 5, 3, 4, 5, 6, 7, 8]  # the levels between 2 and 0.1 are 1.6, 0.7 and 0.26
    for i, j in itertools.pairwise(order):
        a, b = KARRAS[i], KARRAS[j]
        x = x + reference_of.noise(a, b) * math.sqrt(b**2 - a**2) if b > a else reference_heun(mixture, x, a, b)
    ours = solve("restart", mixture, start, KARRAS, generator=reference_of.noise)
    assert (ours - x).abs().max() <= 1e-6 * x.abs().max()


def test_restart_without_levels_to_repeat_is_heun(mixture, reference_of):
    for levels in ([14.0, 2.5, 0.05, 0.0], [14.0, 1.0, 0.0], [14.0, 0.0]):
        last = torch.tensor(levels, dtype=torch.float64)
        first, end = restart_interval(last)
        assert end <= first
        assert torch.equal(
            solve("restart", mixture, reference_of.start(), levels),
            solve("heun", mixture, reference_of.start(), levels),
        )


STIFFNESS = 0.4


def linear(x, sigma):
    """The denoiser of a Gaussian of deviation STIFFNESS: dx/dsigma = x·sigma / (STIFFNESS² + sigma²), whose solution is exact."""
    return x * STIFFNESS**2 / (STIFFNESS**2 + sigma**2)


@pytest.mark.parametrize(("sampler", "order"), [("dpm2", 2), ("lms", 4), ("deis", 3)])
def test_order_on_a_linear_equation(sampler, order):
    """The multistep solvers start with steps of lower order, so their levels start with steps so short that these add no error."""
    high, low = 3.0, 0.5

    def error(steps):
        primer = [high * (1 - 1e-4 * k) for k in range(LONGEST_HISTORY)]
        levels = [*primer, *np.geomspace(primer[-1], low, steps + 1)[1:]]
        out = solve(sampler, linear, torch.full((1, 1, 1, 1), high, dtype=torch.float64), levels)
        exact = high * math.sqrt((STIFFNESS**2 + low**2) / (STIFFNESS**2 + high**2))
        return abs(float(out) - exact)

    assert math.log2(error(64) / error(128)) == pytest.approx(order, abs=0.35)


LONGEST_HISTORY = 4


@pytest.mark.parametrize(
    "sampler", ["dpm2_ancestral", "heun_ancestral", "dpmpp_2s_ancestral", "dpmpp_2m_sde", "dpmpp_3m_sde"]
)
def test_variance_on_a_linear_equation_converges(sampler):
    """A linear step maps a Gaussian to one. Its variance, the sum over all sources of noise, must end at STIFFNESS² + 0.02²."""

    def variance(steps):
        levels = np.geomspace(80.0, 0.02, steps).tolist()
        count = len(levels)  # one row per source of noise: the start, and each step
        x = torch.zeros((count, 1, 1, 1), dtype=torch.float64)
        x[0] = math.hypot(levels[0], STIFFNESS)
        rows = iter(range(1, count))

        def noise(sigma, sigma_next):
            out = torch.zeros_like(x)
            out[next(rows)] = 1.0
            return out

        return float((solve(sampler, linear, x, levels, generator=noise) ** 2).sum())

    errors = [abs(variance(n) / (STIFFNESS**2 + 0.02**2) - 1) for n in (32, 64, 128)]
    assert errors[2] < 0.03 and errors[0] > 1.6 * errors[1] > 2.5 * errors[2]


def test_lagrange_weights_integrate_polynomials():
    nodes = [0.0, -1.3, -2.9, -7.0]
    weights = lagrange_weights(nodes, [1 / (n + 1) for n in range(4)])
    for power in range(4):
        assert sum(w * t**power for w, t in zip(weights, nodes, strict=True)) == pytest.approx(1 / (power + 1))


@pytest.mark.parametrize("sampler", NAMED)
def test_cfgpp_with_a_steady_prediction_is_eulers(sampler):
    """With predictions that never change, every order is the same map: x0 + (x - anchor)·sigma_next / sigma at each step."""
    x = torch.full((1, 1, 1, 2), 5.0, dtype=torch.float64)

    def silent(sigma, sigma_next):
        return torch.zeros_like(x)

    def steady(x, sigma):
        return Prediction(x * 0 + 1.0, x * 0 + 1.0)

    ours = solve(sampler, steady, x, [5.0, 2.5], generator=silent)
    down = 2.5**2 / 5.0 if sampler not in ("dpm2", "lms", "deis", "restart") else 2.5
    assert torch.allclose(ours, 1 + (x - 1) * down / 5.0)


def test_they_take_a_zero_terminal_snr_schedule(mixture):
    schedule = NoiseSchedule(diffusers.DDIMScheduler(**BETAS, rescale_betas_zero_snr=True).alphas_cumprod)
    noise = torch.randn((500, 2, 1, 1), generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    for sampler in NAMED:
        sigmas = make_sigmas(schedule, "trailing", 20)
        out = solve(sampler, mixture, noise * sigmas[0], sigmas, generator=torch.Generator().manual_seed(1))
        assert torch.isfinite(out).all() and out.abs().max() < 4
