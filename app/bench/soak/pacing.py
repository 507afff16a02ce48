"""How even the frames are while something is dreamed, and what the uneven ones were busy with."""

from __future__ import annotations

import heapq
from array import array
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any

import numpy as np

from app.state.frame_profiler import Span

SLOW = 2.5  # times the median
KEPT = 1000  # slowest frames, with all that they did: the watcher's own memory may not grow either
LISTED = 20  # slow frames told one by one


@dataclass(frozen=True)
class Frame:
    """span: of all of it; parts: by what ran; doing: the gesture under way; drawn: whether the scene was drawn anew, which a still
    picture isn't; since: seconds since the frame before was shown."""

    span: Span
    parts: Mapping[str, Span]
    doing: str
    drawn: bool = False
    since: float = 0.0


class Pacing:
    """Frames beside a dream, also those that draw the scene and those that don't by themselves: beside the cheap still ones every
    frame of a walk would be slow."""

    def __init__(self) -> None:
        self._number = count()
        self._times = {clock: array("f") for clock in Span._fields}
        self._kinds = {(clock, drawn): array("f") for clock in Span._fields for drawn in (False, True)}
        self._since = array("f")
        self._slowest: dict[str, list[tuple[float, int, Frame]]] = {clock: [] for clock in Span._fields}  # heaps

    def add(self, frame: Frame) -> None:
        number = next(self._number)
        self._since.append(frame.since)
        for clock, times in self._times.items():
            seconds, heap = getattr(frame.span, clock), self._slowest[clock]
            times.append(seconds)
            self._kinds[clock, frame.drawn].append(seconds)
            if len(heap) < KEPT:
                heapq.heappush(heap, (seconds, number, frame))
            elif seconds > heap[0][0]:
                heapq.heapreplace(heap, (seconds, number, frame))

    @property
    def figures(self) -> dict[str, Any]:
        """Milliseconds on the clock (wall) and of the main thread alone (cpu): median, p99, their ratio, the share of slow frames,
        and what those did; the same of still and drawn frames alone, and of the time from one shown frame to the next (shown)."""
        figures: dict[str, Any] = {"dreaming_frames": len(self._times["wall"])}
        for clock, times in self._times.items() if self._times["wall"] else ():
            p50 = 1000 * float(np.median(times))
            slow = [frame for s, _, frame in sorted(self._slowest[clock], reverse=True) if 1000 * s > SLOW * p50]
            figures |= {
                **evenness(clock, times),
                **evenness(f"{clock}_still", self._kinds[clock, False]),
                **evenness(f"{clock}_drawn", self._kinds[clock, True]),
                f"{clock}_slow_share": round(float((1000 * np.array(times) > SLOW * p50).mean()), 4),
                f"soak_slow_by_{clock}": blamed(slow, clock),
                f"soak_slowest_by_{clock}": [told(frame, clock) for frame in slow[:LISTED]],
            }
        return figures | evenness("shown", self._since)


def evenness(name: str, times: array[float]) -> dict[str, float]:
    """How many, their median and p99 in milliseconds, and the ratio of those. times: seconds."""
    if not times:
        return {}
    p50, p99 = np.percentile(1000 * np.array(times), (50, 99)).tolist()
    table = {
        "frames": len(times),
        "p50_ms": round(p50, 2),
        "p99_ms": round(p99, 2),
        "p99_to_median": round(p99 / p50, 2) if p50 else 1.0,
    }
    return {f"{name}_{key}": value for key, value in table.items()}


def blamed(frames: list[Frame], clock: str) -> dict[str, list[float]]:
    """Part → in how many of the frames it was the longest, its milliseconds in those together, and at most: the worst first."""
    table: dict[str, list[float]] = {}
    for frame in frames:
        worst = max(frame.parts, key=lambda name: getattr(frame.parts[name], clock), default="")
        if worst:
            table.setdefault(worst, []).append(1000 * getattr(frame.parts[worst], clock))
    ordered = sorted(table.items(), key=lambda row: -sum(row[1]))
    return {name: [len(times), round(sum(times), 1), round(max(times), 1)] for name, times in ordered}


def told(frame: Frame, clock: str) -> dict[str, Any]:
    """A frame for JSON: milliseconds of the whole and of its longest parts."""
    parts = sorted(((name, getattr(span, clock)) for name, span in frame.parts.items()), key=lambda part: -part[1])[:4]
    whole = {f"{name}_ms": round(1000 * seconds, 1) for name, seconds in frame.span._asdict().items()}
    return {"doing": frame.doing, **whole, **{name: round(1000 * seconds, 1) for name, seconds in parts}}
