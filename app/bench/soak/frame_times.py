"""Frame times during dreams: median, p99, and the activity in slow frames."""

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
MAX_SLOW_FRAMES = (
    1000  # slowest frames stored with their parts; bounded, because the measurement's own memory must not grow
)
MAX_LISTED = 20  # slow frames listed one by one


@dataclass(frozen=True)
class Frame:
    """span: of the whole frame; parts: name of a part of the frame → its span; doing: the current gesture; drawn: whether the
    scene was redrawn (a still picture isn't); since: seconds since the previous frame was shown."""

    span: Span
    parts: Mapping[str, Span]
    doing: str
    drawn: bool = False
    since: float = 0.0


class FrameTimes:
    """Times of frames during dreams. Frames that redraw the scene are also counted separately: compared with frames that
    don't, every frame of a walk would count as slow."""

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
            if len(heap) < MAX_SLOW_FRAMES:
                heapq.heappush(heap, (seconds, number, frame))
            elif seconds > heap[0][0]:
                heapq.heapreplace(heap, (seconds, number, frame))

    @property
    def figures(self) -> dict[str, Any]:
        """Milliseconds of wall time (wall) and of the main thread's processor time (cpu): median, p99, their ratio, the share of
        slow frames and their activity; the same for still and drawn frames, and for the time between shown frames (shown)."""
        figures: dict[str, Any] = {"dreaming_frames": len(self._times["wall"])}
        for clock, times in self._times.items() if self._times["wall"] else ():
            p50 = 1000 * float(np.median(times))
            slow = [frame for s, _, frame in sorted(self._slowest[clock], reverse=True) if 1000 * s > SLOW * p50]
            figures |= {
                **summarize_times(clock, times),
                **summarize_times(f"{clock}_still", self._kinds[clock, False]),
                **summarize_times(f"{clock}_drawn", self._kinds[clock, True]),
                f"{clock}_slow_share": round(float((1000 * np.array(times) > SLOW * p50).mean()), 4),
                f"soak_slow_by_{clock}": sum_worst_parts(slow, clock),
                f"soak_slowest_by_{clock}": [describe_frame(frame, clock) for frame in slow[:MAX_LISTED]],
            }
        return figures | summarize_times("shown", self._since)


def summarize_times(name: str, times: array[float]) -> dict[str, float]:
    """Count, median and p99 in milliseconds, and p99 ÷ median. times: seconds."""
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


def sum_worst_parts(frames: list[Frame], clock: str) -> dict[str, list[float]]:
    """Part → [number of frames in which it was the longest, their total milliseconds, their maximum]; largest total first."""
    table: dict[str, list[float]] = {}
    for frame in frames:
        worst = max(frame.parts, key=lambda name: getattr(frame.parts[name], clock), default="")
        if worst:
            table.setdefault(worst, []).append(1000 * getattr(frame.parts[worst], clock))
    ordered = sorted(table.items(), key=lambda row: -sum(row[1]))
    return {name: [len(times), round(sum(times), 1), round(max(times), 1)] for name, times in ordered}


def describe_frame(frame: Frame, clock: str) -> dict[str, Any]:
    """A frame for JSON: milliseconds of the whole and of its four longest parts."""
    parts = sorted(((name, getattr(span, clock)) for name, span in frame.parts.items()), key=lambda part: -part[1])[:4]
    whole = {f"{name}_ms": round(1000 * seconds, 1) for name, seconds in frame.span._asdict().items()}
    return {"doing": frame.doing, **whole, **{name: round(1000 * seconds, 1) for name, seconds in parts}}
