"""diffusers' own pipelines, set up to make the same pictures as this core."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from diffusers import DDIMScheduler

from diffusion.models.model import Model
from diffusion.settings import DreamSettings

SETTINGS = DreamSettings(steps=4, sampler="ddim", spacing="trailing", scale=3.0, guidance_start=0.0)
"""Settings of a dream that `run_pipeline` makes, too."""


def run_pipeline(pipe: Any, model: Model, noise: np.ndarray, prompt: str, **how: Any) -> torch.Tensor:
    """The latents [1,C,h,w] that a pipeline makes of a canvas' noise [C,h,w] with SETTINGS. how: its further arguments."""
    like_ours = {"timestep_spacing": "trailing", "steps_offset": 0, "set_alpha_to_one": True}
    pipe.scheduler = DDIMScheduler.from_config(pipe.scheduler.config, **like_ours)
    pipe.set_progress_bar_config(disable=True)
    # a pipeline starts with noise alone, this core with what that noise leaves of the mean picture, zero
    start = float(model.schedule.sigmas[-1])
    return pipe(
        prompt,
        latents=torch.from_numpy(noise)[None].to(pipe.dtype) * (start / (start**2 + 1) ** 0.5),
        num_inference_steps=SETTINGS.steps,
        guidance_scale=SETTINGS.scale,
        height=8 * noise.shape[1],
        width=8 * noise.shape[2],
        output_type="latent",
        **how,
    ).images
