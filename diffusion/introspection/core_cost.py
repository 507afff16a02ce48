"""The cost of the diffusion core: compared with diffusers' own pipeline in one process, and the time spent outside the U-Net."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from diffusers import (
    AutoencoderKL,
    DDIMScheduler,
    StableDiffusionPipeline,
    StableDiffusionXLPipeline,
    UNet2DConditionModel,
)
from diffusers.models.attention_processor import AttnProcessor2_0

from base.grid import CELL
from diffusion.canvas import Canvas, Region
from diffusion.denoisers.guidance import with_guidance
from diffusion.denoisers.regions import RegionComposer, prepare_regions
from diffusion.dream import dream
from diffusion.models.attention import RegionalProcessor
from diffusion.models.model import Model
from diffusion.models.sdxl_conditioning import token_rows
from diffusion.sampling.noise import start_noise
from diffusion.sampling.schedules import Timeline
from diffusion.sampling.solvers import SAMPLERS
from diffusion.settings import DreamSettings


def median_seconds(*runs: Callable[[], object], times: int) -> list[float]:
    """The median seconds of `times` runs of each function. They run in turns, so that other load affects all equally; one extra
    turn warms up."""
    spans: list[list[float]] = [[] for _ in runs]
    for turn in range(times + 1):
        for run, spent in zip(runs, spans, strict=True):
            started = time.perf_counter()
            run()
            if turn:
                spent.append(time.perf_counter() - started)
    return [float(np.median(spent)) for spent in spans]


def bookkeeping_ms(sampler: str = "euler", size: int = 64, channels: int = 4, steps: int = 20, times: int = 5) -> float:
    """Milliseconds per step outside the U-Net, for a size×size latent with one region and CFG, measured with a model that returns
    its input."""
    model_schedule = log_spaced_sigmas(steps)
    settings = DreamSettings(steps=steps)
    noise = torch.from_numpy(start_noise(channels, size, size, 0))[None]
    parts = prepare_regions((Region("stone", np.ones((size, size), np.float32)),), 0.0, noise.device)
    contexts = {"stone": torch.zeros(1, 1, 1), "": torch.zeros(1, 1, 1)}
    timeline = Timeline(tuple(model_schedule.tolist()))
    composition = RegionComposer(lambda x, *_: x, parts, contexts, None, noise, timeline, settings)

    @torch.inference_mode()
    def run() -> None:
        denoise = with_guidance(composition.branches, settings, timeline, noise, noise)
        SAMPLERS[sampler](denoise, noise * timeline.sigmas[0], model_schedule, generator=torch.Generator())

    return 1000 * median_seconds(run, times=times)[0] / steps


def log_spaced_sigmas(steps: int) -> torch.Tensor:
    """float64 [steps + 1]: sigmas from 14.6 to 0.03, evenly spaced in log sigma, then 0."""
    return torch.cat([torch.linspace(np.log(14.6), np.log(0.03), steps, dtype=torch.float64).exp(), torch.zeros(1)])


def compare_with_pipeline(model: Model, steps: int = 8, times: int = 3) -> dict[str, float]:
    """Seconds of diffusers' own pipeline and of `dream` for one picture at the model's native size, and their ratio.

    Both use the same weights, steps, size, DDIM, CFG and encoded prompts. The pipeline has no depth input: for a model that takes
    depth, both run the same U-Net without that channel and with random weights.
    """
    plain = without_depth(model)
    side = plain.native // CELL
    canvas = Canvas(
        (Region("stone", np.ones((side, side), np.float32)),),
        start_noise(plain.channels, side, side, 0),
        np.ones((side, side), np.float32),
    )
    positive, negative = plain.context(["stone", ""])
    pooled = plain.text.pooled
    fixed = {
        f"{sign}{name}": value
        for sign, context in (("", positive), ("negative_", negative))
        for name, value in (
            ("prompt_embeds", token_rows(context, pooled)),
            ("pooled_prompt_embeds", context[:, -1, :pooled]),
        )
        if pooled or name == "prompt_embeds"
    }
    pipe = _pipeline(plain)
    noise = torch.from_numpy(canvas.noise)[None].to(plain.device, plain.dtype)
    settings = DreamSettings(steps=steps, sampler="ddim", scale=3.0, guidance_start=0.0, few_step=False)

    def theirs() -> None:
        pipe(
            **fixed,
            latents=noise,
            num_inference_steps=steps,
            guidance_scale=3.0,
            height=plain.native,
            width=plain.native,
        )

    pipeline, ours = median_seconds(theirs, lambda: dream(plain, canvas, settings), times=times)
    return {"pipeline_s": round(pipeline, 3), "dream_s": round(ours, 3), "ratio": round(ours / pipeline, 3)}


def _pipeline(model: Model) -> Any:
    """diffusers' own pipeline with copies of a model's networks, as diffusers would load them, without text encoders."""
    unet, vae = (copy.deepcopy(part).to(memory_format=torch.contiguous_format) for part in (model.unet, model.vae))
    unet.set_attn_processor(AttnProcessor2_0())
    scheduler = DDIMScheduler(
        timestep_spacing="trailing",
        clip_sample=False,
        steps_offset=1,
        prediction_type=model.prediction,  # pyright: ignore[reportArgumentType]
    )
    parts: dict[str, Any] = {"unet": unet, "vae": vae, "scheduler": scheduler, "text_encoder": None, "tokenizer": None}
    if model.text.pooled:
        pipe = StableDiffusionXLPipeline(**parts, text_encoder_2=None, tokenizer_2=None, add_watermarker=False)  # pyright: ignore[reportArgumentType]
    else:
        parts |= {"safety_checker": None, "feature_extractor": None}
        pipe = StableDiffusionPipeline(**parts, requires_safety_checker=False)
    pipe.set_progress_bar_config(disable=True)
    return pipe


def without_depth(model: Model) -> Model:
    """The model itself, or, if it takes depth, a copy without a depth channel and with random weights from a fixed seed."""
    if model.depth is None and isinstance(model.vae, AutoencoderKL):
        return model
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        unet = UNet2DConditionModel.from_config({**model.unet.config, "in_channels": model.channels})
    unet = unet.to(model.device, model.dtype, memory_format=torch.channels_last).eval().requires_grad_(False)  # pyright: ignore[reportArgumentType, reportAttributeAccessIssue]
    unet.set_attn_processor(RegionalProcessor())
    return replace(model, unet=unet, depth=None)
