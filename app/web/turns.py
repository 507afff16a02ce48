"""Whose view is painted next, where several browsers wait for one painter."""

from __future__ import annotations

from collections.abc import Collection


class Turns:
    """One browser's turn lasts until a dream for it is done or its view needs none; then comes the next one that waits."""

    def __init__(self) -> None:
        self.current = -1
        self._dreams = 0

    def choose(self, waiting: Collection[int], dreams: int) -> int | None:
        """The browser whose view is painted now, None where nobody waits. waiting: their numbers; dreams: finished so far."""
        if not waiting:
            return None
        if self.current not in waiting or dreams != self._dreams:
            later = [number for number in waiting if number > self.current]
            self.current, self._dreams = min(later or waiting), dreams
        return self.current
