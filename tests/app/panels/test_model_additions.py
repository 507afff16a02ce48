"""What of a choice a model can't take is left out when it is loaded in the window."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from app.panels.model_additions import fitting
from app.session import ModelChoice
from diffusion.library.facts import Facts
from diffusion.library.listing import ListedModel
from diffusion.library.read_facts import OURS
from diffusion.loaders.options import LoadOptions

CHOICE = ModelChoice("m", lora=("a.safetensors",), options=LoadOptions(vae="v", weights="raw"))


def listed(family: str, raw: bool) -> ListedModel:
    return ListedModel("m", "folder", Facts(Path("m"), "model", family, raw=raw))


def test_additions_are_for_models_that_take_them() -> None:
    assert fitting(CHOICE, None) == CHOICE == fitting(CHOICE, listed("Stable Diffusion 1.x", True))
    averaged = replace(CHOICE, options=LoadOptions(vae="v"))
    assert fitting(CHOICE, listed("Stable Diffusion 1.x", False)) == averaged
    assert fitting(CHOICE, listed(OURS, True)) == ModelChoice("m", options=LoadOptions(weights="raw"))
