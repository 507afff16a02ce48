"""A number that changes over the steps of a run: points `0:7, 0.5:3, 1:1`, joined by lines, or by stairs with `stepped`."""

from __future__ import annotations

import itertools
import math
import re
from bisect import bisect_right
from dataclasses import dataclass, fields, replace
from typing import Any, TypeVar

T = TypeVar("T")
_POINT = re.compile(r"\s*([^\s:,]+)\s*:\s*([^\s:,]+)\s*")
WRITTEN = (
    "a number, or points like 0:7, 0.5:3, 1:1 (place in the run from 0 to 1, value), optionally followed by stepped"
)


@dataclass(frozen=True)
class StepSchedule:
    """points: (place, value) with rising places in 0..1 (0 is the first step, 1 the last), finite values, at least one point

    stepped: whether a value holds until the next point; otherwise values are joined by straight lines. Raises ValueError.
    """

    points: tuple[tuple[float, float], ...]
    stepped: bool = False

    def __post_init__(self) -> None:
        places = [place for place, _ in self.points]
        if not places or not all(0 <= place <= 1 for place in places):
            raise ValueError("a schedule needs points with places from 0 to 1")
        if any(b <= a for a, b in itertools.pairwise(places)):
            raise ValueError("the places of a schedule must rise")
        if not all(math.isfinite(value) for value in self.values):
            raise ValueError("the values of a schedule must be finite")

    @property
    def values(self) -> tuple[float, ...]:
        return tuple(value for _, value in self.points)

    def at(self, place: float) -> float:
        """The value at a place in the run. Before the first point and after the last, theirs."""
        after = bisect_right(self.points, place, key=lambda point: point[0])
        if after == 0:
            return self.points[0][1]
        (start, value) = self.points[after - 1]
        if self.stepped or after == len(self.points):
            return value
        end, target = self.points[after]
        return value + (target - value) * ((place - start) / (end - start))

    def __str__(self) -> str:
        points = ", ".join(f"{_short(place)}:{_short(value)}" for place, value in self.points)
        return f"{points} stepped" if self.stepped else points


Scheduled = float | StepSchedule  # the type of a setting that may change over the steps


def parse_scheduled(text: str) -> Scheduled:
    """A number or a schedule from its text; `str` is the inverse. Raises ValueError with a sentence."""
    words = text.strip()
    if ":" not in words:
        return _number(words, text)
    points = words.removesuffix("stepped").strip()
    found = [_POINT.fullmatch(point) for point in points.removesuffix(",").split(",")]
    if not all(found):
        raise ValueError(f"{text!r} is not {WRITTEN}")
    pairs = tuple((_number(point[1], text), _number(point[2], text)) for point in found if point)
    try:
        return StepSchedule(pairs, stepped=points != words)
    except ValueError as error:
        raise ValueError(f"{text!r} is not {WRITTEN}: {error}") from None


def value_at(setting: Scheduled, place: float) -> float:
    """A setting's number at a place in the run, 0..1."""
    return setting.at(place) if isinstance(setting, StepSchedule) else setting


def largest(setting: Scheduled) -> float:
    """The largest number that a setting has in a run."""
    return max(setting.values) if isinstance(setting, StepSchedule) else setting


def settings_at(settings: T, place: float) -> T:
    """A dataclass of settings with the numbers of its schedules at a place in the run, 0..1."""
    made: Any = settings
    values = {f.name: getattr(settings, f.name) for f in fields(made)}
    return replace(made, **{name: v.at(place) for name, v in values.items() if isinstance(v, StepSchedule)})


def _number(word: str, text: str) -> float:
    try:
        return float(word)
    except ValueError:
        raise ValueError(f"{text!r} is not {WRITTEN}") from None


def _short(value: float) -> str:
    """The shortest text that gives the same number."""
    return repr(value).removesuffix(".0")
