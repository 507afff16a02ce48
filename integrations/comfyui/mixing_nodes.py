"""Nodes for iterative mixing: runs that the noised sequence of a picture guides."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from torch import Tensor

from base.errors import InputError
from diffusion.settings import DreamSettings, MixingSettings

from .border import (
    convention_of_model,
    latents_in,
    latents_out,
    make_cfg_guider,
    make_sampler,
    run_guider,
    sigmas_of,
)
from .mixing_run import After, NoisedSequence, mix_through
from .unsampling_nodes import Latent, scheduler_input
from .widgets import Input, dream_settings, number, setting, settings_of, socket, switch, whole

OTHERS = ("dilate", "anagram_image")  # of MixingSettings, for canvases that no node makes
CURVE = {"mix_alpha": {"default": 1.0}, "mix_form": {"default": "cosine"}}
ADVANCED = {"mix": {"default": 1.0}, **CURVE}
NOISE = "Noise of further passes: that of the batch's first latent, or fresh."


class IterativeMixingKSampler:
    """A run guided by a batch."""

    CATEGORY, FUNCTION = "Rayverie/mixing", "sample"
    DESCRIPTION = "Denoise while the noised sequence of a picture is mixed in at each step, ever less (DemoFusion, arXiv 2311.16973)."
    RETURN_TYPES, RETURN_NAMES = ("LATENT",), ("latent",)

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:
        before, after = _inputs()
        return {
            "required": {
                **before,
                "steps": whole(20, 1, 200, "Number of steps: one less than the batch has latents."),
                **after,
                "alpha_1": setting(
                    "mix_alpha", default=1.0, tooltip="Exponent or steepness of the curve; linear has none."
                ),
                "reverse_input_batch": _reverse(),
                "blending_schedule": setting("mix_form", default="cosine"),
            }
        }

    def sample(
        self,
        model: Any,
        positive: Any,
        negative: Any,
        latent_image_batch: Latent,
        seed: int,
        steps: int,
        cfg: float,
        sampler_name: str,
        scheduler: str,
        denoise: float,
        alpha_1: float,
        reverse_input_batch: bool,
        blending_schedule: str,
    ) -> tuple[Latent]:
        settings = dream_settings(
            "Iterative Mixing KSampler",
            seed=seed,
            sampler=sampler_name,
            mix=1.0,
            mix_form=blending_schedule,
            mix_alpha=alpha_1,
        )
        sigmas = sigmas_of(model, scheduler, steps)
        guider = make_cfg_guider(model, positive, negative, cfg)
        return (_run(model, guider, latent_image_batch, reverse_input_batch, sigmas, denoise, settings),)


class IterativeMixingKSamplerAdvanced:
    """Iterative mixing with all settings."""

    CATEGORY, FUNCTION = "Rayverie/mixing", "sample"
    DESCRIPTION = "Iterative Mixing KSampler with all settings: start and end of the curve, blending, Perlin noise, further passes."
    RETURN_TYPES, RETURN_NAMES = ("LATENT",), ("latent",)

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:
        before, after = _inputs()
        names = [field.name for field in fields(MixingSettings) if field.name not in OTHERS]
        return {
            "required": {
                **before,
                **after,
                "reverse_input_batch": _reverse(),
                **settings_of(("noise", "eta")),
                **settings_of(names, **ADVANCED, mix_noise={"tooltip": NOISE}),
            },
            "optional": {"sigmas": socket("SIGMAS", "The batch's noise levels, in place of the scheduler's.")},
        }

    def sample(
        self,
        model: Any,
        positive: Any,
        negative: Any,
        latent_image_batch: Latent,
        seed: int,
        cfg: float,
        sampler_name: str,
        scheduler: str,
        denoise: float,
        reverse_input_batch: bool,
        sigmas: Tensor | None = None,
        **settings: Any,
    ) -> tuple[Latent]:
        made = dream_settings("Iterative Mixing KSampler Advanced", seed=seed, sampler=sampler_name, **settings)
        steps = len(latent_image_batch["samples"]) - 1
        if steps < 1:
            raise InputError("latent_image_batch", "", "holds 1 latent; it needs at least 2: connect a Batch Unsampler")
        levels = sigmas_of(model, scheduler, steps) if sigmas is None else sigmas
        guider = make_cfg_guider(model, positive, negative, cfg)
        return (_run(model, guider, latent_image_batch, reverse_input_batch, levels, denoise, made),)


def _run(
    model: Any, guider: Any, batch: Latent, reverse: bool, sigmas: Tensor, share: float, settings: DreamSettings
) -> Latent:
    """The LATENT of a run with a guider. share: of the steps that are taken, the last ones."""
    convention = convention_of_model(model)
    levels = convention.levels(sigmas)
    samples = latents_in(model, batch["samples"])
    samples = samples.flip(0) if reverse else samples
    NoisedSequence(samples, levels)  # refuses a batch of another length
    sequence = NoisedSequence(samples / convention.signals(levels), levels)
    steps = len(levels) - 1
    first = steps - max(1, round(share * steps))

    def solve(denoise: Any, x: Tensor, sigmas: tuple[float, ...], noise: Tensor, after: After) -> Tensor:
        there = NoisedSequence(sequence.levels.to(x), levels)
        return mix_through(denoise, there, settings, first, after)

    picture = {**batch, "samples": latents_out(model, sequence.picture)}
    noise = sequence.noise(0)
    made = run_guider(guider, noise, picture, make_sampler(solve), sigmas[first:], settings.seed)
    return {**picture, "samples": made}


def _inputs() -> tuple[dict[str, Input], dict[str, Input]]:
    """Inputs that both samplers have, before and after the number of steps."""
    before = {
        "model": socket("MODEL", "The model."),
        "positive": socket("CONDITIONING", "What the picture shows."),
        "negative": socket("CONDITIONING", "What the picture should not show."),
        "latent_image_batch": socket("LATENT", "The batch of a Batch Unsampler with the same scheduler."),
        "seed": setting("seed", control_after_generate=True),
    }
    after = {
        "cfg": number(8.0, 0.0, 100.0, "How strongly the prompt is followed."),
        "sampler_name": setting("sampler"),
        "scheduler": scheduler_input(),
        "denoise": number(
            1.0, 0.01, 1.0, "Share of the steps to run: the last ones. The run starts at their first noise level."
        ),
    }
    return before, after


def _reverse() -> Input:
    return switch(
        False, "For batches that go from picture to noise; this pack's Batch Unsampler goes from noise to picture."
    )
