"""Start noises: unit normal, of their spectrum, and the same for a seed."""

from __future__ import annotations

import math

import numpy as np
import pytest

from diffusion.sampling.noise import start_noise
from diffusion.sampling.start_noise import START_NOISES

COLOURS = {"white": 0.0, "pink": 1.0, "brown": 2.0, "blue": -1.0}


@pytest.mark.parametrize("name", [name for name, row in START_NOISES.items() if not row.from_picture])
def test_every_noise_is_normalised_and_belongs_to_its_seed(name):
    make = START_NOISES[name].make
    noise = make(4, 32, 48, 3)
    assert noise.shape == (4, 32, 48) and noise.dtype == np.float32
    assert abs(noise.mean()) < 0.06 and noise.std() == pytest.approx(1, abs=0.05)
    assert np.array_equal(noise, make(4, 32, 48, 3)) and not np.allclose(noise, make(4, 32, 48, 4), atol=0.1)
    assert np.isfinite(make(4, 1, 1, 0)).all() and np.isfinite(make(8, 1, 5, 2**31 - 1)).all()
    channels = np.corrcoef(noise.reshape(4, -1))[np.triu_indices(4, 1)]
    assert np.abs(channels).max() < 0.7


def test_a_pictures_forms_are_half_of_its_noise():
    make = START_NOISES["picture"].make
    ramp = (
        np.broadcast_to(np.linspace(-3, 5, 48, dtype=np.float32), (4, 32, 48))
        * np.array([1, 2, -1, 0.1])[:, None, None]
    )
    noise, white = make(4, 32, 48, 3, ramp), start_noise(4, 32, 48, 3)
    assert noise.mean() == pytest.approx(0, abs=1e-6) and noise.std() == pytest.approx(1, abs=1e-5)
    for channel, sign in enumerate((1, 1, -1, 1)):
        seen = (ramp[channel] - ramp[channel].mean()) / ramp[channel].std()
        assert np.corrcoef(noise[channel].ravel(), (seen + white[channel]).ravel())[0, 1] > 0.999
        assert sign * np.corrcoef(noise[channel].ravel(), np.tile(np.arange(48), 32))[0, 1] > 0.6
    assert np.isfinite(make(4, 32, 48, 3, np.zeros((4, 32, 48), np.float32))).all()


def test_white_is_what_pictures_always_started_from():
    assert np.array_equal(START_NOISES["white"].make(4, 8, 8, 5), start_noise(4, 8, 8, 5))


@pytest.mark.parametrize(("name", "exponent"), COLOURS.items())
def test_power_falls_with_frequency_to_the_exponent(name, exponent):
    """Mean power of an octave of frequencies around 1/16 over that around 1/4, of 64 channels: 4^exponent."""
    noise = START_NOISES[name].make(64, 64, 64, 1)
    power = (np.abs(np.fft.fft2(noise)) ** 2).mean(0)
    frequency = np.hypot(np.fft.fftfreq(64)[:, None], np.fft.fftfreq(64)[None])

    def around(middle):
        ring = (frequency > middle / math.sqrt(2)) & (frequency < middle * math.sqrt(2))
        return (power[ring] * frequency[ring] ** exponent).mean() / middle**exponent

    assert math.log(around(1 / 16) / around(1 / 4), 4) == pytest.approx(exponent, abs=0.1)


def test_perlin_is_smoother_than_white():
    def step(noise):
        return np.abs(np.diff(noise, axis=-1)).mean()

    assert step(START_NOISES["perlin"].make(4, 32, 32, 0)) < 0.85 * step(START_NOISES["white"].make(4, 32, 32, 0))
