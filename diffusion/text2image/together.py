"""Generate several pictures at once by batching their model calls.

Each picture has its own thread, and only one thread runs at a time. A thread that calls the model waits until all others have called
too; then one batched call answers them all. The rest of the program needs no code for batches.
"""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import torch
from torch import Tensor

from diffusion.canvas import Cancelled
from diffusion.models.model import Model
from diffusion.text2image.generate import GeneratedImage, generate
from diffusion.text2image.recipe import GenerateSettings


@dataclass(eq=False)
class _Call:
    """A picture's call of the model: its arguments, and later the result or the error."""

    x: Tensor
    sigma: float
    context: Tensor
    geometry: Tensor | None
    regions: Mapping | None
    how: dict[str, Any]
    answer: Tensor | None = None
    error: BaseException | None = None

    @property
    def kind(self) -> tuple:
        """What calls must have in common to be batched."""
        shapes = self.x.shape[1:], self.context.shape[1:], self.geometry is None, self.regions is None
        prompts = None if self.regions is None else self.regions["contexts"].shape[1:]
        return (*shapes, prompts, self.sigma, *sorted(self.how.items()))


class _Meeting:
    """Where the calls of `active` pictures wait for each other. A thread holds `turn` while it runs."""

    def __init__(self, model: Model, active: int) -> None:
        self._model, self._active = model, active
        self.turn = threading.Condition()
        self._waiting: list[_Call] = []
        self.cancelled = False

    def denoise(self, shared: Model, x, sigma, context, geometry=None, regions=None, **how: Any) -> Tensor:
        """`Model.denoise`, batched with the other pictures' calls. `turn` must be held."""
        shared.calls += 1
        call = _Call(x, sigma, context, geometry, regions, how)
        self._waiting.append(call)
        self._answer_all()
        self.turn.wait_for(lambda: call.answer is not None or call.error is not None or self.cancelled)
        if call.error is not None:
            raise call.error
        if call.answer is None or self.cancelled:
            raise Cancelled
        return call.answer

    def leave(self) -> None:
        """A picture makes no further calls. `turn` must be held."""
        self._active -= 1
        self._answer_all()

    def stop(self) -> None:
        """Make all waiting and later calls raise Cancelled. A running call of the model is finished first."""
        self.cancelled = True
        with self.turn:
            self.turn.notify_all()

    def _answer_all(self) -> None:
        """Answer the waiting calls if all pictures are waiting."""
        if self.cancelled or not self._waiting or len(self._waiting) < self._active:
            return
        calls, self._waiting = self._waiting, []
        kinds: dict[tuple, list[_Call]] = {}
        for call in calls:
            kinds.setdefault(call.kind, []).append(call)
        for alike in kinds.values():
            try:
                self._answer(alike)
            except Exception as error:
                for call in alike:
                    call.error = error
        self.turn.notify_all()

    def _answer(self, calls: Sequence[_Call]) -> None:
        first, counts = calls[0], [len(call.x) for call in calls]
        geometry = None
        if first.geometry is not None:
            geometry = torch.cat([c.geometry.expand(len(c.x), -1, -1, -1) for c in calls if c.geometry is not None])
        inputs = torch.cat([c.x for c in calls]), first.sigma, torch.cat([c.context for c in calls]), geometry
        answers = self._model.denoise(*inputs, _merge([c.regions for c in calls], counts), **first.how)
        for call, answer in zip(calls, answers.split(counts), strict=True):
            call.answer = answer


def _merge(regions: Sequence[Mapping | None], counts: Sequence[int]) -> Mapping | None:
    """Merge the regions of several calls; owners then count the views of all calls. counts: views of each call."""
    known = [one for one in regions if one is not None]
    if not known:
        return None
    starts = [sum(counts[:i]) for i in range(len(counts))]
    owners = [one["owners"] + start for one, start in zip(known, starts, strict=True)]
    return {name: torch.cat([one[name] for one in known]) for name in ("contexts", "weights")} | {
        "owners": torch.cat(owners)
    }


def generate_together(
    model: Model, settings: Sequence[GenerateSettings], *, on_step: Callable | None = None, **named: Any
) -> list[GeneratedImage]:
    """Generate the pictures of several settings, in order; equal to those of `generate` up to rounding.

    on_step: called after the first picture's steps; named: further arguments of `generate`. If the device runs out of memory, fewer
    pictures are batched. Raises the first error of `generate`, or KeyboardInterrupt, once all threads have ended.
    """
    try:
        return _make_all(model, settings, on_step, named)
    except (MemoryError, torch.OutOfMemoryError):
        if len(settings) == 1:
            raise
    half = (len(settings) + 1) // 2
    parts = settings[:half], settings[half:]
    return [made for part in parts for made in generate_together(model, part, on_step=on_step, **named)]


def _make_all(
    model: Model, settings: Sequence[GenerateSettings], on_step: Callable | None, named: Mapping[str, Any]
) -> list[GeneratedImage]:
    meeting, made = _Meeting(model, len(settings)), dict[int, GeneratedImage]()
    errors: list[BaseException] = []

    def make(place: int) -> None:
        shared: Any = copy.copy(model)
        shared.denoise = partial(meeting.denoise, shared)
        with meeting.turn:
            try:
                made[place] = generate(shared, settings[place], on_step=None if place else on_step, **named)
            except BaseException as error:
                errors.append(error)
                meeting.stop()
            finally:
                meeting.leave()

    threads = [threading.Thread(target=make, args=(place,), daemon=True) for place in range(len(settings))]
    for thread in threads:
        thread.start()
    try:
        for thread in threads:
            thread.join()
    except BaseException:
        meeting.stop()
        for thread in threads:
            thread.join()
        raise
    if errors:
        raise errors[0]
    return [_share_seconds(made[place], len(settings)) for place in range(len(settings))]


def _share_seconds(made: GeneratedImage, count: int) -> GeneratedImage:
    """The picture with its share of the seconds, which were spent on all pictures together."""
    seconds = {part: spent / count for part, spent in made.dreamed.seconds.items()}
    return replace(made, dreamed=replace(made.dreamed, seconds=seconds))
