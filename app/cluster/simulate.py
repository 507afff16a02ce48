"""A discrete-event model of a crew: how long a plan of sheets takes with any number of workers. The driver follows the very schedule
that paints (`app.loop.sheet_schedule`)."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass

from app.loop.sheet_schedule import SheetSchedule

DEPTH = 2  # requests per worker, so that it can start the next while a result is in transit


@dataclass(frozen=True)
class Costs:
    """Seconds. dream: of each sheet, on its worker; gather, lay: of each sheet, on the driver, which does one thing at a time;
    way: of a sheet to its worker and back, during which both do something else."""

    dream: Sequence[float]
    gather: Sequence[float]
    lay: Sequence[float]
    way: float = 0.0

    @property
    def work(self) -> float:
        """Total seconds of dreaming."""
        return sum(self.dream)

    @property
    def driver(self) -> float:
        return sum(self.gather) + sum(self.lay)


def simulate(required: Sequence[int], costs: Costs, workers: int) -> float:
    """Seconds until all sheets are laid. required: `engine.atlas.sheet_waves.count_required`."""
    schedule = SheetSchedule[None](required)
    free = [0.0] * workers  # when each worker is done with what it holds
    heapq.heapify(free)
    coming: list[tuple[float, int]] = []  # when a sheet is back at the driver
    now = 0.0
    while not schedule.done:
        if len(coming) < DEPTH * workers and (number := schedule.begin()) is not None:
            now += costs.gather[number]
            end = max(now + costs.way, heapq.heappop(free)) + costs.dream[number]
            heapq.heappush(free, end)
            heapq.heappush(coming, (end + costs.way, number))
        elif (turn := schedule.lay()) is not None:
            now += costs.lay[turn[0]]
        else:
            now = max(now, coming[0][0])
            while coming and coming[0][0] <= now:
                schedule.finish(heapq.heappop(coming)[1], None)
    return now


def longest_chain(required: Sequence[int], costs: Costs) -> float:
    """Return the lower bound in seconds for any number of workers: the longest chain of dependent sheets."""
    laid: list[float] = []  # when the first 1, 2, … sheets are laid
    for number, first in enumerate(required):
        begin = laid[first - 1] if first else 0.0
        laid.append(max(begin + costs.dream[number], laid[-1] if laid else 0.0))
    return laid[-1] if laid else 0.0


def beside_each_other(required: Sequence[int], waves: Sequence[int], times: int) -> tuple[list[int], list[int]]:
    """(required, which sheet each is) for `times` copies of a scene that don't touch, wave after wave. waves: of each sheet, rising."""
    number = {}  # (copy, sheet) → place
    for wave in sorted(set(waves)):
        mine = [k for k, one in enumerate(waves) if one == wave]
        for copy in range(times):
            for k in mine:
                number[copy, k] = len(number)
    more = [number[copy, required[k] - 1] + 1 if required[k] else 0 for copy, k in number]
    return more, [k for _, k in number]
