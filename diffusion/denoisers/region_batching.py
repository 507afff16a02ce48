"""Run the model calls of one prediction: four strategies that trade memory for speed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from diffusion.denoisers.windows import Box

# One model call: (x [B,C,h,w], sigma, context [B,T,D], geometry [B,K,h,w] | None, regions | None) → x0 [B,C,h,w]. regions: R prompts for
# the B views, {"contexts": [R,T,D], "weights": [R,h,w] summing to 1 in each view, "owners": [R], the view of each}.
Evaluate = Callable[[Tensor, float, Tensor, Tensor | None, Mapping | None], Tensor]


@dataclass(frozen=True, eq=False)
class PredictionJob:
    """The prediction of one box for one prompt.

    weight: [h,w] of the box, its share in the result; feather: [h,w], the window's own weight, or None
    region: index of the region that is bootstrapped, or None
    """

    branch: str
    prompt: str
    context: Tensor
    box: Box
    weight: Tensor
    feather: Tensor | None
    geometry: Tensor | None
    region: int | None = None


def run_sequential(
    evaluate: Evaluate, jobs: Sequence[PredictionJob], inputs: Sequence[Tensor], sigma: float, batch: int
) -> list[Tensor]:
    """One call for each job: needs the least memory."""
    return [evaluate(x, sigma, job.context, job.geometry, None) for job, x in zip(jobs, inputs, strict=True)]


def run_batched(
    evaluate: Evaluate, jobs: Sequence[PredictionJob], inputs: Sequence[Tensor], sigma: float, batch: int
) -> list[Tensor]:
    """Batch jobs of equal size, at most `batch` in one call."""
    answers: list[Tensor | None] = [None] * len(jobs)
    for members in _chunks(jobs, batch):
        out = evaluate(
            torch.cat([inputs[i] for i in members]),
            sigma,
            torch.cat([jobs[i].context for i in members]),
            _together([jobs[i].geometry for i in members]),
            None,
        )
        for place, i in enumerate(members):
            answers[i] = out[place : place + 1]
    return answers  # type: ignore[return-value]


def run_regional(
    evaluate: Evaluate, jobs: Sequence[PredictionJob], inputs: Sequence[Tensor], sigma: float, batch: int
) -> list[Tensor]:
    """One view for each branch and window; its prompts share it through cross-attention masked by region.

    All jobs of a view get the same, already blended prediction. Views are batched as in `run_batched`.
    """
    views: dict[tuple[str, Box], list[int]] = {}
    for i, job in enumerate(jobs):
        views.setdefault((job.branch, job.box), []).append(i)
    answers: list[Tensor | None] = [None] * len(jobs)
    firsts = [members[0] for members in views.values()]
    for chunk in _chunks([jobs[i] for i in firsts], batch):
        groups = [views[(jobs[firsts[c]].branch, jobs[firsts[c]].box)] for c in chunk]
        members = [i for group in groups for i in group]
        heads = [group[0] for group in groups]
        shared = None
        if len(members) > len(groups):
            owners = [place for place, group in enumerate(groups) for _ in group]
            shared = {
                "contexts": torch.cat([jobs[i].context for i in members]),
                "weights": torch.stack([jobs[i].weight for i in members]),
                "owners": torch.tensor(owners, device=inputs[0].device),
            }
        out = evaluate(
            torch.cat([inputs[i] for i in heads]),
            sigma,
            torch.cat([jobs[i].context for i in heads]),
            _together([jobs[i].geometry for i in heads]),
            shared,
        )
        for place, group in enumerate(groups):
            for i in group:
                answers[i] = out[place : place + 1]
    return answers  # type: ignore[return-value]


def _chunks(jobs: Sequence[PredictionJob], batch: int) -> list[list[int]]:
    """Indices of jobs, grouped by the size of their boxes, at most `batch` in a group, in order."""
    by_size: dict[tuple[int, int], list[int]] = {}
    for i, job in enumerate(jobs):
        by_size.setdefault((job.box.height, job.box.width), []).append(i)
    return [members[k : k + batch] for members in by_size.values() for k in range(0, len(members), batch)]


def _together(parts: Sequence[Tensor | None]) -> Tensor | None:
    return None if parts[0] is None else torch.cat([part for part in parts if part is not None])


Execution = Callable[[Evaluate, Sequence[PredictionJob], Sequence[Tensor], float, int], list[Tensor]]
# name → how jobs become predictions. "cropped" differs only in the jobs' boxes, which `RegionComposer` crops to the masks.
EXECUTIONS: dict[str, Execution] = {
    "batched": run_batched,
    "sequential": run_sequential,
    "cropped": run_batched,
    "attention": run_regional,
}
