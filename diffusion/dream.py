"""A dream: from a canvas and its settings to latents and a picture. Everything else in this folder is a part of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

import numpy as np
import torch
from torch import Tensor

from base.grid import CELL
from diffusion.canvas import Cancelled, Canvas, Dreamed, DreamSettings, Region
from diffusion.canvas_check import check
from diffusion.compositing.blend_seams import joined
from diffusion.compositing.decode_per_region import decoded_apart
from diffusion.compositing.extend_occluded import unhidden
from diffusion.compositing.remove_sky_halos import cleared
from diffusion.compositing.stored_colours import recall
from diffusion.compositing.suppress_colour_bleed import owned
from diffusion.denoisers.anagram import VIEWS, anagram
from diffusion.denoisers.correction import correcting
from diffusion.denoisers.differential import paste_back, remembering, start
from diffusion.denoisers.dilation import dilated, lattice
from diffusion.denoisers.few_step import as_painted, gone_through, paints
from diffusion.denoisers.guidance import GUIDANCE, guided
from diffusion.denoisers.regions import Composition, parts_from
from diffusion.denoisers.skip_residual import mixing, rewinds
from diffusion.errors import ModelError
from diffusion.models.model import Model, as_image
from diffusion.sampling.callbacks import StepEvent
from diffusion.sampling.denoiser import Denoise, Prediction, predict
from diffusion.sampling.noise import NOISES
from diffusion.sampling.schedules import Timeline, spaced
from diffusion.sampling.solvers import SAMPLERS


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

    A canvas whose stored latents are all kept costs no U-Net call and comes back bit for bit; one of which only the colours
    are known, and all kept, is encoded and no more.
    Raises Cancelled, ModelError (NaN or infinity, naming step and sigma), ValueError (a canvas that contradicts itself).
    """
    started = time.perf_counter()
    before = _Ledger(model)
    check(model, canvas, settings)
    network = model.few_steps, canvas.memory is not None or canvas.colours is not None
    settings, few = as_painted(settings, *network), paints(settings, *network)
    change = torch.from_numpy(np.ascontiguousarray(canvas.change)).float().to(model.device)
    shown = _whole_picture(canvas)
    if not bool((change > 0).any()):
        known = None if canvas.memory is None else torch.from_numpy(canvas.memory)
        if known is not None:
            return before.dreamed(known, model.decode(known) if shown is None else shown, 0.0, started)
        if shown is not None:
            return before.dreamed(model.encode(shown).cpu(), shown, 0.0, started)
    bare = unhidden(canvas)
    remembered = recall(model, bare, settings.memory)
    run = _Run(model, bare, settings, few, remembered, on_step, cancelled)
    result = run.sample()
    # The picture is decoded before the stored latents are pasted back: seen from here they would be strangers to their neighbours
    picture = owned(cleared(decoded_apart(model, result, bare), canvas), canvas)
    if canvas.colours is not None and remembered is not None:
        picture = joined(picture, canvas, settings.match)
    image = as_image(picture)
    kept = result if run.captured is None else run.captured
    if canvas.memory is not None:
        kept = paste_back(kept, torch.from_numpy(canvas.memory)[None].to(model.device), change)
    return before.dreamed(kept[0].float().cpu(), image, run.steps_taken, started)


def unguided(
    model: Model, canvas: Canvas, settings: DreamSettings, cancelled: Callable[[], bool] | None = None
) -> Denoise:
    """What the network that paints this dream makes of the prompts alone: for any (x, sigma) one model call for all regions and the
    whole canvas, neither guided nor remembering."""
    network = model.few_steps, canvas.memory is not None or canvas.colours is not None
    alone = replace(as_painted(settings, *network), execution="attention", window=0)
    run = _Run(model, unhidden(canvas), alone, paints(settings, *network), None, None, cancelled)
    composition = run.composed(run.canvas.regions, lambda t: t, ("positive",))
    return lambda x, sigma: composition.branches(x, sigma, ("positive",))["positive"]


def _whole_picture(canvas: Canvas) -> np.ndarray | None:
    """The remembered colours uint8 [8h,8w,3], where all of them are known."""
    if canvas.colours is None or not bool((canvas.colours[..., 3] == 255).all()):
        return None
    return canvas.colours[..., :3].copy()


class _Ledger:
    """What the model had spent before a dream, to say what the dream has spent."""

    def __init__(self, model: Model) -> None:
        self._model, self._calls = model, model.calls
        self._seconds, self._text = dict(model.clock.seconds), model.text.seconds

    def dreamed(self, latents: Tensor, image: np.ndarray, steps: float, started: float) -> Dreamed:
        seconds = {part: spent - self._seconds[part] for part, spent in self._model.clock.seconds.items()}
        seconds |= {"text": self._model.text.seconds - self._text, "total": time.perf_counter() - started}
        return Dreamed(latents.numpy(), image, steps, self._model.calls - self._calls, seconds)


