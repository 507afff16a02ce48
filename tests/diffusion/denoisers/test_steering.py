"""Mixing, anagrams, correction, dilation, memory: what each does by itself, and that off is off."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from diffusion.canvas import Anagram
from diffusion.denoisers.anagram import VIEWS, turn_picture, view_problem, with_anagrams
from diffusion.denoisers.correction import centre, maximise, soft_clamp
from diffusion.denoisers.differential import initial_x, keep_soft, keep_threshold, with_memory
from diffusion.denoisers.dilation import smooth_noise, take_lattice
from diffusion.denoisers.passes import rewind_steps
from diffusion.denoisers.skip_residual import BLENDS, coarse_weight, make_mixer
from diffusion.dream import dream
from diffusion.sampling.perlin import perlin
from diffusion.sampling.schedules import Timeline
from diffusion.sampling.solvers import SAMPLERS
from diffusion.settings import DreamSettings

FEW = DreamSettings(steps=4)


def seeded(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


# --- memory

LEVELS = (10.0, 5.0, 2.0, 1.0, 0.0)


@pytest.mark.parametrize("sampler", [s for s in SAMPLERS if not SAMPLERS[s].stochastic])
def test_differential_diffusion_is_overwriting_with_the_noised_original(sampler):
    """Where D is the memory, a deterministic solver's x is memory + sigma·noise at every step: the paper's overwriting."""
    memory, noise = seeded(1, 2, 4, 4), seeded(1, 2, 4, 4, seed=1)
    change = torch.linspace(0, 1, 16).view(4, 4)
    timeline, seen = Timeline(LEVELS), []
    denoise = with_memory(lambda x, s: torch.tanh(x), memory, change, timeline, "threshold")
    x = initial_x(noise, LEVELS[0], memory, change < 1)
    SAMPLERS[sampler](denoise, x, torch.tensor(LEVELS), callback=lambda i, s, x, p: seen.append((i, s, x)))
    for step, sigma, x in seen:
        kept_so_far = keep_threshold(change, step - 1, 4) == 1 if step else change < 1
        wanted = memory + sigma * noise
        assert torch.allclose(x[..., kept_so_far], wanted[..., kept_so_far], atol=1e-4)


@given(change=st.floats(0, 1), steps=st.integers(1, 50))
def test_forms_of_the_change_map(change, steps):
    """The soft form keeps exactly steps·(1 - change) steps, the threshold rounds that up; both are monotonous."""
    c = torch.tensor([change], dtype=torch.float64)
    softs = [float(keep_soft(c, i, steps)) for i in range(steps)]
    hards = [float(keep_threshold(c, i, steps)) for i in range(steps)]
    assert sum(softs) == pytest.approx(steps * (1 - change), abs=1e-6)
    assert sum(hards) - sum(softs) > -1e-6 and sum(hards) - sum(softs) < 1 + 1e-6
    assert softs == sorted(softs, reverse=True) and hards == sorted(hards, reverse=True)


# --- mixing


def test_curves_at_their_ends_and_as_published():
    demo = DreamSettings(mix=1.0, mix_alpha=3.0)
    assert coarse_weight(demo, 0.0) == 1 and coarse_weight(demo, 0.25) == pytest.approx(
        ((1 + math.cos(math.pi / 4)) / 2) ** 3
    )
    rising = replace(demo, mix_form="cosine")
    assert coarse_weight(rising, 0.25) == pytest.approx(1 - ((1 + math.cos(0.75 * math.pi)) / 2) ** 3)
    assert coarse_weight(replace(demo, mix_form="linear"), 0.25) == pytest.approx(0.75)
    assert coarse_weight(replace(demo, mix_form="logistic"), 0.5) == pytest.approx(0.5)
    assert coarse_weight(replace(demo, mix_alpha=1.0), 0.3) == pytest.approx(
        coarse_weight(replace(rising, mix_alpha=1.0), 0.3)
    )
    assert (
        coarse_weight(replace(demo, mix_clamp=0.2), 0.25) == 0 and coarse_weight(replace(demo, mix_stop=0.2), 0.25) == 0
    )
    assert coarse_weight(replace(rising, mix_start=0.5), 0.25) == 1
    assert coarse_weight(replace(rising, mix_min=0.4), 0.0) == pytest.approx(0.6)
    late = replace(demo, mix_stop=2.0, mix_alpha=1.0)
    assert coarse_weight(late, 0.5) == pytest.approx(
        (1 + math.cos(math.pi / 4)) / 2
    )  # a quarter of the curve at half the run


@settings(max_examples=30)
@given(
    form=st.sampled_from(["demofusion", "cosine", "linear", "logistic"]),
    alpha=st.floats(0.1, 400),
    start=st.floats(0, 0.6),
    low=st.floats(0, 0.5),
)
def test_the_coarse_weight_falls(form, alpha, start, low):
    curve = DreamSettings(mix=1.0, mix_form=form, mix_alpha=alpha, mix_start=start, mix_min=low)
    weights = [coarse_weight(curve, i / 20) for i in range(20)]
    assert all(0 <= w <= 1 for w in weights) and all(a >= b - 1e-12 for a, b in itertools.pairwise(weights))


@pytest.mark.parametrize("blend", BLENDS)
def test_blends_reach_both_ends(blend):
    fine, coarse = seeded(1, 4, 5, 5), 2 * seeded(1, 4, 5, 5, seed=1)
    one, zero = torch.ones(5, 5), torch.zeros(5, 5)
    assert torch.allclose(BLENDS[blend](fine, coarse, one), coarse, atol=1e-5)
    direction = BLENDS[blend](fine, coarse, zero)
    assert torch.allclose(direction / direction.norm(), fine / fine.norm(), atol=1e-5)


def test_slerp_keeps_the_norm_of_noise():
    fine, coarse, half = seeded(1, 4, 32, 32), seeded(1, 4, 32, 32, seed=1), torch.full((32, 32), 0.5)
    assert BLENDS["slerp"](fine, coarse, half).std() == pytest.approx(1, abs=0.05)
    assert BLENDS["addition"](fine, coarse, half).std() == pytest.approx(0.7, abs=0.05)


@given(steps=st.integers(1, 60), first=st.floats(0.01, 1), last=st.floats(0, 1))
def test_rewinds_rise_and_end(steps, first, last):
    starts = rewind_steps(steps, first, last)
    assert starts == sorted(set(starts)) and all(0 < s <= last * steps and s < steps for s in starts)
    assert rewind_steps(steps, 0.0, last) == []


def test_rewinds_of_a_run():
    """Those of the node pack; half of what is left each time for 0.5."""
    assert rewind_steps(40, 0.3, 0.8) == [12, 20, 26, 30]
    assert rewind_steps(16, 0.5, 1.0) == [8, 12, 14, 15] and rewind_steps(16, 0.5, 0.8) == [8, 12]


def test_mixing_off_is_off_and_on_pulls_towards_the_coarse(sd, canvas_of):
    memory = np.full((4, 8, 8), 3.0, np.float32)
    canvas = canvas_of(sd, latents=memory, known_mask=np.ones((8, 8), bool))
    off = dream(sd, canvas, FEW)
    assert np.array_equal(
        dream(sd, canvas, replace(FEW, mix=0.0, mix_form="cosine", mix_perlin=1.0)).latents, off.latents
    )
    for form in ("demofusion", "cosine", "linear", "logistic"):
        on = dream(sd, canvas, replace(FEW, mix=1.0, mix_form=form, mix_alpha=0.3))
        assert np.abs(on.latents - 3).mean() < np.abs(off.latents - 3).mean()


def test_the_coarse_picture_is_noised_along_one_trajectory():
    coarse, noise, x = (seeded(4, 3, 3, seed=k)[None] for k in range(3))
    where = torch.arange(9).reshape(3, 3) < 6
    timeline = Timeline((4.0, 1.0, 0.25, 0.0))
    adjust = make_mixer(coarse, noise, where, timeline, replace(FEW, mix=1.0, mix_clamp=1.0, mix_min=0.0, mix_max=0.0))
    for step, sigma in enumerate(
        timeline.sigmas[:-1]
    ):  # kept 0: the coarse latent alone, at every level with the run's noise
        assert torch.allclose(adjust(step, sigma, x), torch.where(where, coarse + sigma * noise, x))


def test_a_finer_canvas_is_guided_where_it_is_finer_the_less_the_finer_it_is(sd, canvas_of):
    memory = np.full((4, 8, 8), 3.0, np.float32)
    known = np.ones((8, 8), bool)
    off = dream(sd, canvas_of(sd, latents=memory, known_mask=known), FEW).latents

    def distance(ratio: float, **more) -> float:
        finer = np.ones((8, 8), np.float32)
        finer[:, :4] = ratio
        dreamed = dream(
            sd,
            canvas_of(sd, latents=memory, known_mask=known, upscale_ratio=finer, **more),
            replace(FEW, mix_alpha=0.3),
        )
        return float(np.abs(dreamed.latents[:, :, :4] - 3).mean())

    free = float(np.abs(off[:, :, :4] - 3).mean())
    assert distance(1.0) == pytest.approx(free)
    assert distance(2.0) < distance(16.0) < free
    untrusted = np.zeros((8, 8), np.float32)
    assert distance(2.0, guide_weight=untrusted) == pytest.approx(free, rel=1e-4)


def test_rewinding_costs_its_steps(sd, canvas_of):
    assert dream(sd, canvas_of(sd), replace(FEW, rewind_min=0.5)).calls == 4 + 2 + 1


@given(scale=st.floats(1, 40), seed=st.integers(0, 1000))
@settings(max_examples=20)
def test_perlin_masks(scale, seed):
    mask = perlin(24, 40, scale, seed)
    assert (
        mask.shape == (24, 40)
        and mask.min() >= 0
        and mask.max() <= 1
        and torch.equal(mask, perlin(24, 40, scale, seed))
    )
    if scale >= 8:  # smooth: neighbours differ by little
        assert (mask[1:] - mask[:-1]).abs().max() < 4 / scale


# --- anagrams


@pytest.mark.parametrize("name", VIEWS)
def test_views_are_orthogonal(name):
    image, view = seeded(1, 4, 8, 8), VIEWS[name]
    assert torch.equal(view.invert(view.apply(image)), image) and torch.equal(view.apply(view.invert(image)), image)
    assert torch.equal(view.apply(image).flatten().sort().values, image.flatten().sort().values)  # a permutation
    assert name == "identity" or not torch.equal(view.apply(image), image)


def test_a_picture_is_turned_as_its_second_prompt_sees_it():
    picture = np.arange(4 * 4 * 3, dtype=np.uint8).reshape(4, 4, 3)
    assert np.array_equal(turn_picture(picture, "flip_vertical"), picture[::-1])
    assert np.array_equal(turn_picture(picture, "rotate_90"), np.rot90(picture))
    assert turn_picture(picture[..., :1], "patches").shape == (4, 4, 1)


def test_views_that_do_not_fit_say_so():
    assert (
        "square" in view_problem("rotate_90", 8, 16)
        and "multiples of 4" in view_problem("patches", 8, 10)
        and not view_problem("rotate_180", 8, 10)
    )


def test_an_anagram_shows_both(mixture):
    """Each view's denoiser pulls its own half: the result, turned, is what the second asks for."""
    first, second = torch.zeros(1, 1, 4, 4), torch.zeros(1, 1, 4, 4)
    first[..., :2], second[..., 2:] = 1.0, 1.0
    view = VIEWS["flip_horizontal"]
    both = with_anagrams(
        lambda x, s: first, [(view, lambda x, s: second)], Timeline(LEVELS), 0.0, lambda t: t, lambda t: t
    )
    out = both(torch.zeros(1, 1, 4, 4), 5.0).denoised
    assert torch.equal(out, (first + view.invert(second)) / 2)


