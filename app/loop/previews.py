"""Previews of a running dream: a picture after each step and, on request, each region's prediction."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from app.loop.messages import Part, Preview, PreviewOptions

SHARE = 0.03  # of a dream's time that decoding previews may take
PARTS = 8  # maximum number of regions shown; the largest come first


class Throttle:
    """Limits optional work to `share` of the time spent dreaming.

    Unused time is saved for at most one piece of work, so that a panel that was closed for long doesn't slow down the next
    dreams when it is opened.
    """

    def __init__(self, share: float = SHARE, clock: Callable[[], float] = time.perf_counter) -> None:
        self.share, self._clock = share, clock
        self._credit = self._last = self._seen = 0.0

    def start(self) -> None:
        """Start a dream: time before it doesn't count."""
        self._seen = self._clock()

    def ready(self) -> bool:
        """Whether there is time for work as long as the last piece."""
        now = self._clock()
        self._credit = min(self._credit + self.share * (now - self._seen), self._last)
        self._seen = now
        return self._credit >= self._last

    def __enter__(self) -> None:
        self._began = self._clock()

    def __exit__(self, *_: object) -> None:
        self._last = self._clock() - self._began
        self._credit -= self._last


class PreviewEmitter:
    """The `on_step` callback of one dream. Turns each step into a picture with a linear map, which costs almost nothing, and
    with the decoder when the throttle allows it.

    how: called at every step, since panels open and close while a dream runs.
    """

    def __init__(
        self,
        model: Any,
        number: int,
        emit: Callable[[Preview], None],
        how: Callable[[], PreviewOptions],
        throttle: Throttle,
    ) -> None:
        self._model, self._number, self._emit, self._how, self._throttle = model, number, emit, how, throttle
        self._before: Any = None

    def __call__(self, event: Any) -> None:
        """event: a `diffusion.sampling.callbacks.StepEvent`."""
        how, denoised = self._how(), event.denoised[0]
        decoded = how.decoded and self._throttle.ready()
        picture = sketch = self._model.sketch(denoised)
        if decoded:
            with self._throttle:
                picture = self._model.preview(denoised)
        same = self._before is not None and self._before.shape == denoised.shape
        self._emit(
            Preview(
                self._number,
                event.step + 1,
                event.steps,
                float(event.sigma),
                picture,
                decoded=decoded,
                change=float(abs(denoised - self._before).mean()) if same else 0.0,
                guidance=event.guidance,
                noisy=self._model.sketch(event.x[0] / (1 + float(event.sigma) ** 2) ** 0.5) if how.closely else None,
                parts=self._parts(event) if how.closely else (),
                start=event.start_latents,
                sketch=sketch if decoded else None,
                denoised=event.denoised_latents,
            )
        )
        self._before = denoised

    def _parts(self, event: Any) -> tuple[Part, ...]:
        """Each region's own prediction on the whole canvas; black outside the windows in which it was computed."""
        canvases: dict[str, np.ndarray] = {}
        for prompt, prediction, (top, left) in event.regions:
            if prompt not in canvases:
                if len(canvases) == PARTS:
                    continue
                canvases[prompt] = np.zeros((*event.denoised.shape[-2:], 3), np.uint8)
            piece = self._model.sketch(prediction[0])
            place = canvases[prompt][top : top + piece.shape[0], left : left + piece.shape[1]]
            place[...] = piece[: place.shape[0], : place.shape[1]]
        return tuple(Part(prompt, picture) for prompt, picture in canvases.items())
