"""When each sheet of a plan may be gathered and laid, so that any number of workers paint the world that one paints.

Sheets are laid in the order of their plan. A sheet that reads what an earlier one writes is gathered after that one was laid; sheets
that don't touch are dreamed at the same time. So each dream starts from exactly what it would start from if all sheets were painted
one after the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Generic, TypeVar

T = TypeVar("T")
AHEAD = 1024  # sheets after the next one to be laid that may be begun: their dreams wait in memory


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
        """Take the first sheet that may be gathered now; None if all others wait for one that is not laid yet."""
        for place, number in enumerate(self._waiting):
            if number >= self.laid + self._ahead:
                break
            if self._required[number] <= self.laid:
                return self._waiting.pop(place)
        return None

    def finish(self, number: int, result: T) -> None:
        """Keep what came back of a sheet that was begun."""
        self._results[number] = result

    def lay(self) -> tuple[int, T] | None:
        """Take the sheet whose turn it is, with its result; None if it isn't finished yet."""
        if self.laid not in self._results:
            return None
        self.laid += 1
        return self.laid - 1, self._results.pop(self.laid - 1)
