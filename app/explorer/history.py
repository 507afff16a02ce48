"""Undo and redo over values that never change (frozen dataclasses): pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")
DEPTH = 200


@dataclass(frozen=True)
class History(Generic[T]):
    """present, with what came before it (newest last) and what was taken back (next first)."""

    present: T
    past: tuple[T, ...] = ()
    future: tuple[T, ...] = ()

    def to(self, value: T) -> History[T]:
        """A change: the present becomes past, and what was taken back is gone. The same value is no change."""
        if value == self.present:
            return self
        return History(value, (*self.past, self.present)[-DEPTH:])

    def undo(self) -> History[T]:
        if not self.past:
            return self
        return History(self.past[-1], self.past[:-1], (self.present, *self.future))

    def redo(self) -> History[T]:
        if not self.future:
            return self
        return History(self.future[0], (*self.past, self.present), self.future[1:])
