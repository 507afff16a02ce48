"""Regions and windows: split the prediction of a canvas into model calls and combine their results.

MultiDiffusion (arXiv 2302.08113): the canvas is predicted for every prompt, and each pixel takes the prediction of its own region. The
average is over x0, before the solver, so every solver works unchanged.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from base.grid import CELL
from diffusion.canvas import Region
from diffusion.denoisers.further_prompts import branch_names
from diffusion.denoisers.masks import bounding_box, normalise, soften
from diffusion.denoisers.region_batching import EXECUTIONS, Evaluate, PredictionJob
from diffusion.denoisers.windows import Box, feather_weights, tile_windows
from diffusion.sampling.schedules import Timeline
from diffusion.settings import DreamSettings

__all__ = ["EXECUTIONS", "RegionComposer", "RegionPart", "prepare_regions"]


@dataclass(frozen=True)
class RegionPart:
    """A region as `RegionComposer` needs it.

    mask: float [h,w]; the masks of all parts sum to 1 at every pixel; start, end: share of the run in which it is active
    """

    texts: Mapping[str, str]  # guidance branch → prompt
    mask: Tensor
    start: float = 0.0
    end: float = 1.0


def prepare_regions(
    regions: Sequence[Region], softness: float, device: torch.device, further: Sequence[str] = ()
) -> tuple[RegionPart, ...]:
    """Soften and normalise the masks of regions; uncovered pixels go to the first.

    softness: blur in latent pixels; further: prompts of the whole canvas (`diffusion.denoisers.further_prompts`)
    """
    everywhere = {"empty": "", **dict(zip(branch_names(len(further)), further, strict=True))}
    masks = torch.stack([torch.from_numpy(region.mask).float() for region in regions]).to(device)
    masks = normalise(soften(normalise(masks), softness))
    return tuple(
        RegionPart({"positive": r.prompt, "negative": r.negative_prompt, **everywhere}, mask, r.start, r.end)
        for r, mask in zip(regions, masks, strict=True)
    )


@dataclass(frozen=True, eq=False)
class RegionComposer:
    """Predicts a canvas: `branches(x, sigma, names)` makes the model calls and fuses their results.

    evaluate: one model call; contexts: prompt → [1,T,D]; geometry: [1,K,h,w] or None (`Model.geometry`)
    noise: [1,C,h,w], the noise that the run started from
    multiple: the sides of boxes are multiples of it, in latent pixels
    backgrounds: [K,C], latents of plain colours for bootstrapping
    on_answer: called with each job and its prediction
    """

    evaluate: Evaluate
    parts: tuple[RegionPart, ...]
    contexts: Mapping[str, Tensor]
    geometry: Tensor | None
    noise: Tensor
    timeline: Timeline
    settings: DreamSettings
    multiple: int = 1
    backgrounds: Tensor | None = None
    on_answer: Callable[[PredictionJob, Tensor], None] | None = None

    @property
    def size(self) -> tuple[int, int]:
        return self.noise.shape[-2], self.noise.shape[-1]

    @cached_property
    def boxes(self) -> tuple[Box, ...]:
        side = self.settings.window // CELL
        return (
            tile_windows(self.size, side, self.settings.window_overlap, self.multiple)
            if side
            else (Box.whole(self.size),)
        )

    @cached_property
    def _plans(self) -> dict[tuple, tuple[PredictionJob, ...]]:
        return {}

    def branches(self, x: Tensor, sigma: float, names: tuple[str, ...]) -> dict[str, Tensor]:
        """x0 [1,C,h,w] for each named guidance branch."""
        progress = self.timeline.progress(sigma)
        bootstrapped = (
            progress < self.settings.bootstrap and len(self.parts) > 1 and self.settings.execution != "attention"
        )
        active = tuple(p.start <= progress < p.end for p in self.parts)
        key = (active, bootstrapped, names)
        if key not in self._plans:
            self._plans[key] = tuple(job for name in names for job in self._jobs(name, active, bootstrapped))
        jobs = self._plans[key]
        inputs = [self._input(job, x, sigma) for job in jobs]
        answers = EXECUTIONS[self.settings.execution](self.evaluate, jobs, inputs, sigma, self.settings.batch)
        if self.on_answer is not None:
            for job, answer in zip(jobs, answers, strict=True):
                self.on_answer(job, answer)
        return {
            name: fuse([(j, a) for j, a in zip(jobs, answers, strict=True) if j.branch == name], x) for name in names
        }

    def _jobs(self, branch: str, active: tuple[bool, ...], bootstrapped: bool) -> list[PredictionJob]:
        """The calls of one branch: for each window, one for each distinct prompt in it, cropped if the execution is "cropped"."""
        jobs = []
        for prompt, weight, region in self._shares(branch, active, bootstrapped):
            for box in self.boxes:
                share = box.cut(weight)
                if not bool(share.any()):
                    continue
                inner = box
                if self.settings.execution == "cropped":
                    inner = bounding_box(share, self.multiple, margin=self.multiple).shift(box.top, box.left)
                feather = None if len(self.boxes) == 1 else feather_weights(box, self.size).to(weight)
                jobs.append(
                    PredictionJob(
                        branch=branch,
                        prompt=prompt,
                        context=self.contexts[prompt],
                        box=inner,
                        weight=inner.cut(weight),
                        feather=None if feather is None else inner.shift(-box.top, -box.left).cut(feather),
                        geometry=None if self.geometry is None else inner.cut(self.geometry),
                        region=region,
                    )
                )
        return jobs

    def _shares(
        self, branch: str, active: tuple[bool, ...], bootstrapped: bool
    ) -> list[tuple[str, Tensor, int | None]]:
        """(prompt, weight [h,w], index of the bootstrapped region or None) for the active parts; others use all parts."""
        on = torch.tensor(active, device=self.parts[0].mask.device)
        masks = torch.stack([part.mask for part in self.parts])
        weights = masks * on[:, None, None]
        total = weights.sum(0)
        if not all(active):
            weights = torch.where(total > 0, weights / total.clamp_min(1e-12), masks)
        shares: dict[object, tuple[str, Tensor, int | None]] = {}
        for index, (part, weight) in enumerate(zip(self.parts, weights, strict=True)):
            prompt = part.texts[branch]
            key = index if bootstrapped else prompt
            before = shares.get(key)
            merged = weight if before is None else before[1] + weight
            shares[key] = (prompt, merged, index if bootstrapped else None)
        return list(shares.values())

    def _input(self, job: PredictionJob, x: Tensor, sigma: float) -> Tensor:
        """The job's crop of x. While bootstrapping (eq. 9), pixels outside its region are a plain colour, noised to sigma."""
        cut = job.box.cut(x)
        if job.region is None or self.backgrounds is None:
            return cut
        turn = self.settings.seed + 131 * job.region + 7919 * self.timeline.step_index(sigma)
        colour = self.backgrounds[turn % len(self.backgrounds)][None, :, None, None]
        return job.weight * cut + (1 - job.weight) * (colour + sigma * job.box.cut(self.noise))


def fuse(answers: Sequence[tuple[PredictionJob, Tensor]], like: Tensor) -> Tensor:
    """The weighted mean of x0 over jobs. The prediction of a single job that covers everything is returned bit for bit."""
    if len(answers) == 1 and answers[0][1].shape == like.shape:
        return answers[0][1]
    total = torch.zeros_like(like)
    weights = torch.zeros_like(like[:1, :1])
    for job, answer in answers:
        weight = job.weight if job.feather is None else job.weight * job.feather
        job.box.cut(total).add_(weight * answer)
        job.box.cut(weights).add_(weight)
    return total / weights
