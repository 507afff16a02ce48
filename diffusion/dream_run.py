"""One dream: its tensors, its stack of denoisers, and its runs of the solver."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import lru_cache, partial

import numpy as np
import torch
from torch import Tensor

from base.grid import CELL
from base.step_schedule import StepSchedule, value_at
from diffusion.canvas import Cancelled, Canvas, Guide, Region
from diffusion.denoisers.anagram import VIEWS, with_anagrams
from diffusion.denoisers.control import control_strength
from diffusion.denoisers.correction import with_correction
from diffusion.denoisers.differential import initial_x, with_memory
from diffusion.denoisers.dilation import take_lattice, with_dilation
from diffusion.denoisers.few_step import run_part
from diffusion.denoisers.guidance import branches_of, with_guidance
from diffusion.denoisers.passes import passes_of
from diffusion.denoisers.region_batching import PredictionJob
from diffusion.denoisers.regions import RegionComposer, prepare_regions
from diffusion.denoisers.skip_residual import make_mixer
from diffusion.denoisers.styles import add_style_tags, contexts_with_styles
from diffusion.errors import ModelError
from diffusion.models.model import Model
from diffusion.models.prompt_syntax import parse_weighted
from diffusion.sampling.callbacks import StepEvent
from diffusion.sampling.denoiser import Denoise, Prediction, predict
from diffusion.sampling.schedules import Timeline, make_sigmas
from diffusion.sampling.solvers import SAMPLERS
from diffusion.sampling.solvers.loop import Adjust
from diffusion.sampling.solvers.options import solver_options
from diffusion.settings import DreamSettings

COMPOSED = ("softness", "embedding_drop", "embedding_turn")
"""Settings that change regions or their contexts."""


def timeline_of(model: Model, settings: DreamSettings) -> Timeline:
    """The noise levels of a run."""
    part = settings.timestep_min, settings.timestep_max
    sigmas = make_sigmas(model.schedule, settings.spacing, settings.steps, settings.spacing_power, *part)
    return Timeline(tuple(sigmas.tolist()))


class DreamRun:
    """One dream. few_step: whether the few-step network runs; memory: [1,C,h,w], the latents that guide it, or None.

    After `sample`, `captured` holds the latents after the step `DreamSettings.capture` (None if that step didn't run), and
    `steps_taken` the number of steps behind the latents to store.
    """

    def __init__(
        self,
        model: Model,
        canvas: Canvas,
        settings: DreamSettings,
        few_step: bool,
        memory: Tensor | None,
        on_step: Callable[[StepEvent], None] | None,
        cancelled: Callable[[], bool] | None,
    ) -> None:
        self.model, self.canvas, self.settings, self.memory = model, canvas, settings, memory
        self.guide = canvas.guide or Guide()
        self.change = change = self._plane(canvas.change)
        self.few_step, self.on_step, self.cancelled = few_step, on_step, cancelled
        self.noise = torch.from_numpy(canvas.noise)[None].float().to(model.device)
        self.geometry = model.conditions(canvas)
        mask = self.guide.known_mask
        known = change < 1 if mask is None else torch.from_numpy(mask).to(model.device)
        self.known = known if memory is not None else torch.zeros_like(known)
        self.timeline = timeline_of(model, settings)
        self.captured: Tensor | None = None
        self.steps_taken = float(self.timeline.steps)
        self._branches: Mapping[str, Tensor] = {}
        self._regions: list[tuple[str, Tensor, tuple[int, int]]] = []
        self._first_call = model.calls

    def sample(self) -> Tensor:
        """x0 [1,C,h,w] after the run and its rewinds."""
        sampler, settings, timeline = SAMPLERS[self.settings.sampler], self.settings, self.timeline
        options = solver_options(settings, self.noise, timeline)
        result, around, known = self.noise, self.memory, self.known
        first, end = run_part(settings, self.memory is not None, timeline.steps)
        denoise = None
        for one in passes_of(self.noise, timeline, first, end, settings):
            if denoise is None or one.noise is not self.noise:  # what is built knows the noise of its pass
                self.noise = one.noise
                denoise = self.build_denoiser()
                options["adjust"] = self._mixer()
            x = initial_x(one.noise, float(one.sigmas[0]), around, known)
            on_step = partial(self._on_step, one.first_step)
            result = around = sampler(denoise, x, one.sigmas, callback=on_step, **options)
            known = torch.ones_like(known)
        return result

    def _mixer(self) -> Adjust | None:
        """What mixes the guide latents into the steps of a pass; None if nothing does."""
        if self.memory is None:
            return None
        ratio, weight = (self._plane(plane) for plane in (self.guide.upscale_ratio, self.guide.guide_weight))
        return make_mixer(self.memory, self.noise, self.known, self.timeline, self.settings, ratio, weight)

    def build_denoiser(self) -> Denoise:
        """Stack the denoisers: regions → guidance → dilation → anagrams → correction → guide latents; unused ones are left out."""
        denoise = self._build_guided(self.canvas.regions, lambda t: t, watched=True)
        stride = self.settings.dilate
        if stride > 1:
            lattices = [
                self._build_guided(self.canvas.regions, partial(take_lattice, stride=stride, offset=k))
                for k in range(stride**2)
            ]
            denoise = with_dilation(denoise, lattices, stride, self.timeline)
        if self.canvas.anagrams:
            whole = np.ones(self.canvas.change.shape, np.float32)
            others = [
                (VIEWS[a.view], self._build_guided((Region(a.prompt, whole, a.negative_prompt),), VIEWS[a.view].apply))
                for a in self.canvas.anagrams
            ]
            codec = self.model.encode_tensor, self.model.decode_tensor
            denoise = with_anagrams(denoise, others, self.timeline, self.settings.anagram_image, *codec)
        denoise = self._check_finite(with_correction(denoise, self.timeline, self.settings))
        if self.memory is not None and bool((self.change < 1).any()):
            denoise = with_memory(denoise, self.memory, self.change, self.timeline, self.settings.change_form)
        return denoise

    def compose_regions(
        self,
        regions: tuple[Region, ...],
        cut: Callable[[Tensor], Tensor],
        branches: tuple[str, ...],
        watched: bool = False,
    ) -> Callable[[float], RegionComposer]:
        """Sigma → a composer for the prompts of these regions and guidance branches; one for all where no schedule changes it.

        cut: maps the canvas to the part that is predicted (transformed, or a lattice); watched: whether step events include the
        prediction of each region.
        """
        compose = lru_cache(2)(partial(self._compose, regions, cut, branches, watched))  # a step, and where it ends
        changes = any(isinstance(getattr(self.settings, name), StepSchedule) for name in COMPOSED)
        return lambda sigma: compose(self.timeline.place(sigma) if changes else 0.0)

    def _compose(
        self,
        regions: tuple[Region, ...],
        cut: Callable[[Tensor], Tensor],
        branches: tuple[str, ...],
        watched: bool,
        place: float,
    ) -> RegionComposer:
        """The composer of `compose_regions` at a place in the run, 0..1."""
        softness = value_at(self.settings.softness, place)
        further = [parse_weighted(prompt)[0] for prompt in self.settings.further]
        parts = [
            replace(part, mask=cut(part.mask).contiguous())
            for part in prepare_regions(regions, softness, self.model.device, further)
        ]
        if self.model.style is not None:
            parts = [replace(part, texts=add_style_tags(part.texts, self.settings.style_picture)) for part in parts]
        prompts = list(dict.fromkeys(part.texts[name] for part in parts for name in branches))
        bootstrapped = self.settings.bootstrap > 0 and len(parts) > 1
        return RegionComposer(
            evaluate=self._evaluate,
            parts=tuple(parts),
            contexts=contexts_with_styles(self.model, prompts, self.settings, place),
            geometry=None if self.geometry is None else cut(self.geometry),
            noise=cut(self.noise),
            timeline=self.timeline,
            settings=self.settings,
            multiple=self.model.multiple // CELL,
            backgrounds=self.model.colour_latents if bootstrapped else None,
            on_answer=self._note_region if watched and self.on_step is not None else None,
        )

    def _build_guided(
        self, regions: tuple[Region, ...], cut: Callable[[Tensor], Tensor], watched: bool = False
    ) -> Denoise:
        """The guided denoiser of these regions. cut, watched: see `compose_regions`."""
        composer = self.compose_regions(regions, cut, branches_of(self.settings), watched)
        origin = torch.zeros_like(self.noise) if self.memory is None else torch.where(self.known, self.memory, 0.0)
        watch = self._note_branches if watched else None

        def branches_at(x: Tensor, sigma: float, names: tuple[str, ...]) -> dict[str, Tensor]:
            return composer(sigma).branches(x, sigma, names)

        return with_guidance(branches_at, self.settings, self.timeline, cut(self.noise), cut(origin), watch)

    def _evaluate(
        self, x: Tensor, sigma: float, context: Tensor, geometry: Tensor | None, regions: Mapping | None
    ) -> Tensor:
        if self.cancelled is not None and self.cancelled():
            raise Cancelled
        control = control_strength(self.settings, self.timeline, sigma)
        styled = value_at(self.settings.style_strength, self.timeline.place(sigma))
        how = {"few_step": self.few_step, "control": control, "styled": styled}
        return self.model.denoise(x, sigma, context, geometry, regions, **how)

    def _check_finite(self, denoise: Denoise) -> Denoise:
        """Wrap a denoiser so that it raises ModelError if its prediction isn't finite."""

        def checked(x: Tensor, sigma: float) -> Prediction:
            self._regions.clear()
            prediction = predict(denoise, x, sigma)
            if not bool(torch.isfinite(prediction.denoised).all()):
                step, steps = self.timeline.step_index(sigma) + 1, self.timeline.steps
                raise ModelError(
                    f"the model answered with NaN or infinity at step {step} of {steps} (sigma {sigma:.4g})"
                )
            return prediction

        return checked

    def _plane(self, plane: np.ndarray | None) -> Tensor:
        """float32 [h,w] on the device; ones for None."""
        plane = np.ones(self.canvas.change.shape, np.float32) if plane is None else plane
        return torch.from_numpy(np.ascontiguousarray(plane)).float().to(self.model.device)

    def _note_region(self, job: PredictionJob, answer: Tensor) -> None:
        if job.branch == "positive":
            self._regions.append((job.prompt, answer, (job.box.top, job.box.left)))

    def _note_branches(self, branches: Mapping[str, Tensor]) -> None:
        self._branches = branches

    def _on_step(self, first: int, step: int, sigma: float, x: Tensor, prediction: Prediction) -> None:
        done = first + step
        if done + 1 == self.settings.capture:
            self.captured, self.steps_taken = prediction.denoised, float(self.settings.capture)
        if self.on_step is not None:
            event = StepEvent(
                step=done,
                steps=self.timeline.steps,
                sigma=sigma,
                x=x,
                denoised=prediction.denoised,
                branches=self._branches,
                regions=tuple(self._regions),
                calls=self.model.calls - self._first_call,
            )
            self.on_step(event)
