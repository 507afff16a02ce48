"""Repeat the model call of one step of a dream, with hooks that record or change the network."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from base.step_schedule import settings_at
from diffusion.canvas import Canvas
from diffusion.denoisers.few_step import effective_settings, uses_few_step
from diffusion.dream import make_unguided_denoiser
from diffusion.dream_run import timeline_of
from diffusion.models.model import Model
from diffusion.sampling.denoiser import Denoise, predict
from diffusion.settings import DreamSettings


@dataclass(frozen=True, eq=False)
class RepeatedCall:
    """network: the one that the dream used; few_step: whether that is the few-step network; x: [1,C,h,w]; sigma: its noise level;
    settings: the dream's, evaluated at that step."""

    network: Any
    few_step: bool
    denoise: Denoise
    x: Tensor
    sigma: float
    settings: DreamSettings

    @classmethod
    def of(cls, model: Model, canvas: Canvas, settings: DreamSettings, x: np.ndarray, sigma: float) -> RepeatedCall:
        """x: float32 [C,h,w], the latents at the start of the step (`StepEvent.start_latents`)."""
        network = model.few_steps, canvas.guide is not None
        few_step = uses_few_step(settings, *network)
        timeline = timeline_of(model, effective_settings(settings, *network))
        settings = settings_at(settings, timeline.place(sigma))
        denoise = make_unguided_denoiser(model, canvas, settings)
        start = torch.from_numpy(x)[None].to(model.device)
        return cls(model.network(few_step), few_step, denoise, start, sigma, settings)

    def predict(self) -> Tensor:
        """The predicted x0 [C,h,w]. A compiled network runs uncompiled, as compiled code doesn't call hooks."""
        compiled = self.network._compiled_call_impl is not None
        with torch.compiler.set_stance("force_eager") if compiled else nullcontext():
            return predict(self.denoise, self.x, self.sigma).denoised[0]
