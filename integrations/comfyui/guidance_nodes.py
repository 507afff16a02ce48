"""Nodes for guidance and solvers: True Noise Removal, and this project's solvers in ComfyUI's custom sampling."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor

from base.errors import InputError
from base.step_schedule import parse_scheduled
from diffusion.denoisers.guidance import GUIDANCE, branches_of, with_guidance
from diffusion.sampling.schedules import Timeline
from diffusion.sampling.solvers import SAMPLERS
from diffusion.sampling.solvers.options import solver_options
from diffusion.settings import DreamSettings

from .border import Ask, make_guider, make_sampler
from .mixing_run import After
from .widgets import dream_settings, setting, settings_of, socket, text

# CFG++ also changes the noise that a step keeps, which a GUIDER can't tell ComfyUI's samplers.
RULES = tuple(name for name in GUIDANCE if name != "cfg++")
NUMBERS = ("guidance_start", "guidance_end", "norm_rescale", "naive_rescale", "threshold_scale", "threshold_percentile")


class TNRGuider:
    """True Noise Removal for ComfyUI's custom sampling."""

    CATEGORY, FUNCTION = "Rayverie/guidance", "make"
    DESCRIPTION = "Guidance that knows the noise the run started from: True Noise Removal and its relatives, for SamplerCustomAdvanced."
    RETURN_TYPES, RETURN_NAMES = ("GUIDER",), ("guider",)

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:
        known = "\n".join(f"{name}: {GUIDANCE[name].help}" for name in RULES)
        return {
            "required": {
                "model": socket("MODEL", "The model."),
                "positive": socket("CONDITIONING", "What the picture shows."),
                "guidance": (list(RULES), {"default": "tnr", "tooltip": known}),
                "scale": setting("scale"),
                **settings_of(NUMBERS, guidance_start={"default": 0.0}),
            },
            "optional": {
                "negative": socket(
                    "CONDITIONING", "What the picture should not show. Rules with one prediction don't need it."
                ),
                "empty": socket("CONDITIONING", "The empty prompt, for tnr_three."),
                "scale_over_steps": text(
                    "",
                    "A schedule for the scale, such as 0:7, 0.5:3, 1:1 (place in the run: value), in place of the number.",
                ),
            },
        }

    def make(
        self,
        model: Any,
        positive: Any,
        guidance: str,
        scale: float,
        negative: Any = None,
        empty: Any = None,
        scale_over_steps: str = "",
        **numbers: Any,
    ) -> tuple[Any]:
        settings = dream_settings("TNR Guider", guidance=guidance, scale=_scale(scale, scale_over_steps), **numbers)
        given = {"positive": positive, "negative": negative, "empty": empty}
        for name in dict.fromkeys(branches_of(settings)):
            if given[name] is None:
                raise InputError(name, "", f"is not connected; the guidance {guidance} needs it")
        conditions = {name: condition for name, condition in given.items() if condition is not None}
        return (make_guider(model, conditions, partial(_start, settings)),)


class SolverSelect:
    """A solver of this project for ComfyUI's custom sampling."""

    CATEGORY, FUNCTION = "Rayverie/guidance", "make"
    DESCRIPTION = (
        "One of Rayverie's solvers, such as midpoint, rk4 or restart, for SamplerCustom and SamplerCustomAdvanced."
    )
    RETURN_TYPES, RETURN_NAMES = ("SAMPLER",), ("sampler",)

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:
        return {"required": settings_of(("sampler", "noise", "eta", "seed"))}

    def make(self, sampler: str, noise: str, eta: float, seed: int) -> tuple[Any]:
        settings = dream_settings("Solver", sampler=sampler, noise=noise, eta=eta, seed=seed)

        def solve(denoise: Any, x: Tensor, sigmas: tuple[float, ...], noise: Tensor, after: After) -> Tensor:
            options = solver_options(settings, noise, Timeline(sigmas))
            levels = torch.tensor(sigmas, dtype=torch.float64)

            def callback(step: int, sigma: float, x: Tensor, prediction: Any) -> None:
                after(step, sigma, x, prediction.denoised)

            return SAMPLERS[sampler](denoise, x, levels, callback=callback, **options)

        return (make_sampler(solve),)


def _start(
    settings: DreamSettings, ask: Ask, noise: Tensor, latents: Tensor, sigmas: tuple[float, ...]
) -> Callable[[Tensor, float], Tensor]:
    """The guided denoiser of one run; see `make_guider`. Raises InputError for rules that need noise and have none."""
    if settings.guidance.startswith("tnr") and not bool(noise.any()):
        raise InputError(
            "noise",
            "",
            "is empty: True Noise Removal needs the noise that the run starts from; connect RandomNoise or View's noise",
        )

    def branches_at(x: Tensor, sigma: float, names: tuple[str, ...]) -> dict[str, Tensor]:
        return ask(names)

    guided = with_guidance(branches_at, settings, Timeline(sigmas), noise, latents)
    return lambda x, sigma: guided(x, sigma).denoised


def _scale(scale: float, over_steps: str) -> Any:
    if not over_steps.strip():
        return scale
    try:
        return parse_scheduled(over_steps)
    except ValueError as error:
        raise InputError("scale_over_steps", "", str(error)) from None
