"""Chooses whose view is painted next when several browsers wait for one painter."""

from __future__ import annotations

from collections.abc import Collection


class Turns:
    """Takes turns: a browser's turn lasts until its dream is done or its view needs none."""

    def __init__(self) -> None:
        self.current = -1
        self._dreams = 0

    def choose(self, waiting: Collection[int], dreams: int) -> int | None:
        """Return the browser whose turn it is, None if none waits. waiting: numbers of browsers; dreams: finished so far."""
        if not waiting:
            return None
        if self.current not in waiting or dreams != self._dreams:
            later = [number for number in waiting if number > self.current]
            self.current, self._dreams = min(later or waiting), dreams
        return self.current
