"""Undo and redo over immutable values (frozen dataclasses). Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Generic, TypeVar

import numpy as np

T = TypeVar("T")
DEPTH = 200
LIMIT = 64 * 2**20  # bytes of arrays that only the past refers to


def _nothing(_: object) -> Iterable[np.ndarray]:
    return ()


@dataclass(frozen=True)
class History(Generic[T]):
    """The present value, with past values (newest last) and undone ones (next first).

    holds: returns the large arrays of a value; shared arrays count once. The oldest values are dropped beyond DEPTH and `limit` bytes.
    """

    present: T
    past: tuple[T, ...] = ()
    future: tuple[T, ...] = ()
    holds: Callable[[T], Iterable[np.ndarray]] = _nothing
    limit: int = LIMIT

    def to(self, value: T) -> History[T]:
        """Change to a value: the present becomes past, and undone values are dropped. The same value is no change."""
        if value == self.present:
            return self
        return replace(self, present=value, past=self._limit((*self.past, self.present)[-DEPTH:]), future=())

    def undo(self) -> History[T]:
        if not self.past:
            return self
        return replace(self, present=self.past[-1], past=self.past[:-1], future=(self.present, *self.future))

    def redo(self) -> History[T]:
        if not self.future:
            return self
        return replace(self, present=self.future[0], past=(*self.past, self.present), future=self.future[1:])

    def map(self, change: Callable[[T], T]) -> History[T]:
        """Apply a change to every value. Steps that no longer differ from their neighbour are removed."""
        present = change(self.present)
        _, *past = (value for value, _ in groupby((present, *map(change, reversed(self.past)))))
        _, *future = (value for value, _ in groupby((present, *map(change, self.future))))
        return replace(self, present=present, past=tuple(reversed(past)), future=tuple(future))

    @property
    def bytes(self) -> int:
        return sum(array.nbytes for array in self._arrays((*self.past, *self.future)).values())

    def _limit(self, past: tuple[T, ...]) -> tuple[T, ...]:
        """Return the most recent part of the past within the limits."""
        seen: dict[int, np.ndarray] = {}
        for i in reversed(range(len(past))):
            seen |= self._arrays(past[i : i + 1])
            if sum(array.nbytes for array in seen.values()) > self.limit:
                return past[i + 1 :]
        return past

    def _arrays(self, values: tuple[T, ...]) -> dict[int, np.ndarray]:
        return {id(array): array for value in values for array in self.holds(value)}