def test_identity_anagram_is_plain(sd, canvas_of):
    canvas = canvas_of(sd)
    prompt = canvas.regions[0].prompt
    plain = dream(sd, canvas, FEW)
    twice = dream(sd, replace(canvas, anagrams=(Anagram(prompt, "identity"),)), FEW)
    assert np.array_equal(twice.latents, plain.latents) and twice.calls == 2 * plain.calls


def test_anagrams_in_picture_space(sd, canvas_of):
    canvas = replace(canvas_of(sd), anagrams=(Anagram("cat", "rotate_90"), Anagram("sea", "patches")))
    latent, picture = dream(sd, canvas, FEW), dream(sd, canvas, replace(FEW, anagram_image=0.5))
    assert np.isfinite(picture.latents).all() and not np.array_equal(latent.latents, picture.latents)
    with pytest.raises(ValueError, match="square"):
        dream(sd, replace(canvas_of(sd, size=(8, 12)), anagrams=(Anagram("cat", "rotate_90"),)), FEW)


# --- correction, dilation


@given(amount=st.floats(0, 1), gain=st.floats(0.1, 10))
@settings(max_examples=25)
def test_corrections(amount, gain):
    latents = gain * seeded(1, 4, 6, 6)
    clamped = soft_clamp(latents, 1.0)
    assert clamped.abs().max() <= 4 + 1e-4 and torch.equal(clamped.sign(), latents.sign())
    inside = latents.abs() <= 3.5
    assert torch.allclose(clamped[inside], latents[inside], atol=1e-5)
    assert torch.allclose(centre(latents, amount).mean((-2, -1)), (1 - amount) * latents.mean((-2, -1)), atol=1e-4)
    stretched = maximise(latents, 1.0)
    assert (
        (stretched - stretched.mean((-2, -1), keepdim=True)).abs().amax((-2, -1)).allclose(torch.tensor(4.0), atol=1e-3)
    )
    assert torch.equal(maximise(torch.ones(1, 1, 3, 3), 1.0), torch.ones(1, 1, 3, 3))


