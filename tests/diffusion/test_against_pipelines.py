"""diffusers' own pipelines and this core make the same pictures of the same weights, noise, solver and prompts."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest
import torch
from diffusers import StableDiffusionPipeline, StableDiffusionXLPipeline

from diffusion.dream import dream
from diffusion.loaders.loading import load_model
from tests.diffusion.pipelines import SETTINGS, run_pipeline

PIPELINES = {"sd1": StableDiffusionPipeline, "sd2": StableDiffusionPipeline, "xl": StableDiffusionXLPipeline}


@pytest.mark.parametrize("prediction", ["epsilon", "v_prediction"])
@pytest.mark.parametrize("negative", ["", "zebra"])
@pytest.mark.parametrize("family", PIPELINES)
def test_a_whole_guided_run(request, tmp_path, canvas_of, family, prediction, negative) -> None:
    folder = shutil.copytree(request.getfixturevalue(f"{family}_folder"), tmp_path / family)
    config = folder / "scheduler" / "scheduler_config.json"
    config.write_text(json.dumps(json.loads(config.read_text()) | {"prediction_type": prediction}))
    model = load_model(folder, "cpu")
    # float64, so that only the core rounds: guidance enlarges the rounding of both
    pipe = PIPELINES[family].from_pretrained(folder, local_files_only=True).to(torch.float64)
    canvas = canvas_of(model, (8, 16))
    region = replace(canvas.regions[0], prompt="moss on it", negative_prompt=negative)
    ours = dream(model, replace(canvas, regions=(region,)), SETTINGS)
    theirs = run_pipeline(pipe, model, canvas.noise, "moss on it", negative_prompt=negative or None)
    assert np.allclose(ours.latents, theirs[0], atol=2e-5, rtol=2e-4)
    decoded = pipe.vae.decode(theirs / pipe.vae.config.scaling_factor).sample.detach()
    picture = ((decoded[0] + 1) * 127.5).clamp(0, 255).movedim(0, -1).numpy()
    assert np.abs(ours.image - picture).max() < 1
