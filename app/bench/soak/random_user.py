"""A seeded random user: given the state of the window, it returns the events of its next gesture."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from app.bench.soak.events import Event, WindowState
from app.bench.soak.gestures import GESTURES, Gesture


class RandomUser:
    """The same seed and the same window states give the same events."""

    def __init__(self, seed: int, gestures: Mapping[str, tuple[float, Gesture]] = GESTURES) -> None:
        """gestures: name → (relative frequency, gesture)."""
        self._random = np.random.default_rng(seed)
        self._gestures = gestures
        weights = np.array([weight for weight, _ in self._gestures.values()])
        self._shares = weights / weights.sum()

    def next(self, window: WindowState) -> tuple[str, list[Event]]:
        """The next gesture's name and its events, in order."""
        name = str(self._random.choice(list(self._gestures), p=self._shares))
        return name, list(self._gestures[name][1](self._random, window))
