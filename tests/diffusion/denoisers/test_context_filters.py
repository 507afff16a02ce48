"""Filters of a prompt's vectors against their formulas, and what they leave alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from diffusion.denoisers.context_filters import contexts_of, keep_largest, turn
from diffusion.dream import dream
from diffusion.introspection.unet_probe import probe_unet
from diffusion.settings import DreamSettings

ROWS = torch.randn((7, 16), generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("rank", [1, 3, 7, 50])
def test_a_rank_is_the_nearest_matrix_of_it(rank):
    """Eckart-Young: what is missing has the norm of the dropped singular values; half dropped is half way there."""
    values = torch.linalg.svdvals(ROWS)
    kept = keep_largest(ROWS, rank, 1.0)
    assert torch.linalg.matrix_rank(kept, atol=1e-4) == min(rank, 7)
    assert (ROWS - kept).norm() == pytest.approx(float(values[rank:].norm()), abs=1e-4)
    assert torch.allclose(keep_largest(ROWS, rank, 0.5), (ROWS + kept) / 2, atol=1e-5)
    assert torch.allclose(keep_largest(ROWS, rank, 0.0), ROWS, atol=1e-5)


def test_a_turn_keeps_lengths_and_a_whole_one_angles():
    assert torch.allclose(turn(ROWS, 0.3, 1).norm(dim=1), ROWS.norm(dim=1), atol=1e-5)
    turned = turn(ROWS, 1.0, 1)
    assert torch.allclose(turned @ turned.T, ROWS @ ROWS.T, atol=1e-4) and not torch.allclose(turned, ROWS, atol=0.1)
    near, far = ((turn(ROWS, amount, 1) - ROWS).norm() for amount in (0.1, 0.5))
    assert 0 < near < far and not torch.allclose(turn(ROWS, 0.3, 1), turn(ROWS, 0.3, 2), atol=0.01)


def test_the_empty_prompt_and_the_pooled_vector_stay(sd, xl):
    chosen = DreamSettings(embedding_rank=2, embedding_turn=0.5)
    for model in (sd, xl):
        plain = contexts_of(model, ["moss", ""], DreamSettings())
        changed = contexts_of(model, ["moss", ""], chosen)
        assert torch.equal(plain[""], changed[""]) and plain["moss"].shape == changed["moss"].shape
        assert not torch.allclose(plain["moss"], changed["moss"], atol=0.01)
    assert torch.equal(plain["moss"][:, -1], changed["moss"][:, -1])


@pytest.mark.parametrize("changed", [{"embedding_rank": 1}, {"embedding_turn": 0.8}])
def test_a_dream_and_its_probe_hear_the_filtered_prompt(sd, canvas_of, changed):
    settings = DreamSettings(steps=2, guidance="none")
    canvas = canvas_of(sd)
    filtered = replace(settings, **changed)
    assert np.abs(dream(sd, canvas, settings).latents - dream(sd, canvas, filtered).latents).max() > 1e-4
    x = canvas.noise * 5
    assert probe_unet(sd, canvas, filtered, x, 5.0).prompts[0].prompt == canvas.regions[0].prompt
