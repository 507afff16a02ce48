"""Prompts are remembered up to a number; one more forgets, and loses nothing that was asked for."""

from __future__ import annotations

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
