"""A node for the noised sequence of a picture."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from base.errors import InputError
from diffusion.sampling.noise import start_noise
from diffusion.sampling.unsampling import make_noised_sequence

from .border import convention_of_model, latents_in, latents_out, scheduler_names, sigmas_of
from .widgets import Input, choice, setting, socket, whole

LAST = 10_000  # a step that no run has, as in ComfyUI
Latent = dict[str, Any]


class BatchUnsampler:
    """The noised sequence of a picture."""

    CATEGORY, FUNCTION = "Rayverie/mixing", "unsample"
    DESCRIPTION = (
        "Noise a latent to every level of a run, from noise to picture: the batch that guides Iterative Mixing."
    )
    RETURN_TYPES, RETURN_NAMES = ("LATENT", "SIGMAS"), ("latent_image_batch", "sigmas")
    OUTPUT_TOOLTIPS = ("One latent for each level, the noisiest first.", "The levels.")

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:
        return {
            "required": {
                "model": socket("MODEL", "The model that defines the noise levels."),
                "latent_image": socket("LATENT", "The latent of the picture."),
                "seed": setting("seed", control_after_generate=True),
                "steps": whole(20, 1, 200, "Number of steps of the run. The batch has one more latent."),
                "scheduler": scheduler_input(),
                "start_at_step": whole(0, 0, LAST, "Levels before this step are left out."),
                "end_at_step": whole(LAST, 0, LAST, "Levels after this step are left out."),
                "mix_noise": setting(
                    "mix_noise", tooltip="One noise at all levels, or fresh noise at each, which leads to grain."
                ),
            }
        }

    def unsample(
        self,
        model: Any,
        latent_image: Latent,
        seed: int,
        steps: int,
        scheduler: str,
        start_at_step: int,
        end_at_step: int,
        mix_noise: str,
    ) -> tuple[Latent, Tensor]:
        samples = latent_image["samples"]
        if len(samples) != 1:
            raise InputError("latent_image", "", f"is a batch of {len(samples)}; the sequence is that of one picture")
        sigmas = sigmas_of(model, scheduler, steps)[start_at_step : end_at_step + 1]
        if len(sigmas) == 0:
            raise InputError("start_at_step", "", f"is {start_at_step}; it must be before end_at_step, at most {steps}")
        latents = latents_in(model, samples)[0]
        convention = convention_of_model(model)
        levels = convention.levels(sigmas)
        channels, height, width = latents.shape
        noise = torch.from_numpy(start_noise(channels, height, width, seed))
        sequence = make_noised_sequence(latents, noise, torch.tensor(levels), seed if mix_noise == "fresh" else None)
        mask = {key: latent_image[key] for key in ("noise_mask",) if key in latent_image}
        return {"samples": latents_out(model, sequence * convention.signals(levels)), **mask}, sigmas


def scheduler_input() -> Input:
    """ComfyUI's schedulers."""
    return choice(scheduler_names(), "normal", "How the steps are spaced: ComfyUI's schedulers.")
