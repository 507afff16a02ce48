"""Records a dream for a lesson: its steps as pictures and latents, and what the network did at each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import torch

from diffusion.canvas import Canvas, Dreamed
from diffusion.denoisers.few_step import effective_settings
from diffusion.dream import decode_prediction, dream
from diffusion.introspection.ablation import Ablation, ablate
from diffusion.introspection.classifier import load_embedded_reader
from diffusion.introspection.concepts import Concepts, read_concepts
from diffusion.introspection.emergence import Emergence, measure_emergence
from diffusion.introspection.unet_probe import UnetProbe, probe_unet
from diffusion.lessons.trace import Trace
from diffusion.models.model import Model
from diffusion.sampling.callbacks import StepEvent
from diffusion.text2image.generate import make_canvas, refuse
from diffusion.text2image.recipe import GenerateSettings


@dataclass(frozen=True, eq=False)
class RecordedStep:
    """sigma: at its start; timestep: of the model's schedule; start, denoised: float32 [C,h,w], what it starts from and predicts;
    noisy: uint8 [h,w,3], a sketch of the start; picture: uint8 [H,W,3], the prediction decoded; guidance, change: as in `Trace`."""

    sigma: float
    timestep: float
    start: np.ndarray
    denoised: np.ndarray
    noisy: np.ndarray
    picture: np.ndarray
    guidance: float
    change: float
    probe: UnetProbe
    ablation: tuple[Ablation, ...]


@dataclass(frozen=True, eq=False)
class Recording:
    """One dream. image: uint8 [H,W,3], what it came to."""

    settings: GenerateSettings
    steps: tuple[RecordedStep, ...]
    image: np.ndarray
    emergence: tuple[Emergence, ...]
    concepts: tuple[Concepts, ...]
    noise: np.ndarray
    end: np.ndarray

    def trace(self, place: float) -> Trace:
        """What is known for the checks; place: of the step whose network is shown, as a share of the run."""
        step = round(place * (len(self.steps) - 1))
        return Trace(
            sigmas=tuple(one.sigma for one in self.steps),
            guidance=tuple(one.guidance for one in self.steps),
            change=tuple(one.change for one in self.steps),
            start=self.noise,
            end=self.end,
            emergence=self.emergence,
            concepts=self.concepts,
            probe=self.steps[step].probe,
            ablation=self.steps[step].ablation,
            step=step,
        )


def record_lesson(
    model: Model, settings: GenerateSettings, advance: Callable[[int, int], None] = lambda done, total: None
) -> Recording:
    """Dream one picture and record each of its steps.

    advance: called with how much is done, of how much. Raises InputError as `generate` does.
    """
    refuse(settings)
    canvas, _, _ = make_canvas(model, settings)
    events: list[tuple[StepEvent, np.ndarray]] = []
    total = 2 * settings.dream.steps

    def on_step(event: StepEvent) -> None:
        events.append((event, event.start_latents))
        advance(len(events), total)

    dreamed = dream(model, canvas, settings.dream, on_step=on_step)
    steps = []
    for step in _inspect_steps(model, canvas, settings, events):
        steps.append(step)
        advance(len(events) + len(steps), total)
    return _measure(model, canvas, settings, steps, dreamed)


def _inspect_steps(
    model: Model, canvas: Canvas, settings: GenerateSettings, events: list[tuple[StepEvent, np.ndarray]]
) -> Iterator[RecordedStep]:
    chosen = effective_settings(settings.dream, model.few_steps, canvas.guide is not None)
    before = None
    for event, start in events:
        denoised = event.denoised_latents
        yield RecordedStep(
            sigma=float(event.sigma),
            timestep=model.schedule.timestep(float(event.sigma)),
            start=start,
            denoised=denoised,
            noisy=model.sketch(event.x[0] / (1 + float(event.sigma) ** 2) ** 0.5),
            picture=decode_prediction(model, canvas, event.denoised),
            guidance=event.guidance,
            change=0.0 if before is None else float(np.abs(denoised - before).mean()),
            probe=probe_unet(model, canvas, chosen, start, float(event.sigma)),
            ablation=ablate(model, canvas, chosen, start, float(event.sigma)),
        )
        before = denoised


def _measure(
    model: Model, canvas: Canvas, settings: GenerateSettings, steps: list[RecordedStep], dreamed: Dreamed
) -> Recording:
    sketches = [model.sketch(torch.from_numpy(step.denoised)) for step in steps]
    width, height = settings.size
    cropped = (replace(step, picture=step.picture[:height, :width]) for step in steps)
    return Recording(
        settings=settings,
        steps=tuple(cropped),
        image=dreamed.image[:height, :width],
        emergence=measure_emergence(sketches, canvas.regions, canvas.change),
        concepts=read_concepts(load_embedded_reader(), (step.picture for step in steps), canvas.regions, canvas.change),
        noise=canvas.noise,
        end=dreamed.latents,
    )
