"""diffusers' own pipelines and this core make the same pictures of the same weights, noise, solver and prompts."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest
import torch
from diffusers import DDIMScheduler, StableDiffusionPipeline, StableDiffusionXLPipeline

from diffusion.dream import dream
from diffusion.loaders.loading import load_model
from diffusion.settings import DreamSettings

PIPELINES = {"sd1": StableDiffusionPipeline, "sd2": StableDiffusionPipeline, "xl": StableDiffusionXLPipeline}
SETTINGS = DreamSettings(steps=4, sampler="ddim", spacing="trailing", scale=3.0, guidance_start=0.0)
LIKE_OURS = {"timestep_spacing": "trailing", "steps_offset": 0, "set_alpha_to_one": True}


@pytest.mark.parametrize("prediction", ["epsilon", "v_prediction"])
@pytest.mark.parametrize("negative", ["", "zebra"])
@pytest.mark.parametrize("family", PIPELINES)
def test_a_whole_guided_run(request, tmp_path, canvas_of, family, prediction, negative) -> None:
    folder = shutil.copytree(request.getfixturevalue(f"{family}_folder"), tmp_path / family)
    config = folder / "scheduler" / "scheduler_config.json"
    config.write_text(json.dumps(json.loads(config.read_text()) | {"prediction_type": prediction}))
    model = load_model(folder, "cpu")
    pipe = PIPELINES[family].from_pretrained(folder, local_files_only=True)
    pipe.scheduler = DDIMScheduler.from_config(pipe.scheduler.config, **LIKE_OURS)
    pipe.set_progress_bar_config(disable=True)
    canvas = canvas_of(model, (8, 16))
    region = replace(canvas.regions[0], prompt="moss on it", negative_prompt=negative)
    ours = dream(model, replace(canvas, regions=(region,)), SETTINGS)
    # A pipeline starts with noise alone, this core with what that noise leaves of the mean picture, zero
    start = float(model.schedule.sigmas[-1])
    noise = torch.from_numpy(canvas.noise)[None] * (start / (start**2 + 1) ** 0.5)
    how = {"num_inference_steps": 4, "guidance_scale": 3.0, "height": 64, "width": 128, "output_type": "latent"}
    theirs = pipe("moss on it", negative_prompt=negative or None, latents=noise, **how).images
    assert np.allclose(ours.latents, theirs[0], atol=2e-5, rtol=2e-4)
    decoded = pipe.vae.decode(theirs / pipe.vae.config.scaling_factor).sample.detach()
    picture = ((decoded[0] + 1) * 127.5).clamp(0, 255).movedim(0, -1).numpy()
    assert np.abs(ours.image - picture).max() < 1
