"""The steps of the last dreams, kept within a memory limit, for scrubbing. Pure data; fed with the worker's messages."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from app.loop.messages import Finished, Message, Preview
from scenes.camera import Camera

LIMIT = 96 * 2**20  # bytes of pictures


@dataclass(frozen=True)
class Step:
    """After step `number`: image uint8 [h,w,3], the model's idea of the finished picture; sigma: noise left;
    change: mean difference to the step before, 0..1 of full brightness; time: seconds since the dream's first step."""

    number: int
    sigma: float
    image: np.ndarray
    change: float
    time: float


@dataclass(frozen=True)
class Record:
    """One dream. steps: planned; shown: those that were seen (the latest wins, so a fast dream may have gaps);
    image: the finished picture, or None while it runs or when it was abandoned."""

    id: int
    steps: int
    shown: tuple[Step, ...] = ()
    image: np.ndarray | None = None
    camera: Camera | None = None
    seconds: float = 0.0
    began: float = 0.0

    @property
    def bytes(self) -> int:
        return sum(step.image.nbytes for step in self.shown) + (self.image.nbytes if self.image is not None else 0)

    @property
    def pictures(self) -> tuple[np.ndarray, ...]:
        """Every step's picture in order, the finished one last."""
        return tuple(s.image for s in self.shown) + (() if self.image is None else (self.image,))


@dataclass(frozen=True)
class Timeline:
    """records: oldest first."""

    records: tuple[Record, ...] = ()
    limit: int = LIMIT

    def take(self, message: Message, now: float) -> Timeline:
        """The timeline after a worker's message at `now` (seconds); messages that are none of its business change nothing."""
        if isinstance(message, Preview):
            return self._with(_step(self._record(message.id, message.steps, now), message, now))
        if isinstance(message, Finished):
            settings = message.request.settings
            record = self._record(message.request.id, settings.steps, now)
            dreamed, camera = message.dreamed, message.request.look.camera
            return self._with(replace(record, image=dreamed.image, camera=camera, seconds=dreamed.seconds["total"]))
        return self

    def _record(self, id: int, steps: int, now: float) -> Record:
        return next((r for r in self.records if r.id == id), Record(id, steps, began=now))

    def _with(self, record: Record) -> Timeline:
        """With this record in place of its former self; the oldest go until the rest fits the limit."""
        kept = [record if r.id == record.id else r for r in self.records]
        kept += [] if record in kept else [record]
        while len(kept) > 1 and sum(r.bytes for r in kept) > self.limit:
            kept.pop(0)
        return replace(self, records=tuple(kept))


def _step(record: Record, preview: Preview, now: float) -> Record:
    before = record.shown[-1] if record.shown else None
    same = before is not None and before.image.shape == preview.image.shape
    change = float(np.abs(preview.image.astype(np.int16) - before.image).mean() / 255) if same and before else 0.0
    step = Step(preview.step, preview.sigma, preview.image, change, now - record.began)
    return replace(record, shown=(*record.shown, step))
