"""Schedules the sheets of a plan so that any number of workers paint exactly the world that one worker would paint.

Sheets are laid in the order of the plan. A sheet that reads what an earlier one writes is gathered after that one was laid; sheets
that don't touch are dreamed at the same time. Each dream therefore starts from the same paint as if all sheets were painted one by
one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Generic, TypeVar

T = TypeVar("T")
AHEAD = 1024  # sheets that may be dreamed before their turn; their results wait in memory


class SheetSchedule(Generic[T]):
    """Where the painting of a plan is. required: `engine.atlas.sheet_waves.count_required`; laid: the sheets that are laid so far.

    A result of type T is what comes back of a sheet; the schedule keeps it until its turn comes.
    """

    def __init__(self, required: Sequence[int], ahead: int = AHEAD) -> None:
        self._required, self._ahead = required, ahead
        self._waiting = list(range(len(required)))  # not begun, in the plan's order
        self._results: dict[int, T] = {}
        self.laid = 0

    @property
    def done(self) -> bool:
        return self.laid == len(self._required)

    def begin(self) -> int | None:
        """Take the first sheet that may be gathered now; None if all waiting ones depend on a sheet that is not laid yet."""
        for place, number in enumerate(self._waiting):
            if number >= self.laid + self._ahead:
                break
            if self._required[number] <= self.laid:
                return self._waiting.pop(place)
        return None

    def finish(self, number: int, result: T) -> None:
        """Store the result of a sheet until its turn comes."""
        self._results[number] = result

    def lay(self) -> tuple[int, T] | None:
        """Take the sheet whose turn it is, with its result; None if it isn't finished yet."""
        if self.laid not in self._results:
            return None
        self.laid += 1
        return self.laid - 1, self._results.pop(self.laid - 1)
