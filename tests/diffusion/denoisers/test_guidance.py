"""Guidance rules against their formulas, and what each costs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from base.step_schedule import StepSchedule
from diffusion.denoisers.guidance import GUIDANCE, with_guidance
from diffusion.denoisers.guidance_context import GuidanceContext
from diffusion.denoisers.rescaling import cfg_rescale, dynamic_threshold, norm_rescale
from diffusion.dream import dream
from diffusion.sampling.schedules import Timeline
from diffusion.sampling.solvers import SAMPLERS
from diffusion.settings import DreamSettings

LEVELS = (8.0, 3.0, 1.0, 0.0)
LINE = Timeline(LEVELS)


def seeded(seed):
    return torch.randn((1, 4, 5, 5), generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


X, NOISE, ORIGIN = seeded(0), seeded(1), seeded(2)
BRANCHES = {"positive": seeded(3), "negative": seeded(4), "empty": seeded(5)}


def answer(name, sigma=3.0, **chosen):
    """(prediction, branches asked for) of a rule at sigma."""
    asked = []

    def branches(x, sigma, names):
        asked.append(names)
        return {n: BRANCHES[n] for n in names}

    settings = DreamSettings(guidance=name, **chosen)
    return with_guidance(branches, settings, LINE, NOISE, ORIGIN)(X, sigma), asked[0]


def eps(denoised, sigma=3.0):
    return (X - denoised) / sigma


def test_cfg():
    (denoised, anchor), asked = answer("cfg", scale=2.5)
    assert torch.allclose(denoised, BRANCHES["negative"] + 2.5 * (BRANCHES["positive"] - BRANCHES["negative"]))
    assert anchor is denoised and asked == ("positive", "negative")


def test_scale_one_and_none_ask_for_the_prompt_alone():
    for name, chosen in (("cfg", {"scale": 1.0}), ("none", {})):
        (denoised, _), asked = answer(name, **chosen)
        assert torch.equal(denoised, BRANCHES["positive"]) and asked == ("positive",)


def test_cfgpp_against_cfg_at_the_matching_scale():
    """The paper's appendix: a DDIM step with CFG++ at lambda is one with CFG at scale lambda·s_t, s_t = (a_next s)/(a_next s - a s_next)…
    written in sigmas: x0_neg + w·diff + (x - x0_neg - w·diff)·r = x0_neg + lam·diff + (x - x0_neg)·r, so lam = w·(1 - r), r = next/now."""
    sigma, sigma_next, lam = 3.0, 1.0, 0.6
    plus, _ = answer("cfg++", cfgpp_lambda=lam)
    plain, _ = answer("cfg", scale=lam / (1 - sigma_next / sigma))
    sigmas = torch.tensor([sigma, sigma_next])
    euler = SAMPLERS["euler"]
    assert torch.allclose(euler(lambda x, s: plus, X, sigmas), euler(lambda x, s: plain, X, sigmas))


def test_true_noise_removal_is_cfg_where_the_true_noise_has_no_share():
    """At the last step's end alpha_bar is 1, S is 1, and two predictions give CFG at the same scale."""
    tnr, _ = answer("tnr", sigma=1.0, scale=3.0)
    cfg, _ = answer("cfg", sigma=1.0, scale=3.0)
    assert torch.allclose(tnr.denoised, cfg.denoised)


def test_true_noise_removal_formulas():
    share = 2 - (1 / (1 + 1.0**2)) ** 0.25  # sigma 3 ends at 1
    one, asked = answer("tnr_one")
    assert torch.allclose(eps(one.denoised), share * eps(BRANCHES["positive"]) + (1 - share) * NOISE) and asked == (
        "positive",
    )
    three, asked = answer("tnr_three", scale=2.0)
    p, n, e = (eps(BRANCHES[b]) for b in ("positive", "negative", "empty"))
    centre = (p + n + e) / 3
    steering = 1.5 * (p - centre) - 1.5 * (n - centre)
    assert torch.allclose(eps(three.denoised), share * (centre + steering) + (1 - share) * NOISE)
    plain, _ = answer("tnr_plain", scale=2.0)
    assert torch.allclose(eps(plain.denoised), NOISE + 2 * (p - n))
    single, _ = answer("tnr_plain_one", scale=2.0)
    assert torch.allclose(eps(single.denoised), NOISE + 2 * (p - NOISE))


def test_true_noise_is_kept_when_the_model_knows_it():
    """Predictions that are the true noise stay it, whatever the scale."""
    x0 = seeded(7)
    x = x0 + 3.0 * NOISE
    for name in ("tnr", "tnr_one", "tnr_plain", "tnr_plain_one"):
        settings = DreamSettings(guidance=name)
        out = with_guidance(lambda x, s, names: dict.fromkeys(names, x0), settings, LINE, NOISE, ORIGIN)(x, 3.0)
        assert torch.allclose(out.denoised, x0)


def test_residual_cfg():
    out, asked = answer("self_negative", scale=2.0, residual_delta=0.7)
    virtual = X - 0.7 * (X - ORIGIN)
    assert torch.allclose(out.denoised, virtual + 2 * (BRANCHES["positive"] - virtual)) and asked == ("positive",)


