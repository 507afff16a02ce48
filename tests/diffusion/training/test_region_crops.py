"""Crops with a caption for each surface: who hears what, and what the answers come to."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from diffusion.training.data.latent_cache import Latents
from diffusion.training.data.region_crops import RegionCrops, draw_region_crops


@pytest.fixture
def two_halves() -> Latents:
    """One picture, left of slot 0, right of slot 1; captions 0 and 1 name the left, 2 the right, 3 both."""
    slots = torch.zeros(1, 4, 8, 8, dtype=torch.uint8)
    slots[0, 0, :, :4] = slots[0, 1, :, 4:] = 255
    contexts = torch.arange(4.0).view(4, 1, 1).expand(4, 3, 5).contiguous()
    return Latents(
        latents=torch.randn(1, 2, 8, 8, generator=torch.Generator().manual_seed(0)),
        depth=torch.ones(1, 8, 8),
        slots=slots,
        contexts=contexts,
        picture=torch.zeros(4, dtype=torch.int32),
        covers=torch.tensor([1, 1, 2, 3], dtype=torch.uint8),
        whole=torch.tensor([0, 0, 0, 1], dtype=torch.uint8),
        captions=("left", "left side", "right", "both"),
    )


def drawn(data: Latents, count: int = 6, size: int = 8) -> RegionCrops:
    return draw_region_crops(data, count, size, np.random.default_rng(0))


def test_every_surface_hears_its_own_caption(two_halves: Latents) -> None:
    parted = drawn(two_halves)
    assert len(parted.owners) == 12 and parted.owners.bincount().tolist() == [2] * 6
    for context, weight in zip(parted.contexts, parted.weights, strict=True):
        left = float(context[0, 0]) < 2
        assert torch.equal(weight[:, :4], torch.full((8, 4), float(left)))
        assert torch.equal(weight[:, 4:], torch.full((8, 4), float(not left)))


@pytest.mark.parametrize("size", [3, 5, 8])
def test_the_captions_of_a_crop_share_it_wholly(two_halves: Latents, size: int) -> None:
    parted = drawn(two_halves, 9, size)
    total = torch.zeros(9, size, size).index_add_(0, parted.owners, parted.weights)
    assert torch.equal(total, torch.ones(9, size, size))
    masks = parted.attention_kwargs(2)["regions"]["masks"]
    for weights in masks.values():
        assert torch.allclose(torch.zeros(9, weights.shape[1]).index_add_(0, parted.owners, weights), torch.ones(()))


def test_answers_are_put_together_surface_by_surface(two_halves: Latents) -> None:
    parted = drawn(two_halves)
    answers = parted.contexts[:, 0, 0].view(-1, 1, 1, 1).expand(-1, 2, 8, 8)
    whole = parted.compose(answers)
    assert (whole[..., :4] < 2).all() and (whole[..., 4:] == 2).all()


def test_a_picture_of_one_surface_is_heard_as_a_whole(two_halves: Latents) -> None:
    one = replace(two_halves, covers=torch.full((4,), 3, dtype=torch.uint8), whole=torch.ones(4), parts=[], wholes=[])
    parted = drawn(one)
    assert parted.owners.tolist() == list(range(6)) and bool((parted.weights == 1).all())
    assert set(parted.contexts[:, 0, 0].tolist()) <= {0.0, 1.0, 2.0, 3.0}
