"""The progress of a dream, part by part, and its remaining time if it runs as fast as earlier dreams."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from app.fields import Size
from diffusion.canvas import DREAM_PARTS

PARTS = (*DREAM_PARTS, "laying")
STEPS, LAYING = "steps", "laying"
USUAL: Mapping[str, float] = {"preparing": 0.05, STEPS: 0.5, "decoding": 0.2, "blending": 0.05, LAYING: 0.2}
"""Assumed shares of a dream's time until one was timed."""
FULLEST = 0.99  # maximum of a progress bar before everything is done
NEWEST = 0.5  # weight of the last dream in the running average


@dataclass(frozen=True)
class DreamTimes:
    """A dream's times. size: of its canvas in pixels; seconds: by part of PARTS; network: seconds in U-Net, VAE and text encoder."""

    words: str
    size: Size
    steps: int
    calls: int
    seconds: Mapping[str, float]
    network: float

    @property
    def total(self) -> float:
        return sum(self.seconds.values())

    @property
    def summary(self) -> str:
        width, height = self.size
        return f"{self.words[:1].upper()}{self.words[1:]}: {self.total:.2f} s ({width}×{height}, {self.steps} steps)"

    @property
    def details(self) -> str:
        """A line for each part, for people and for copying."""
        rows = [(part, f"{1000 * self.seconds.get(part, 0.0):.0f} ms") for part in PARTS]
        share = self.network / max(self.total, 1e-9)
        rows += [("in the network", f"{1000 * self.network:.0f} ms ({share:.0%})"), ("network calls", str(self.calls))]
        rows += [("pixels", f"{self.size[0] * self.size[1]:,}")]
        return "\n".join(f"{name}: {value}" for name, value in rows)


@dataclass(frozen=True)
class Pace:
    """Seconds per pixel of each part (per pixel and step for steps), learnt from dreams; {} before the first."""

    rates: Mapping[str, float] = field(default_factory=dict)

    def learn(self, times: DreamTimes) -> Pace:
        """Return the pace updated by another dream."""
        found = {part: s / _amount(part, times.size, times.steps) for part, s in times.seconds.items()}
        before = {part: self.rates.get(part, rate) for part, rate in found.items()}
        return Pace({part: NEWEST * rate + (1 - NEWEST) * before[part] for part, rate in found.items()})

    def expect(self, size: Size, steps: int) -> dict[str, float]:
        """Return the expected seconds of each part; before the first dream, shares of an unknown total."""
        if not self.rates:
            return dict(USUAL)
        return {part: self.rates.get(part, 0.0) * _amount(part, size, steps) for part in PARTS}


@dataclass(frozen=True)
class Progress:
    """A running dream. part: of PARTS, begun at `since` (seconds on some clock); step: number of finished steps."""

    size: Size
    steps: int
    part: str = PARTS[0]
    since: float = 0.0
    step: int = 0

    def enter(self, part: str, now: float) -> Progress:
        return replace(self, part=part, since=now)

    def share(self, pace: Pace, now: float) -> float:
        """Return the finished share by time, 0..1 (at most FULLEST)."""
        expected = pace.expect(self.size, self.steps)
        done = sum(expected[part] for part in PARTS[: PARTS.index(self.part)]) + self._within(expected, pace, now)
        return min(done / max(sum(expected.values()), 1e-9), FULLEST)

    def seconds_left(self, pace: Pace, now: float) -> float | None:
        """Return the seconds left; None until a dream was timed."""
        return (1 - self.share(pace, now)) * sum(pace.expect(self.size, self.steps).values()) if pace.rates else None

    def words(self, now: float) -> str:
        """Return the part as text, with the step, or with its seconds so far if it has no steps."""
        if self.part in (STEPS, PARTS[0]):
            return f"step {self.step} of {self.steps}"
        waited = now - self.since
        return self.part if waited < 0.5 else f"{self.part}, {waited:.0f} s"

    def _within(self, expected: Mapping[str, float], pace: Pace, now: float) -> float:
        """Seconds of the running part that are done."""
        if self.part == STEPS:
            return expected[STEPS] * min(self.step / self.steps, 1)
        return min(now - self.since, expected[self.part]) if pace.rates else 0.0


def _amount(part: str, size: Size, steps: int) -> float:
    return size[0] * size[1] * (max(steps, 1) if part == STEPS else 1)


def about(seconds: float) -> str:
    """Format a duration for people: "≈ 4 s", "≈ 40 s", "≈ 12 min", "≈ 2 h 5 min"."""
    if seconds < 90:
        step = 1 if seconds < 20 else 5 if seconds < 45 else 10
        return f"≈ {max(1, round(seconds / step) * step)} s"
    minutes = round(seconds / 60)
    return f"≈ {minutes} min" if minutes < 60 else f"≈ {minutes // 60} h {minutes % 60} min"
