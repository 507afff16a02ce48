"""What Perlin noise changes in mixing, each against its formula, and that steps can be left out at both ends of a run."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from diffusion.denoisers.few_step import run_part
from diffusion.denoisers.perlin_modes import PERLIN_MODES, make_perlin_mix
from diffusion.denoisers.skip_residual import make_mixer
from diffusion.dream import dream
from diffusion.sampling.perlin import perlin
from diffusion.sampling.schedules import Timeline
from diffusion.settings import DreamSettings

SETTINGS = DreamSettings(steps=4, seed=5, mix=1.0, mix_perlin=0.4, mix_perlin_scale=3.0)
LIKE = torch.zeros(1, 3, 12, 16)
PATTERN = torch.stack([perlin(12, 16, 3.0, seed) for seed in (5, 6, 7)])[None]


def drawn(seed: int) -> torch.Tensor:
    return torch.randn(LIKE.shape, generator=torch.Generator().manual_seed(seed))


def test_weights_and_latents() -> None:
    weights = make_perlin_mix(LIKE, SETTINGS)(0.0)
    assert torch.allclose(torch.as_tensor(weights.weight), 1 + 0.4 * (PATTERN[0, 0] - 1))
    latents = make_perlin_mix(LIKE, replace(SETTINGS, mix_perlin_mode="latents"))(0.0)
    assert torch.allclose(torch.as_tensor(latents.latents), 0.4 * (2 * PATTERN - 1))
    noise = drawn(1)
    assert weights.noise(noise) is noise and latents.noise(noise) is noise


def test_matched_noise_has_the_noise_s_statistics() -> None:
    noise = 1.7 * drawn(1) + 0.3
    whole = make_perlin_mix(LIKE, replace(SETTINGS, mix_perlin=1.0, mix_perlin_mode="matched_noise"))(0.0).noise(noise)
    axes = (-2, -1)
    assert torch.allclose(whole.mean(axes), noise.mean(axes), atol=1e-5)
    assert torch.allclose(whole.std(axes), noise.std(axes), atol=1e-5)
    assert torch.corrcoef(torch.stack([whole[0, 1].flatten(), PATTERN[0, 1].flatten()]))[0, 1] == pytest.approx(1)
    part = make_perlin_mix(LIKE, replace(SETTINGS, mix_perlin_mode="matched_noise"))(0.0).noise(noise)
    assert torch.allclose(part, 0.6**0.5 * noise + 0.4**0.5 * whole, atol=1e-5)


@pytest.mark.parametrize("mode", PERLIN_MODES)
def test_no_strength_changes_nothing(mode: str) -> None:
    off = make_perlin_mix(LIKE, replace(SETTINGS, mix_perlin=0.0, mix_perlin_mode=mode))(0.5)
    noise = drawn(1)
    assert off.weight == 1 and off.latents == 0 and off.noise(noise) is noise


def test_the_mixer_uses_them_and_fresh_noise_differs_at_every_level() -> None:
    coarse, noise, x = drawn(1), drawn(2), drawn(3)
    where, timeline = torch.ones(12, 16, dtype=torch.bool), Timeline((4.0, 1.0, 0.25, 0.0))
    only = replace(SETTINGS, mix_max=0.0, mix_perlin_mode="latents")  # the coarse latents alone
    adjust = make_mixer(coarse, noise, where, timeline, only)
    assert adjust is not None
    assert torch.allclose(adjust(0, 4.0, x), coarse + 0.4 * (2 * PATTERN - 1) + 4 * noise, atol=1e-5)
    fresh = make_mixer(coarse, noise, where, timeline, replace(only, mix_perlin=0.0, mix_noise="fresh"))
    assert fresh is not None
    first, second = ((fresh(step, sigma, x) - coarse) / sigma for step, sigma in ((0, 4.0), (1, 1.0)))
    assert [float(n.std()) for n in (first, second)] == pytest.approx([1, 1], abs=0.1)
    assert abs(float((first * second).mean())) < 0.15


@pytest.mark.parametrize(
    ("start", "end", "strength", "guide", "run"),
    [
        (0, 0, 1.0, False, (0, 10)),
        (3, 0, 1.0, False, (3, 10)),
        (3, 7, 1.0, False, (3, 7)),
        (3, 3, 1.0, False, (3, 10)),  # no step would be left
        (50, 90, 1.0, False, (9, 10)),
        (3, 0, 0.5, True, (5, 10)),
        (8, 0, 0.5, True, (8, 10)),
    ],
)
def test_the_steps_that_run(start, end, strength, guide, run) -> None:
    assert run_part(DreamSettings(steps=10, start_at=start, end_at=end, strength=strength), guide) == run


def test_a_run_from_step_to_step(sd, canvas_of) -> None:
    """It starts with that step's noise, and its last step goes straight to the picture: what is predicted there."""
    seen = []
    settings = DreamSettings(steps=6, sampler="euler", start_at=2, end_at=4)
    dreamed = dream(sd, canvas_of(sd), settings, on_step=seen.append)
    assert [event.step for event in seen] == [2, 3] and dreamed.calls == 2
    noise = torch.from_numpy(canvas_of(sd).noise)
    assert torch.allclose(seen[0].x[0], noise * seen[0].sigma, atol=1e-4)
    np.testing.assert_allclose(dreamed.latents, seen[-1].denoised[0], atol=1e-4)