class _Run:
    """One dream's tensors and what it has come to."""

    def __init__(
        self,
        model: Model,
        canvas: Canvas,
        settings: DreamSettings,
        few: bool,
        memory: Tensor | None,
        on_step: Callable[[StepEvent], None] | None,
        cancelled: Callable[[], bool] | None,
    ) -> None:
        self.model, self.canvas, self.settings, self.memory = model, canvas, settings, memory
        self.change = change = self._plane(canvas.change)
        self.few, self.on_step, self.cancelled = few, on_step, cancelled
        self.noise = torch.from_numpy(canvas.noise)[None].float().to(model.device)
        self.depth = model.depth_channel(canvas.depth, *canvas.noise.shape[1:])
        known = change < 1 if canvas.known is None else torch.from_numpy(canvas.known).to(model.device)
        self.known = known if memory is not None else torch.zeros_like(known)
        sigmas = spaced(model.schedule, settings.spacing, settings.steps, settings.spacing_power)
        self.timeline = Timeline(tuple(sigmas.tolist()))
        self.captured: Tensor | None = None
        self.steps_taken = float(self.timeline.steps)
        self._branches: Mapping[str, Tensor] = {}
        self._regions: list = []
        self._first_call = model.calls

    def _plane(self, plane: np.ndarray | None) -> Tensor:
        """[h,w]: a plane of the canvas; 1 where it has none."""
        plane = np.ones(self.canvas.change.shape, np.float32) if plane is None else plane
        return torch.from_numpy(np.ascontiguousarray(plane)).float().to(self.model.device)

    def _guided(self, regions: tuple[Region, ...], cut: Callable[[Tensor], Tensor], watched: bool = False) -> Denoise:
        """Regions → guidance, for the canvas as `cut` shows it (turned, or a lattice of it)."""
        rule = GUIDANCE[self.settings.guidance]
        composition = self.composed(regions, cut, (*rule.branches, *rule.first), watched)
        origin = torch.zeros_like(self.noise) if self.memory is None else torch.where(self.known, self.memory, 0.0)
        watch = self._saw_branches if watched else None
        return guided(composition.branches, self.settings, self.timeline, composition.noise, cut(origin), watch)

    def composed(
        self,
        regions: tuple[Region, ...],
        cut: Callable[[Tensor], Tensor],
        branches: tuple[str, ...],
        watched: bool = False,
    ) -> Composition:
        """The regions' prompts of these guidance branches, ready to be predicted."""
        parts = [
            replace(part, mask=cut(part.mask).contiguous())
            for part in parts_from(regions, self.settings.softness, self.model.device)
        ]
        prompts = list(dict.fromkeys(part.texts[name] for part in parts for name in branches))
        bootstrapped = self.settings.bootstrap > 0 and len(parts) > 1
        return Composition(
            evaluate=self._evaluate,
            parts=tuple(parts),
            contexts=dict(zip(prompts, self.model.context(prompts), strict=True)),
            depth=None if self.depth is None else cut(self.depth),
            noise=cut(self.noise),
            timeline=self.timeline,
            settings=self.settings,
            multiple=self.model.multiple // CELL,
            backgrounds=self.model.colour_latents if bootstrapped else None,
            seen=self._saw_region if watched and self.on_step is not None else None,
        )

    def _evaluate(
        self, x: Tensor, sigma: float, context: Tensor, depth: Tensor | None, regions: Mapping | None
    ) -> Tensor:
        if self.cancelled is not None and self.cancelled():
            raise Cancelled
        return self.model.denoise(x, sigma, context, depth, regions, few=self.few)

    def _saw_region(self, job, answer: Tensor) -> None:
        if job.branch == "positive":
            self._regions.append((job.prompt, answer, (job.box.top, job.box.left)))

    def _saw_branches(self, branches: Mapping[str, Tensor]) -> None:
        self._branches = branches

    def denoiser(self) -> Denoise:
        """Regions → guidance → (dilation, anagrams) → correction → memory."""
        denoise = self._guided(self.canvas.regions, lambda t: t, watched=True)
        stride = self.settings.dilate
        if stride > 1:
            lattices = [
                self._guided(self.canvas.regions, partial(lattice, stride=stride, offset=k)) for k in range(stride**2)
            ]
            denoise = dilated(denoise, lattices, stride, self.timeline)
        if self.canvas.anagrams:
            whole = np.ones(self.canvas.change.shape, np.float32)
            others = [
                (VIEWS[a.view], self._guided((Region(a.prompt, whole, a.negative_prompt),), VIEWS[a.view].apply))
                for a in self.canvas.anagrams
            ]
            codec = self.model.encode_tensor, self.model.decode_tensor
            denoise = anagram(denoise, others, self.timeline, self.settings.anagram_image, *codec)
        denoise = self._checked(correcting(denoise, self.timeline, self.settings))
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

    def sample(self) -> Tensor:
        """x0 [1,C,h,w] after the run and what it rewinds."""
        sampler, settings, timeline = SAMPLERS[self.settings.sampler], self.settings, self.timeline
        options = {name: getattr(settings, name) for name in sampler.options}
        if sampler.stochastic:
            lowest, highest = timeline.sigmas[-2], timeline.sigmas[0]
            options["generator"] = NOISES[settings.noise](self.noise, settings.seed, lowest, highest * 1.001)
        denoise, result, around = self.denoiser(), self.noise, self.memory
        if self.memory is not None:
            finer, trusted = (self._plane(plane) for plane in (self.canvas.finer, self.canvas.trusted))
            options["adjust"] = mixing(self.memory, self.noise, self.known, timeline, settings, finer, trusted)
        first = timeline.steps - min(gone_through(settings, self.memory is not None), timeline.steps)
        known = self.known
        for begin in (first, *rewinds(timeline.steps, settings.rewind_min, settings.rewind_max)):
            sigmas = torch.tensor(timeline.sigmas[begin:], dtype=torch.float64)
            x = start(self.noise, timeline.sigmas[begin], around, known)
            result = around = sampler(denoise, x, sigmas, callback=partial(self._on_step, begin), **options)
            known = torch.ones_like(known)
        return result
