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
BRANCHES = {
    "positive": seeded(3),
    "negative": seeded(4),
    "empty": seeded(5),
    "further 0": seeded(6),
    "further 1": seeded(7),
}
FURTHER = {"further": ("moss:0.5", "rust: -2")}


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


def test_further_prompts_are_composed_with_cfg():
    """arXiv 2206.01714: D_neg + scale·sum w_i·(D_i - D_neg)."""
    p, n, moss, rust = (BRANCHES[b] for b in ("positive", "negative", "further 0", "further 1"))
    for scale in (1.0, 2.5, -3.0):
        found, asked = answer("cfg", scale=scale, **FURTHER)
        assert torch.allclose(found.denoised, n + scale * ((p - n) + 0.5 * (moss - n) - 2 * (rust - n)))
        assert set(asked) == {"positive", "negative", "further 0", "further 1"}
    found, _ = answer("cfg++", cfgpp_lambda=0.3, **FURTHER)
    assert torch.allclose(found.denoised, n + 0.3 * ((p - n) + 0.5 * (moss - n) - 2 * (rust - n)))
    assert torch.equal(found.anchor, n)


def test_further_prompts_without_a_negative_start_from_the_empty_prompt():
    p, e, moss, rust = (BRANCHES[b] for b in ("positive", "empty", "further 0", "further 1"))
    found, asked = answer("none", **FURTHER)
    assert torch.allclose(found.denoised, p + 0.5 * (moss - e) - 2 * (rust - e)) and "negative" not in asked


def test_further_prompts_with_true_noise_removal():
    """N predictions: S·(b + sum scale_i·(eps_i - b)) + (1 - S)·n; without the barycentre S·eps_cfg + (1 - S)·n."""
    share = 2 - (1 / (1 + 1.0**2)) ** 0.25
    names = ("positive", "negative", "further 0", "further 1")
    predicted = [eps(BRANCHES[name]) for name in names]
    scales = [1.5 * w for w in (1.0, -(1.0 + 0.5 - 2.0), 0.5, -2.0)]
    centre = sum(predicted) / 4
    steering = sum(s * (each - centre) for s, each in zip(scales, predicted, strict=True))
    found, _ = answer("tnr", scale=2.0, **FURTHER)
    assert torch.allclose(eps(found.denoised), share * (centre + steering) + (1 - share) * NOISE)
    plain, _ = answer("tnr_cfg", scale=2.0, **FURTHER)
    cfg, _ = answer("cfg", scale=2.0, **FURTHER)
    assert torch.allclose(eps(plain.denoised), share * eps(cfg.denoised) + (1 - share) * NOISE)
    assert not torch.allclose(plain.denoised, found.denoised)
    assert torch.allclose(answer("tnr_cfg", scale=2.0)[0].denoised, answer("tnr", scale=2.0)[0].denoised)


def test_a_further_prompt_of_weight_zero_changes_no_prediction():
    for name in set(GUIDANCE) - {"tnr", "tnr_three"}:  # whose barycentre is that of all predictions
        zero = answer(name, further=("moss:0",))[0].denoised
        assert torch.allclose(zero, answer(name)[0].denoised, atol=1e-12)


def test_rescaling_with_further_prompts_aims_at_the_prompt_alone():
    found, _ = answer("cfg", scale=9.0, naive_rescale=1.0, **FURTHER)
    assert eps(found.denoised).norm() == pytest.approx(float(eps(BRANCHES["positive"]).norm()))
    found, _ = answer("cfg", scale=9.0, norm_rescale=1.0, **FURTHER)
    asked = ("positive", "negative", "further 0", "further 1")
    mean = sum(float(eps(BRANCHES[name]).norm()) for name in asked) / 4
    assert eps(found.denoised).norm() == pytest.approx(mean)


def test_further_prompts_on_a_model(sd, canvas_of):
    """Every region hears them; a further prompt equal to the prompt is a stronger scale."""
    settings = DreamSettings(steps=3, guidance_start=0.0, scale=2.0)
    canvas = canvas_of(sd, prompts=2)
    first = dream(sd, canvas, settings).latents
    for execution in ("attention", "batched", "sequential", "cropped"):
        moved = dream(sd, canvas, replace(settings, execution=execution, further=("zebra:0.7",))).latents
        assert np.isfinite(moved).all() and all(np.abs((moved - first)[..., part]).max() > 1e-3 for part in (0, -1))
    canvas = canvas_of(sd)
    same = dream(sd, canvas, replace(settings, further=(f"{canvas.regions[0].prompt}:0.5",))).latents
    assert np.allclose(same, dream(sd, canvas, replace(settings, scale=3.0)).latents, atol=1e-4)


@pytest.mark.parametrize("name", ["cfg", "cfg++", "tnr_one"])
def test_the_noise_that_a_step_leaves(name):
    """Euler's step ends at x0 + sigma_next·noise: the predicted, the true, or S of the one and 1 - S of the other."""
    share = 2 - (1 / (1 + 1.0**2)) ** 0.25
    usual, _ = answer(name)
    predicted = eps(usual.anchor)
    noises = {"predicted": predicted, "true": NOISE, "blended": share * predicted + (1 - share) * NOISE}
    for rule, noise in noises.items():
        found, _ = answer(name, step_noise=rule)
        assert torch.equal(found.denoised, usual.denoised)
        out = SAMPLERS["euler"](lambda x, s, found=found: found, X, torch.tensor([3.0, 1.0]))
        assert torch.allclose(out, usual.denoised + noise)


NUMBERS = {
    "scale": ("cfg", {}),
    "cfgpp_lambda": ("cfg++", {}),
    "cfg_rescale": ("cfg", {}),
    "norm_rescale": ("cfg", {}),
    "naive_rescale": ("cfg", {}),
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
