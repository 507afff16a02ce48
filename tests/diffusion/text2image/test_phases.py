"""Large pictures in phases: their sizes and settings, and each phase against a dream put together by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from base.errors import InputError
from diffusion.canvas import Guide
from diffusion.dream import dream
from diffusion.settings import DreamSettings
from diffusion.text2image.generate import generate, make_canvas, refuse
from diffusion.text2image.phases import enlarge, phase_settings, phase_sizes
from diffusion.text2image.recipe import GenerateSettings

SMALL = GenerateSettings("abc", size=(96, 64), phases=2, dream=DreamSettings(steps=2, seed=3, capture=1))


def test_the_sizes_of_phases_are_whole_multiples() -> None:
    assert phase_sizes((768, 512), 3, 64) == [(256, 192), (512, 384), (768, 576)]
    assert phase_sizes((96, 64), 2, 16) == [(48, 32), (96, 64)]
    assert phase_sizes((100, 64), 1, 16) == [(112, 64)]


def test_each_phase_has_its_own_dilation_window_and_mixing() -> None:
    first, second, last = (phase_settings(SMALL.dream, k, 3, 64) for k in (1, 2, 3))
    assert (first.mix, first.dilate, first.window, first.capture) == (0.0, 1, 0, 0)
    assert (second.mix, second.dilate, second.window, second.capture) == (1.0, 2, 64, 0)
    assert (last.dilate, last.capture) == (3, 1)
    told = phase_settings(replace(SMALL.dream, mix=0.4, window=32), 2, 2, 64)
    assert (told.mix, told.window) == (0.4, 32)


def test_enlarged_latents_keep_each_channels_mean_and_deviation() -> None:
    latents = torch.randn((4, 8, 6), generator=torch.Generator().manual_seed(0)) * torch.arange(1, 5)[:, None, None]
    larger = enlarge(latents, (16, 12))
    assert torch.allclose(larger.mean((1, 2)), latents.mean((1, 2)), atol=1e-5)
    assert torch.allclose(larger.std((1, 2)), latents.std((1, 2)), atol=1e-5)


@pytest.mark.parametrize("name", ["sd", "surface"])
def test_phases_are_the_dreams_of_which_they_consist(name, request) -> None:
    model = request.getfixturevalue(name)
    events = []
    made = generate(model, SMALL, on_step=lambda e: events.append((e.step, e.steps, tuple(e.x.shape[-2:]))))
    assert events == [(0, 4, (4, 6)), (1, 4, (4, 6)), (2, 4, (8, 12)), (3, 4, (8, 12))]
    assert made.image.shape == (64, 96, 3)
    small, large = (
        make_canvas(model, replace(SMALL, size=size, phases=1), share)[0]
        for size, share in (((48, 32), 0.5), ((96, 64), 1.0))
    )
    native = 0 if name == "surface" else model.native
    coarse = dream(model, small, phase_settings(SMALL.dream, 1, 2, native))
    guide = Guide(latents=enlarge(torch.from_numpy(coarse.latents), (8, 12)).numpy(), known_mask=np.ones((8, 12), bool))
    fine = dream(model, replace(large, guide=guide), phase_settings(SMALL.dream, 2, 2, native))
    assert np.array_equal(made.dreamed.latents, fine.latents)
    assert made.dreamed.calls == coarse.calls + fine.calls


def test_a_phase_of_a_surface_shows_the_same_part_of_it(surface) -> None:
    """Each latent pixel of the small canvas sees what the four in its place see on the large one."""
    small, large = (
        make_canvas(surface, replace(SMALL, size=size, surface="floor"), share)[0].surface.gbuffer
        for size, share in (((48, 32), 0.5), ((96, 64), 1.0))
    )
    fine = large.depth.reshape(32, 2, 48, 2).mean((1, 3))
    assert np.abs(fine / small.depth - 1).max() < 0.02


def test_a_picture_to_start_from_is_refused(tmp_path) -> None:
    with pytest.raises(InputError, match="--phases makes a picture from noise; leave out --init"):
        refuse(replace(SMALL, init=tmp_path / "a.png"))
