"""Whatever is combined, a dream is finite, has its canvas's shape and comes out the same a second time."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from base.step_schedule import StepSchedule
from diffusion.denoisers.differential import CHANGE_FORMS
from diffusion.denoisers.guidance import GUIDANCE
from diffusion.denoisers.regions import EXECUTIONS
from diffusion.denoisers.step_noise import STEP_NOISES
from diffusion.dream import dream
from diffusion.models.model import Model
from diffusion.sampling.noise import NOISES
from diffusion.sampling.schedules import SPACINGS
from diffusion.sampling.solvers import SAMPLERS
from diffusion.settings import DreamSettings
from tests.diffusion.conftest import WordEncoder


def in_bfloat16(model: Model) -> Model:
    """The same weights, rounded; its text encoder answers in the same precision."""
    words = WordEncoder(width=model.unet.config.cross_attention_dim)

    class Rounded:
        seconds, pooled = 0.0, 0

        def __call__(self, prompts: list[str]) -> list[torch.Tensor]:
            return [words.encode([prompt]).bfloat16() for prompt in prompts]

    parts = {"unet": deepcopy(model.unet).bfloat16(), "vae": deepcopy(model.vae).bfloat16()}
    return replace(model, **parts, text=Rounded(), dtype=torch.bfloat16)


@pytest.fixture(scope="module")
def models(sd: Model, wide: Model, xl: Model, surface: Model) -> dict[tuple[str, str], Model]:
    plain = {("sd", "float32"): sd, ("wide", "float32"): wide, ("xl", "float32"): xl}
    plain |= {("surface", "float32"): surface}
    return plain | {(name, "bfloat16"): in_bfloat16(plain[name, "float32"]) for name in ("sd", "wide")}


choices = st.builds(
    DreamSettings,
    steps=st.integers(1, 3),
    sampler=st.sampled_from(list(SAMPLERS)),
    spacing=st.sampled_from(list(SPACINGS)),
    guidance=st.sampled_from(list(GUIDANCE)),
    execution=st.sampled_from(list(EXECUTIONS)),
    noise=st.sampled_from(list(NOISES)),
    change_form=st.sampled_from(list(CHANGE_FORMS)),
    memory=st.sampled_from(["colours", "latents", "both"]),
    softness=st.sampled_from([0.0, 1.5]),
    bootstrap=st.sampled_from([0.0, 0.5]),
    window=st.sampled_from([0, 64]),
    norm_rescale=st.sampled_from([0.0, 0.7]),
    threshold_scale=st.sampled_from([0.0, 7.0]),
    scale=st.sampled_from([7.0, -2.0, StepSchedule(((0.0, 9.0), (1.0, 0.0)))]),
    further=st.sampled_from([(), ("zebra:0.5", "moss:-1")]),
    embedding_rank=st.sampled_from([0, 3]),
    embedding_turn=st.sampled_from([0.0, 0.4]),
    step_noise=st.sampled_from(list(STEP_NOISES)),
)


@settings(max_examples=60)
@given(
    key=st.sampled_from(
        [(n, "float32") for n in ("sd", "wide", "xl", "surface")] + [(n, "bfloat16") for n in ("sd", "wide")]
    ),
    size=st.tuples(st.integers(1, 6), st.integers(1, 6)),
    prompts=st.integers(1, 4),
    kept=st.sampled_from([None, 0.0, 0.4]),
    apart=st.booleans(),
    chosen=choices,
)
def test_any_dream(models, canvas_of, key, size, prompts, kept, apart, chosen):
    model = models[key]
    size = tuple(model.multiple // 8 * n for n in size)
    parts = {}
    if kept is not None:
        random = np.random.default_rng(1)
        change = np.where(random.random(size) < 0.5, kept, 1).astype(np.float32)
        memory = random.standard_normal((model.channels, *size), dtype=np.float32)
        colours = random.integers(0, 256, (8 * size[0], 8 * size[1], 4), dtype=np.uint8)
        parts = {"change": change, "latents": memory, "colours": colours}
    if apart:
        shown = np.random.default_rng(2).integers(-1, prompts, (2 * size[0], 2 * size[1]), dtype=np.int16)
        parts["region_ids"] = shown.repeat(4, 0).repeat(4, 1)
        parts["depth"] = np.random.default_rng(3).choice(np.array([3, 5, np.inf], np.float32), size)
    canvas = canvas_of(model, size, prompts, **parts)
    first, second = (dream(model, canvas, chosen) for _ in range(2))
    assert first.latents.shape == (model.channels, *size) and first.latents.dtype == np.float32
    assert first.image.shape == (8 * size[0], 8 * size[1], 3) and first.image.dtype == np.uint8
    assert np.isfinite(first.latents).all()
    assert np.array_equal(first.latents, second.latents) and np.array_equal(first.image, second.image)
