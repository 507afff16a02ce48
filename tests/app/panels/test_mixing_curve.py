"""The shares that the Sampler panel plots are those that a run mixes with."""

from __future__ import annotations

import numpy as np

from app.panels.mixing_curve import mixing_shares
from diffusion.settings import DreamSettings


def test_the_plot_is_the_schedule() -> None:
    places, mixed, refined = mixing_shares(DreamSettings(mix=0.8, mix_form="demofusion", mix_alpha=2.0, refine=1.0))
    expected = ((1 + np.cos(np.pi * places)) / 2) ** 2
    assert np.allclose(mixed[:-1], 0.8 * expected[:-1]) and np.allclose(refined[:-1], expected[:-1] ** 1.0, atol=0.3)
    assert not np.any(mixing_shares(DreamSettings(mix=0.0, refine=0.0))[1:])
    assert (np.diff(mixed) <= 0).all()
