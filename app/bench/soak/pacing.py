"""How even the frames are while something is dreamed, and what the uneven ones were busy with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from app.explorer.pace import Span

SLOW = 2.5  # times the median
LISTED = 20  # slow frames told one by one


@dataclass(frozen=True)
class Frame:
    """span: of all of it; parts: by what ran; dreaming: whether the model worked beside it; doing: the gesture under way."""

    span: Span
    parts: Mapping[str, Span]
    dreaming: bool
    doing: str


def pacing(frames: list[Frame]) -> dict[str, Any]:
    """Milliseconds of the frames beside a dream, on the clock (wall) and of the main thread alone (cpu): median, p99, their ratio,
    the share of slow frames, and what those did."""
    beside = [frame for frame in frames if frame.dreaming]
    figures: dict[str, Any] = {"dreaming_frames": len(beside)}
    for clock in Span._fields if beside else ():
        times = np.array([1000 * getattr(frame.span, clock) for frame in beside])
        p50, p99 = np.percentile(times, (50, 99))
        slow = [beside[i] for i in np.argsort(-times) if times[i] > SLOW * p50]
        figures |= {
            f"{clock}_p50_ms": round(p50, 2),
            f"{clock}_p99_ms": round(p99, 2),
            f"{clock}_p99_to_median": round(p99 / p50, 2),
            f"{clock}_slow_share": round(len(slow) / len(beside), 4),
            f"soak_slow_by_{clock}": blamed(slow, clock),
            f"soak_slowest_by_{clock}": [told(frame, clock) for frame in slow[:LISTED]],
        }
    return figures


def blamed(frames: list[Frame], clock: str) -> dict[str, list[float]]:
    """Part → in how many of the frames it was the longest, and its milliseconds in those: the worst first."""
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
