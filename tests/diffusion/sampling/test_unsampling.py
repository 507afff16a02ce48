"""The noised sequence of a picture, and the statistics of batches of latents."""

from __future__ import annotations

import math

import pytest
import torch

from base.errors import InputError
from diffusion.sampling.latent_statistics import batch_statistics, compare_batches
from diffusion.sampling.unsampling import make_noised_sequence, scale_for_model
from diffusion.settings import DreamSettings
from diffusion.text2image.latent_files import is_latent_file, load_latents, save_latents
from diffusion.text2image.unsample import levels_of

SIGMAS = torch.tensor([9.0, 3.0, 1.0, 0.0])


def drawn(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def test_a_sequence_is_the_picture_with_one_noise_at_every_level() -> None:
    latents, noise = drawn(4, 32, 32), drawn(4, 32, 32, seed=1)
    sequence = make_noised_sequence(latents, noise, SIGMAS)
    for level, sigma in zip(sequence, SIGMAS, strict=True):
        assert torch.allclose(level, latents + sigma * noise, atol=1e-5)
    assert torch.equal(sequence[-1], latents)
    assert scale_for_model(sequence, SIGMAS).std((1, 2, 3)) == pytest.approx([1.0] * 4, abs=0.05)


def test_fresh_noise_is_independent_and_unit_normal_at_every_level() -> None:
    latents, noise = torch.zeros(4, 32, 32), drawn(4, 32, 32, seed=1)
    fresh = make_noised_sequence(latents, noise, SIGMAS, seed=3)[:3] / SIGMAS[:3, None, None, None]
    assert fresh.std((1, 2, 3)) == pytest.approx([1.0] * 3, abs=0.05)
    pairs = [(fresh[0], fresh[1]), (fresh[1], fresh[2]), (fresh[0], noise)]
    assert all(abs(float((a * b).mean())) < 0.06 for a, b in pairs)
    assert not torch.equal(fresh, make_noised_sequence(latents, noise, SIGMAS, seed=4)[:3])


def test_the_levels_are_those_of_a_run(sd) -> None:
    whole = levels_of(sd, DreamSettings(steps=6))
    assert whole[0] == (0, 1, 2, 3, 4, 5, 6) and whole[1][-1] == 0
    part = levels_of(sd, DreamSettings(steps=6, start_at=2, end_at=4))
    assert part == ((2, 3, 4), whole[1][2:5])


def test_statistics_of_known_values() -> None:
    wave = torch.cos(torch.arange(16) * 2 * math.pi / 8).expand(1, 16, 16)
    noise, long, flat = batch_statistics(torch.stack([drawn(1, 16, 16), wave, torch.full((1, 16, 16), 2.0)]))
    assert (noise.mean, noise.deviation, noise.skewness, noise.kurtosis) == pytest.approx((0, 1, 0, 0), abs=0.4)
    assert 0.1 < noise.waves < 0.3 and long.waves == pytest.approx(1)
    assert (long.mean, long.deviation, long.kurtosis) == pytest.approx((0, 0.5**0.5, -1.5), abs=1e-6)
    assert (flat.mean, flat.deviation, flat.least, flat.greatest, flat.kurtosis, flat.waves) == (2, 0, 2, 2, 0, 0)


def test_comparisons_of_known_values() -> None:
    one = drawn(3, 2, 8, 8)
    same, opposite, scaled = compare_batches(one, torch.stack([one[0], -one[1], 3 * one[2]]))
    assert (same.cosine, same.difference, same.ratio) == pytest.approx((1, 0, 1))
    assert (opposite.cosine, opposite.ratio) == pytest.approx((-1, 1))
    assert (scaled.cosine, scaled.ratio) == pytest.approx((1, 3))
    with pytest.raises(ValueError, match="3, 2, 8, 8"):
        compare_batches(one, one[:2])


def test_a_file_of_latents_comes_back(tmp_path) -> None:
    path, batch = tmp_path / "latents.safetensors", drawn(2, 4, 3, 5)
    save_latents(path, batch, (2.0, 0.5), "here")
    read = load_latents(path)
    assert torch.equal(read.latents, batch) and read.sigmas == (2.0, 0.5) and read.space == "here"
    assert is_latent_file(path)
    bad = batch.clone()
    bad[0, 0, 0, 0] = math.nan
    save_latents(path, bad, (2.0, 0.5))
    with pytest.raises(InputError, match="NaN"):
        load_latents(path)
    save_latents(path, batch[0], (2.0,))
    with pytest.raises(InputError, match="latents"):
        load_latents(path)