def test_corrections_act_early_and_are_off_by_default(sd, canvas_of):
    events = []
    dream(sd, canvas_of(sd), replace(FEW, correct_centre=1.0), on_step=events.append)
    means = [float(e.denoised.mean((-2, -1)).abs().max()) for e in events]
    assert max(means[:2]) < 1e-4 < max(means[2:])


def test_lattices_cover_the_canvas_once():
    image = torch.arange(64.0).view(8, 8)
    values = torch.cat([take_lattice(image, 2, k).flatten() for k in range(4)])
    assert torch.equal(values.sort().values, image.flatten())


def test_smoothing_keeps_mean_and_deviation():
    x = 3 * seeded(1, 4, 16, 16) + 1
    out = smooth_noise(x, 1.0)
    assert torch.allclose(out.mean((-2, -1)), x.mean((-2, -1)), atol=1e-4)
    assert torch.allclose(out.std((-2, -1)), x.std((-2, -1)), atol=1e-3)


def test_dilated_sampling_runs_and_refuses_sizes(sd, canvas_of):
    canvas = canvas_of(sd, size=(16, 16), prompts=2)
    dreamed = dream(sd, canvas, replace(FEW, dilate=2, window=64))
    assert np.isfinite(dreamed.latents).all() and not np.array_equal(dreamed.latents, dream(sd, canvas, FEW).latents)
    with pytest.raises(ValueError, match="dilated"):
        dream(sd, canvas_of(sd, size=(10, 16)), replace(FEW, dilate=2))
