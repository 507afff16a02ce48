"""The models that come with the program."""

from __future__ import annotations

import pytest

from diffusion.loaders.embedded import SHIPPED
from diffusion.loaders.loading import load_model

LIMIT = 60 * 2**20
"""Bytes of all shipped weights together."""


@pytest.mark.parametrize("name", SHIPPED)
def test_what_ships_is_small_and_loads_by_its_name(name: str) -> None:
    files = [f for f in SHIPPED[name].rglob("*") if f.is_file()]
    assert {"model_index.json", "rayverie.json", "README.md"} <= {f.name for f in files}
    model = load_model(name, "cpu")
    assert model.id.startswith(f"{name}-") and model.knows_surfaces


def test_what_ships_is_small() -> None:
    assert sum(f.stat().st_size for folder in SHIPPED.values() for f in folder.rglob("*") if f.is_file()) <= LIMIT
