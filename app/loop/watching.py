"""What a running dream shows of itself: a picture after each step, and, while somebody looks closely, what it is made of."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from app.loop.messages import Part, Preview, Watch

SHARE = 0.03  # of a dream's time that decoding previews may take
PARTS = 8  # regions shown at most, the largest: they come first


class Throttle:
    """Lets work through while it takes no more than `share` of the time spent dreaming. What wasn't used isn't saved up, but for
    one piece of work: a panel that was closed for long doesn't slow the next dreams down when it is opened."""

    def __init__(self, share: float = SHARE, clock: Callable[[], float] = time.perf_counter) -> None:
        self.share, self._clock = share, clock
        self._credit = self._last = self._seen = 0.0

    def start(self) -> None:
        """A dream begins: the time before it earns nothing."""
        self._seen = self._clock()

    def ready(self) -> bool:
        """Whether there is time for work as long as the last one."""
        now = self._clock()
        self._credit = min(self._credit + self.share * (now - self._seen), self._last)
        self._seen = now
        return self._credit >= self._last

    def __enter__(self) -> None:
        self._began = self._clock()

    def __exit__(self, *_: object) -> None:
        self._last = self._clock() - self._began
        self._credit -= self._last


class Watcher:
    """`on_step` of one dream. A linear map paints each step, which costs next to nothing; the decoder does when there is time.

    how: asked at every step, for panels open and close while a dream runs.
    """

    def __init__(
        self, model: Any, number: int, emit: Callable[[Preview], None], how: Callable[[], Watch], throttle: Throttle
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
                guidance=_guidance(event.branches),
                noisy=self._model.sketch(event.x[0] / (1 + float(event.sigma) ** 2) ** 0.5) if how.closely else None,
                parts=self._parts(event) if how.closely else (),
                start=event.start_latents,
                sketch=sketch if decoded else None,
            )
        )
        self._before = denoised

    def _parts(self, event: Any) -> tuple[Part, ...]:
        """The picture that each region's prompt would like, on the whole canvas; dark where it wasn't asked (windows)."""
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


def _guidance(branches: Any) -> float:
    """Mean |positive − negative| (or − empty) of the denoised latents; NaN when the step asked only one prompt."""
    other = branches.get("negative", branches.get("empty"))
    if other is None or "positive" not in branches:
        return float("nan")
    return float(abs(branches["positive"] - other).mean())
