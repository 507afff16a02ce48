"""The recorded steps of the last dreams, within a memory limit, fed with the worker's messages."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from app.loop.messages import DreamFinished, Message, Preview
from diffusion.canvas import Canvas
from diffusion.settings import DreamSettings
from engine.atlas.views import GatheredView, Part
from scenes.camera import Camera

LIMIT = 96 * 2**20  # bytes of pictures
SKETCHED = 3  # steps of a sketch at most: too few to see how a picture comes about


@dataclass(frozen=True)
class Step:
    """A step of a dream as its `Preview` describes it. time: seconds since the dream's first step."""

    preview: Preview
    time: float

    @property
    def number(self) -> int:
        return self.preview.step

    @property
    def sketch(self) -> np.ndarray:
        """uint8 [h,w,3]: the prediction by the linear map, whatever is shown of it."""
        return self.preview.image if self.preview.sketch is None else self.preview.sketch

    @property
    def bytes(self) -> int:
        seen = self.preview
        arrays = seen.image, seen.noisy, seen.start, seen.sketch, seen.denoised, *(part.image for part in seen.parts)
        return sum(array.nbytes for array in arrays if array is not None)


@dataclass(frozen=True)
class Record:
    """One dream. steps: planned; shown: the steps so far; image: the finished picture, or None while it runs or when it was abandoned;
    so are canvas and settings, what was dreamed; of_view: whether that is what a camera sees, not the sky alone; beside, model: as in
    its `Request`."""

    id: int
    steps: int
    shown: tuple[Step, ...] = ()
    image: np.ndarray | None = None
    camera: Camera | None = None
    seconds: float = 0.0
    began: float = 0.0
    canvas: Canvas | None = None
    settings: DreamSettings | None = None
    of_view: bool = False
    beside: bool = False
    model: str = ""

    @property
    def name(self) -> str:
        return self.model or f"dream {self.id + 1}"

    def seal(self) -> Record:
        """Without the latents that its steps began with: the network that is loaded is another than that which dreamed it."""
        return replace(
            self, shown=tuple(replace(step, preview=replace(step.preview, start=None)) for step in self.shown)
        )

    @property
    def bytes(self) -> int:
        return sum(step.bytes for step in self.shown) + sum(array.nbytes for array in self._arrays)

    @property
    def _arrays(self) -> Iterator[np.ndarray]:
        if self.image is not None:
            yield self.image
        if self.canvas is not None:
            yield from (plane for plane in vars(self.canvas).values() if isinstance(plane, np.ndarray))
            yield from (region.mask for region in self.canvas.regions)

    @property
    def pictures(self) -> tuple[np.ndarray, ...]:
        """Every step's picture in order, the finished one last."""
        return tuple(s.preview.image for s in self.shown) + (() if self.image is None else (self.image,))

    @property
    def latest(self) -> np.ndarray | None:
        """The best recent picture: the finished one, else the last decoded one, else the linear map's."""
        decoded = [s.preview.image for s in self.shown if s.preview.decoded]
        return self.image if self.image is not None else (decoded or [None, *self.pictures])[-1]


@dataclass(frozen=True)
class Timeline:
    """records: oldest first."""

    records: tuple[Record, ...] = ()
    limit: int = LIMIT

    @property
    def bytes(self) -> int:
        return sum(record.bytes for record in self.records)

    def take(self, message: Message, now: float) -> Timeline:
        """The timeline after a worker's message at `now` (seconds). Messages that are not about dreams change nothing."""
        if isinstance(message, Preview):
            record = self._record(message.id, message.steps, now)
            return self._with(replace(record, shown=(*record.shown, Step(message, now - record.began))))
        if isinstance(message, DreamFinished):
            dreamed, asked = message.dreamed, message.request
            view = asked.gathered if isinstance(asked.gathered, GatheredView) else None
            finished = replace(
                self._record(asked.id, asked.settings.steps, now),
                image=dreamed.image,
                camera=None if view is None else view.camera,
                seconds=dreamed.seconds["total"],
                canvas=asked.canvas,
                settings=asked.settings,
                of_view=view is not None and view.part is Part.SOLID,
                beside=asked.beside,
                model=asked.model,
            )
            return self._with(finished.seal() if asked.beside else finished)
        return self

    def choose_example(self, usable: Callable[[Record], bool]) -> Record | None:
        """The dream that explains most: the newest of a view with more steps than a sketch. Without one, the newest that is usable."""
        found = [record for record in self.records if usable(record)]
        return max(found, key=lambda r: (r.of_view and r.steps > SKETCHED, r.of_view, r.id), default=None)

    def seal(self) -> Timeline:
        """Seal all records, because the network has changed."""
        return replace(self, records=tuple(record.seal() for record in self.records))

    def _record(self, id: int, steps: int, now: float) -> Record:
        return next((r for r in self.records if r.id == id), Record(id, steps, began=now))

    def _with(self, record: Record) -> Timeline:
        """Return the timeline with a record replaced; beyond the limit the oldest are dropped, but the example as the last."""
        kept = [record if r.id == record.id else r for r in self.records]
        kept += [] if record in kept else [record]
        example = replace(self, records=tuple(kept)).choose_example(lambda r: r.of_view)
        while len(kept) > 1 and sum(r.bytes for r in kept) > self.limit:
            kept.pop(next((i for i, r in enumerate(kept[:-1]) if r is not example), 0))
        return replace(self, records=tuple(kept))
