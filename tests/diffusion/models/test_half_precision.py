"""What a graphics card does, as far as it can be seen without one: the networks in float16, and the VAE beside them in float32."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from diffusion.denoisers.regions import EXECUTIONS
from diffusion.dream import dream
from diffusion.introspection.unet_probe import probe_unet
from diffusion.loaders.loading import load_model
from diffusion.models import attention
from diffusion.models.text_encoders import CachedEncoder
from diffusion.settings import DreamSettings


@pytest.fixture(params=["sd1", "sd2", "xl"])
def pair(request):
    """(float32, the same model as CUDA gets it)."""
    folder = request.getfixturevalue(f"{request.param}_folder")
    whole, half = load_model(folder, "cpu"), load_model(folder, "cpu")
    for clip in half.text._encoder.clips:
        clip.model.half()
    text = CachedEncoder(half.text._encoder, half.device, torch.float16)
    return whole, replace(half, unet=half.unet.half(), dtype=torch.float16, text=text)


@pytest.mark.parametrize("execution", EXECUTIONS)
def test_dreams_are_those_of_full_precision_up_to_its_own(pair, canvas_of, execution) -> None:
    whole, half = pair
    canvas = canvas_of(whole, (8, 16), 3)
    settings = DreamSettings(steps=2, scale=2.0, execution=execution)
    wanted, seen = (dream(model, canvas, settings).latents for model in (whole, half))
    assert seen.dtype == np.float32 and half.context(["a"])[0].dtype == torch.float16
    assert 0 < np.abs(seen - wanted).max() < 0.05 * wanted.std()


def test_a_card_weighs_regions_at_once_with_the_same_result(pair, canvas_of, monkeypatch) -> None:
    """On a CPU regions are attended to one by one; a card's way must give the same."""
    whole, half = pair
    canvas = canvas_of(whole, (8, 16), 3)
    settings = DreamSettings(steps=2, guidance="none", execution="attention")
    wanted = dream(whole, canvas, settings).latents
    monkeypatch.setattr("diffusion.models.attention._attend_per_region", attention._attend_everywhere)
    assert np.allclose(dream(whole, canvas, settings).latents, wanted, atol=1e-4)
    assert np.abs(dream(half, canvas, settings).latents - wanted).max() < 0.05 * wanted.std()


def test_the_network_can_be_probed_in_half_precision(pair, canvas_of) -> None:
    whole, half = pair
    canvas = canvas_of(whole, (8, 16), 2)
    settings = DreamSettings(steps=2)
    one, two = (probe_unet(model, canvas, settings, canvas.noise, 5.0) for model in (whole, half))
    assert [heard.words for heard in one.prompts] == [heard.words for heard in two.prompts]
    for a, b in zip(one.prompts, two.prompts, strict=True):
        assert np.allclose(a.where, b.where, atol=0.01) and np.allclose(a.share, b.share, atol=1e-3)
