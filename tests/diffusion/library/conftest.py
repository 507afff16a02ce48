"""A fake hub that serves a tiny pipeline, and a LoRA."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from tests.diffusion.library.fake_hub import FakeHub, hub_with


@pytest.fixture
def hub(tiny_model: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeHub]:
    with hub_with(tiny_model, monkeypatch) as made:
        yield made


@pytest.fixture
def lora_file(tmp_path: Path) -> Path:
    """A LoRA of one layer, for a text encoding of 768 numbers."""
    stem = "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn2_to_k"
    tensors = {f"{stem}.lora_down.weight": torch.ones(2, 768), f"{stem}.lora_up.weight": torch.ones(320, 2)}
    file = tmp_path / "given" / "moss.safetensors"
    file.parent.mkdir()
    save_file(tensors | {f"{stem}.alpha": torch.tensor(2.0)}, file)
    return file
