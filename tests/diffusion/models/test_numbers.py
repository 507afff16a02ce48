from __future__ import annotations

from unittest.mock import patch

import numpy as np
import pytest
import torch

from diffusion.loaders.loading import load_model
from diffusion.models import numbers
from diffusion.models.numbers import fast_dtype, multiplies_bfloat16
from diffusion.settings import DreamSettings
from diffusion.text2image.generate import GenerateSettings, generate


@pytest.mark.parametrize(("able", "expected"), [(True, torch.bfloat16), (False, torch.float32)])
def test_a_cpu_computes_in_what_it_multiplies(able: bool, expected: torch.dtype) -> None:
    with patch.object(numbers, "multiplies_bfloat16", lambda: able):
        assert fast_dtype("cpu") is expected
        assert fast_dtype("cuda") is torch.float16


@pytest.mark.parametrize("feature", ["_is_amx_tile_supported", "_is_avx512_bf16_supported"])
def test_either_instruction_suffices_and_none_means_no(feature: str) -> None:
    neither = {"_is_amx_tile_supported": lambda: False, "_is_avx512_bf16_supported": lambda: False}
    with patch.multiple(torch.cpu, create=True, **neither):
        assert not multiplies_bfloat16()
        with patch.object(torch.cpu, feature, lambda: True):
            assert multiplies_bfloat16()


def test_bfloat16_paints_the_same_picture_as_float32() -> None:
    pictures = []
    for able in (True, False):
        with patch.object(numbers, "multiplies_bfloat16", lambda able=able: able):
            model = load_model(None, "cpu")
        assert model.dtype == model.vae.dtype == (torch.bfloat16 if able else torch.float32)
        asked = GenerateSettings("red brick wall, noon", size=(128, 128), dream=DreamSettings(steps=6, seed=5))
        pictures.append(generate(model, asked).image.astype(float))
    error = np.mean((pictures[0] - pictures[1]) ** 2)
    assert 10 * np.log10(255**2 / error) > 40  # dB; far below what one sees