def test_onetime_negative_asks_once():
    asked = []

    def branches(x, sigma, names):
        asked.append(names)
        return {n: BRANCHES[n] * sigma for n in names}

    denoise = with_guidance(
        branches, DreamSettings(guidance="onetime_negative", scale=2.0, guidance_start=0.0), LINE, NOISE, ORIGIN
    )
    for sigma in LEVELS[:-1]:
        out = denoise(X, sigma).denoised
    assert asked == [("positive", "negative"), ("positive",), ("positive",)]
    assert torch.allclose(out, 8 * BRANCHES["negative"] + 2 * (BRANCHES["positive"] - 8 * BRANCHES["negative"]))


def test_interval():
    chosen = {"guidance_start": 0.3, "guidance_end": 0.6}
    assert [answer("cfg", sigma=s, **chosen)[1] for s in LEVELS[:-1]] == [
        ("positive",),
        ("positive", "negative"),
        ("positive",),
    ]


@pytest.mark.parametrize("scale", [-20.0, -1.0, 0.0, 30.0])
def test_any_scale(scale):
    (denoised, _), _ = answer("cfg", scale=scale)
    assert torch.allclose(denoised, BRANCHES["negative"] + scale * (BRANCHES["positive"] - BRANCHES["negative"]))


NUMBERS = {
    "scale": ("cfg", {}),
    "cfgpp_lambda": ("cfg++", {}),
    "cfg_rescale": ("cfg", {}),
    "norm_rescale": ("cfg", {}),
    "threshold_scale": ("cfg", {}),
    "threshold_percentile": ("cfg", {"threshold_scale": 2.0}),
    "residual_delta": ("self_negative", {}),
}


@pytest.mark.parametrize("field", NUMBERS)
def test_a_scheduled_number_is_its_value_at_each_step(field):
    """Of three steps, the first lies at 0, the second at 0.5, the last at 1."""
    name, chosen = NUMBERS[field]
    chosen = chosen | {"guidance_start": 0.0}
    schedule = StepSchedule(((0.0, 0.9), (1.0, 0.5)))
    for sigma, value in zip(LEVELS[:-1], (0.9, 0.7, 0.5), strict=True):
        wanted, _ = answer(name, sigma=sigma, **chosen, **{field: value})
        found, _ = answer(name, sigma=sigma, **chosen, **{field: schedule})
        assert torch.allclose(found.denoised, wanted.denoised, atol=1e-12)
        other, _ = answer(name, sigma=sigma, **chosen, **{field: value * 0.6})
        assert not torch.allclose(other.denoised, wanted.denoised)


@pytest.mark.parametrize("name", GUIDANCE)
def test_rescalings_are_off_by_default_and_act_when_on(name):
    plain, _ = answer(name, scale=6.0)
    assert torch.equal(plain.denoised, answer(name, scale=6.0)[0].denoised)
    for on in ({"cfg_rescale": 0.7}, {"norm_rescale": 1.0}):
        changed = answer(name, scale=6.0, **on)[0].denoised
        single = name == "none"
        assert torch.isfinite(changed).all() and torch.allclose(changed, plain.denoised) == single


def test_rescalings_reach_their_targets():
    guided_x0, positive = 5 * BRANCHES["positive"], BRANCHES["positive"]
    assert cfg_rescale(guided_x0, positive, 1.0).std() == pytest.approx(float(positive.std()))
    scaled = norm_rescale(5 * X, [X, 3 * X], 1.0)
    assert scaled.norm() == pytest.approx(2 * float(X.norm()))
    out, target = dynamic_threshold(5 * X + 1, NOISE, 0.9), NOISE

    def extremes(t):
        flat = t.flatten(2)
        return torch.quantile((flat - flat.mean(2, keepdim=True)).abs(), 0.9, dim=2)

    assert torch.allclose(extremes(out), extremes(target))
    assert torch.allclose(out.mean((-2, -1)), (5 * X + 1).mean((-2, -1)))


def test_threshold_at_its_own_scale_changes_nothing():
    plain, _ = answer("cfg", scale=4.0)
    assert torch.allclose(answer("cfg", scale=4.0, threshold_scale=4.0)[0].denoised, plain.denoised)


@pytest.mark.parametrize("name", GUIDANCE)
@pytest.mark.parametrize("sampler", ["euler", "rk4", "dpmpp_2m"])
def test_every_rule_with_solvers_on_a_model(sd, canvas_of, name, sampler):
    made = dream(sd, canvas_of(sd, prompts=2), DreamSettings(steps=3, guidance=name, sampler=sampler))
    assert np.isfinite(made.latents).all()


def test_caches_are_not_shared_between_contexts():
    first = GuidanceContext(X, 1.0, 0.0, NOISE, ORIGIN)
    first.cache["a"] = X
    assert replace(first, cache={}).cache == {} and GuidanceContext(X, 1.0, 0.0, NOISE, ORIGIN).cache == {}
