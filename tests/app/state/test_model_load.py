"""Which settings follow a model, and how a loading is told."""

from __future__ import annotations

from dataclasses import replace

from app.loop.messages import ModelInfo, ModelOrder
from app.session import ModelChoice
from app.state.model_load import ModelLoad, follow_model
from diffusion.settings import DreamSettings


def info(few_steps: int = 0, **defaults: float) -> ModelInfo:
    return ModelInfo("m", "s", 4, 64, 512, takes_depth=False, device="cpu", few_steps=few_steps, defaults=defaults)


def test_settings_that_a_model_prefers_follow_it_and_the_users_own_stay() -> None:
    usual = DreamSettings()
    first, second, few = info(steps=6, scale=2.0), info(scale=9.0), info(few_steps=4)
    dream = replace(usual, steps=6, scale=2.0, seed=7)
    assert follow_model(dream, first, second) == replace(usual, scale=9.0, seed=7)
    assert follow_model(replace(dream, scale=3.0), first, second).scale == 3.0
    assert follow_model(dream, first, few) == replace(usual, steps=4, seed=7)
    assert follow_model(usual, None, first) == replace(usual, steps=6, scale=2.0)


def test_a_loading_is_told_by_its_name_and_part() -> None:
    choice = ModelChoice("/models/big.safetensors")
    loading = ModelLoad(ModelOrder(0, choice), choice)
    assert loading.words == "loading big.safetensors"
    assert replace(loading, part="VAE").words == "loading big.safetensors: VAE"
    assert replace(loading, cancelling=True).words == "cancelling after this part"
    assert replace(loading, saving=True).words == "saving the paint of the previous model"
    assert ModelLoad(ModelOrder(0, ModelChoice()), ModelChoice()).name == "the embedded model"
