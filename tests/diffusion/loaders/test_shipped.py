"""The models that come with the program."""

from __future__ import annotations

import pytest
import torch

from diffusion.loaders.embedded import SHIPPED
from diffusion.loaders.loading import load_model

LIMIT = 60 * 2**20
"""Bytes of all shipped weights together."""


@pytest.mark.parametrize("name", SHIPPED)
def test_what_ships_is_small_and_loads_by_its_name(name: str) -> None:
    files = [f for f in SHIPPED[name].rglob("*") if f.is_file()]
    assert {"model_index.json", "rayverie.json", "README.md"} <= {f.name for f in files}
    model = load_model(name, "cpu")
    assert model.id.startswith(f"{SHIPPED[name].name if name == 'embedded' else name}-") and model.channels == 8


def test_shipped_models_share_their_latents() -> None:
    models = [load_model(name, "cpu") for name in SHIPPED]
    assert len({model.space for model in models}) == 1  # so that one goes on in a world that the other began
    a, b = (model.vae.state_dict() for model in models)
    assert all(torch.equal(a[k], b[k]) for k in a)


def test_what_ships_is_small() -> None:
    assert sum(f.stat().st_size for folder in SHIPPED.values() for f in folder.rglob("*") if f.is_file()) <= LIMIT
