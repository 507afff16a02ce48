"""Prompts are remembered up to a number; one more forgets, and loses nothing that was asked for."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from diffusion.models import minilm
from diffusion.models.minilm import TOKENS, WIDTH, MiniLMEncoder


def test_more_prompts_than_are_remembered_are_all_encoded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(minilm, "CACHE_SIZE", 4)
    monkeypatch.setattr(minilm, "model_folder", lambda: None)
    monkeypatch.setattr(
        MiniLMEncoder, "_contexts", lambda _, prompts: torch.full((1, TOKENS, WIDTH), float(prompts[0]))
    )
    encoder = MiniLMEncoder()
    for first in (0, 2, 0, 7):
        wanted = [str(number % 9) for number in range(first, first + 11)]
        assert encoder.encode(wanted)[:, 0, 0].tolist() == [float(word) for word in wanted]
        assert len(encoder._known) <= 4


def test_captions_to_compare_are_neither_cached_nor_in_memory_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(minilm, "TOGETHER", 4)
    encoder, sizes = MiniLMEncoder(), []
    many = encoder.encode_many
    monkeypatch.setattr(encoder, "encode_many", lambda prompts: sizes.append(len(prompts)) or many(prompts))
    prompts = [f"{word} wall" for word in ("red", "old", "tall", "wet", "warm", "dark")]
    found = encoder.sentences(prompts)
    assert sizes == [4, 2] and encoder._known == {} and found.shape == (6, WIDTH)
    alone = [encoder.sentences([prompt])[0] for prompt in prompts]
    assert np.allclose(found, alone, atol=1e-5) and np.allclose(np.linalg.norm(found, axis=1), 1)
    assert encoder.sentences([]).shape == (0, WIDTH)
