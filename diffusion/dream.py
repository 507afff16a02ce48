"""A dream: from a canvas and its settings to latents and a picture. Everything else in this folder is a part of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

import numpy as np
import torch
from torch import Tensor

from diffusion.callbacks import StepEvent
from diffusion.canvas import Cancelled, Canvas, Dreamed, DreamSettings
from diffusion.colours import filled, known_cells
from diffusion.denoiser import Denoise, Prediction, predict
from diffusion.errors import ModelError
from diffusion.guidance import GUIDANCE, guided
from diffusion.memory import paste_back, remembering, start
from diffusion.model import Model, as_image
from diffusion.noise import NOISES
from diffusion.regions import Composition, parts_from
from diffusion.samplers import SAMPLERS
from diffusion.schedules import Timeline, spaced


@torch.inference_mode()
def dream(
    model: Model,
    canvas: Canvas,
    settings: DreamSettings,
    *,
    on_step: Callable[[StepEvent], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Dreamed:
    """Diffuse a canvas. Its sides are multiples of model.multiple; `cancelled` is asked before every model call.

    A canvas that keeps everything costs no U-Net call and comes back bit for bit.
    Raises Cancelled, ModelError (NaN or infinity, naming step and sigma), ValueError (a canvas that contradicts itself).
    """
    started = time.perf_counter()
    before = _Ledger(model)
    check(model, canvas)
    remembered = _memory(model, canvas, settings.memory)
    change = torch.from_numpy(np.ascontiguousarray(canvas.change)).float().to(model.device)
    if remembered is not None and not bool((change > 0).any()):
        latents = torch.from_numpy(canvas.memory if canvas.memory is not None else remembered[0].cpu().numpy())
        return before.dreamed(latents, model.decode(latents), 0.0, started)
    run = _Run(model, canvas, settings, change, remembered, on_step, cancelled)
    result = run.sample()
    if canvas.memory is not None:
        own = torch.from_numpy(canvas.memory)[None].to(model.device)
        result, run.captured = (t if t is None else paste_back(t, own, change) for t in (result, run.captured))
    image = as_image(model.decode_tensor(result)[0])
    latents = (result if run.captured is None else run.captured)[0].float().cpu()
    return before.dreamed(latents, image, run.steps_taken, started)


def check(model: Model, canvas: Canvas) -> None:
    """Raise ValueError, with a sentence, when the parts of a canvas don't fit together or the model."""
    channels, height, width = canvas.noise.shape
    cell = model.multiple // 8
    if channels != model.channels:
        raise ValueError(f"the canvas has {channels} channels, the model {model.channels}")
    if height % cell or width % cell:
        raise ValueError(f"a canvas of {8 * width}×{8 * height} pixels; the model needs multiples of {model.multiple}")
    if not canvas.regions:
        raise ValueError("a canvas without regions")
    planes = [("change", canvas.change), ("depth", canvas.depth), *(("mask", r.mask) for r in canvas.regions)]
    for name, plane in planes:
        if plane is not None and plane.shape != (height, width):
            raise ValueError(f"{name} is {plane.shape}, the canvas {(height, width)}")
    if canvas.memory is not None and canvas.memory.shape != canvas.noise.shape:
        raise ValueError(f"memory is {canvas.memory.shape}, the canvas {canvas.noise.shape}")
    if canvas.colours is not None and canvas.colours.shape != (8 * height, 8 * width, 4):
        raise ValueError(f"colours are {canvas.colours.shape}, the canvas needs {(8 * height, 8 * width, 4)}")
    if canvas.memory is None and canvas.colours is None and bool((canvas.change < 1).any()):
        raise ValueError("the canvas keeps pixels (change below 1), but remembers none")


class _Ledger:
    """What the model had spent before a dream, to say what the dream has spent."""

    def __init__(self, model: Model) -> None:
        self._model, self._calls = model, model.calls
        self._seconds, self._text = dict(model.clock.seconds), model.text.seconds

    def dreamed(self, latents: Tensor, image: np.ndarray, steps: float, started: float) -> Dreamed:
        seconds = {part: spent - self._seconds[part] for part, spent in self._model.clock.seconds.items()}
        seconds |= {"text": self._model.text.seconds - self._text, "total": time.perf_counter() - started}
        return Dreamed(latents.numpy(), image, steps, self._model.calls - self._calls, seconds)


def _memory(model: Model, canvas: Canvas, source: str) -> Tensor | None:
    """[1,C,h,w] to steer by: stored latents, encoded colours, or both: latents where they are kept, colours where they may change."""
    stored = None if canvas.memory is None else torch.from_numpy(canvas.memory)[None].float().to(model.device)
    if canvas.colours is None or (source == "latents" and stored is not None):
        return stored
    cells = known_cells(canvas.colours)
    if source == "both":
        cells = cells & (canvas.change > 0) & (canvas.change < 1)
    if stored is not None and not cells.any():
        return stored
    encoded = model.encode(filled(canvas.colours))[None].to(model.device)
    return encoded if stored is None else torch.where(torch.from_numpy(cells).to(model.device), encoded, stored)


