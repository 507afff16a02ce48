"""A seeded monkey: all that hands can do to the window, at random. Pure: it is told what it sees, and says what it would do."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from app.bench.soak.events import Event, Sight
from app.bench.soak.gestures import GESTURES, Gesture


class Monkey:
    """The same seed and the same sights give the same events."""

    def __init__(self, seed: int, gestures: Mapping[str, tuple[float, Gesture]] = GESTURES) -> None:
        """gestures: name → how often it comes beside the others, and what it is."""
        self._random = np.random.default_rng(seed)
        self._gestures = gestures
        weights = np.array([weight for weight, _ in self._gestures.values()])
        self._shares = weights / weights.sum()

    def next(self, sight: Sight) -> tuple[str, list[Event]]:
        """The next gesture's name and its events, in order."""
        name = str(self._random.choice(list(self._gestures), p=self._shares))
        return name, list(self._gestures[name][1](self._random, sight))