class _Run:
    """One dream's tensors and what it has come to."""

    def __init__(
        self,
        model: Model,
        canvas: Canvas,
        settings: DreamSettings,
        change: Tensor,
        memory: Tensor | None,
        on_step: Callable[[StepEvent], None] | None,
        cancelled: Callable[[], bool] | None,
    ) -> None:
        self.model, self.settings, self.on_step, self.cancelled = model, settings, on_step, cancelled
        self.change, self.memory = change, memory
        self.noise = torch.from_numpy(canvas.noise)[None].float().to(model.device)
        sigmas = spaced(model.schedule, settings.spacing, settings.steps, settings.spacing_power)
        self.timeline = Timeline(tuple(sigmas.tolist()))
        self.sigmas = self.timeline.after(settings.strength if memory is not None else 1.0)
        self.skipped = self.timeline.steps - (len(self.sigmas) - 1)
        self.captured: Tensor | None = None
        self.steps_taken = float(self.timeline.steps)
        self._branches: Mapping[str, Tensor] = {}
        self._regions: list = []
        self._first_call = model.calls
        self.composition = self._composition(canvas)

    def _composition(self, canvas: Canvas) -> Composition:
        parts = parts_from(canvas.regions, self.settings.softness, self.model.device)
        rule = GUIDANCE[self.settings.guidance]
        names = dict.fromkeys((*rule.branches, *rule.first))
        prompts = list(dict.fromkeys(part.texts[name] for part in parts for name in names))
        height, width = canvas.noise.shape[1:]
        return Composition(
            evaluate=self._evaluate,
            parts=parts,
            contexts=dict(zip(prompts, self.model.context(prompts), strict=True)),
            depth=self.model.depth_channel(canvas.depth, height, width),
            noise=self.noise,
            timeline=self.timeline,
            settings=self.settings,
            multiple=self.model.multiple // 8,
            backgrounds=self.model.colour_latents if self.settings.bootstrap > 0 and len(parts) > 1 else None,
            seen=self._saw_region if self.on_step is not None else None,
        )

    def _evaluate(
        self, x: Tensor, sigma: float, context: Tensor, depth: Tensor | None, regions: Mapping | None
    ) -> Tensor:
        if self.cancelled is not None and self.cancelled():
            raise Cancelled
        return self.model.denoise(x, sigma, context, depth, regions)

    def _saw_region(self, job, answer: Tensor) -> None:
        if job.branch == "positive":
            self._regions.append((job.prompt, answer, (job.box.top, job.box.left)))

    def _saw_branches(self, branches: Mapping[str, Tensor]) -> None:
        self._branches = branches

    def denoiser(self) -> Denoise:
        """Regions → guidance → memory, with every answer checked."""
        origin = torch.zeros_like(self.noise) if self.memory is None else self.memory
        denoise: Denoise = guided(
            self.composition.branches, self.settings, self.timeline, self.noise, origin, self._saw_branches
        )
        denoise = self._checked(denoise)
        if self.memory is not None and bool((self.change < 1).any()):
            denoise = remembering(denoise, self.memory, self.change, self.timeline, self.settings.change_form)
        return denoise

    def _checked(self, denoise: Denoise) -> Denoise:
        def checked(x: Tensor, sigma: float) -> Prediction:
            self._regions.clear()
            prediction = predict(denoise, x, sigma)
            if not bool(torch.isfinite(prediction.denoised).all()):
                step = self.timeline.step(sigma)
                raise ModelError(
                    f"the model answered with NaN or infinity at step {step + 1} of {self.timeline.steps} (sigma {sigma:.4g})"
                )
            return prediction

        return checked

    def _on_step(self, step: int, sigma: float, x: Tensor, prediction: Prediction) -> None:
        done = self.skipped + step
        if done + 1 == self.settings.capture:
            self.captured, self.steps_taken = prediction.denoised, float(self.settings.capture)
        if self.on_step is not None:
            self.on_step(
                StepEvent(
                    step=done,
                    steps=self.timeline.steps,
                    sigma=sigma,
                    x=x,
                    denoised=prediction.denoised,
                    branches=self._branches,
                    regions=tuple(self._regions),
                    calls=self.model.calls - self._first_call,
                )
            )

    def sample(self) -> Tensor:
        """x0 [1,C,h,w]."""
        sampler = SAMPLERS[self.settings.sampler]
        options = {name: getattr(self.settings, name) for name in sampler.options}
        if sampler.stochastic:
            lowest, highest = self.timeline.sigmas[-2], self.timeline.sigmas[0]
            options["generator"] = NOISES[self.settings.noise](self.noise, self.settings.seed, lowest, highest * 1.001)
        x = start(self.noise, self.sigmas[0], self.memory, self.change, self.timeline)
        sigmas = torch.tensor(self.sigmas, dtype=torch.float64)
        return sampler(self.denoiser(), x, sigmas, callback=self._on_step, **options)
