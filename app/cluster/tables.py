"""The tables of docs/scaling.md, from what scripts/scaling.py measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from app.cluster.simulate import Costs, beside_each_other, longest_chain, simulate
from base.marked_text import fill_marked

WORKERS = (1, 2, 4, 8, 64, 512)
NETWORK = 1250.0  # megabytes a second that the driver sends and takes: 10 Gbit/s
WAY = 0.001  # seconds of a message


def write_tables(page: str, measured: dict[str, Any]) -> str:
    """The page with its tables written anew."""
    for name, table in (("parts", parts_table), ("scenes", scenes_table), ("speeds", speeds_table)):
        page = fill_marked(page, name, table(measured))
    return page


def costs_of(measured: dict[str, Any], cells: Sequence[int]) -> Costs:
    """The costs of sheets of so many latent pixels: straight lines through the measured ones."""
    rows = measured["sheets"]
    known = np.array([[row["cells"], 1.0] for row in rows])

    def fitted(name: str) -> np.ndarray:
        line = np.linalg.lstsq(known, np.array([row[name] for row in rows]), rcond=None)[0]
        return np.maximum(np.array([[n, 1.0] for n in cells]) @ line, min(row[name] for row in rows))

    gather, lay = fitted("gather") + fitted("sent") / NETWORK, fitted("lay") + fitted("back") / NETWORK
    return Costs(fitted("dream").tolist(), gather.tolist(), lay.tolist(), WAY)


def parts_table(measured: dict[str, Any]) -> str:
    """What a sheet costs."""
    rows = measured["sheets"]
    middle = {name: float(np.median([row[name] for row in rows])) for name in rows[0]}
    lines = [
        ("latent pixels", f"{middle['cells']:.0f}"),
        ("driver: gather and build the canvas", f"{1000 * middle['gather']:.0f} ms"),
        ("worker: dream", f"{1000 * middle['dream']:.0f} ms"),
        ("driver: lay", f"{1000 * middle['lay']:.0f} ms"),
        ("to the worker, and back", f"{middle['sent']:.1f} MB, {middle['back']:.1f} MB"),
    ]
    return _table(("a sheet (median)", ""), lines)


def scenes_table(measured: dict[str, Any]) -> str:
    """How far the sheets of each scene depend on one another."""
    lines = []
    for name, scene in measured["scenes"].items():
        costs = costs_of(measured, scene["cells"])
        planned = _in_plan(scene, costs)
        lines.append(
            (
                name,
                str(len(scene["cells"])),
                ", ".join(map(str, np.bincount(scene["waves"]))),
                f"{costs.work / longest_chain(scene['required'], costs):.0f}",
                f"{costs.work / longest_chain(scene['required_in_plan'], planned):.1f}",
            )
        )
    return _table(("scene", "sheets", "of each wave", "most workers busy, in waves", "nearest first"), lines)


def speeds_table(measured: dict[str, Any]) -> str:
    """Times as fast as one worker, for each number of workers."""
    scene = measured["scenes"]["hamlet"]
    costs = costs_of(measured, scene["cells"])
    wide, which = beside_each_other(scene["required"], scene["waves"], 16)
    cases = (
        ("hamlet, a core each", scene["required"], costs),
        ("the same, nearest first instead of in waves", scene["required_in_plan"], _in_plan(scene, costs)),
        ("dreams ten times as fast", scene["required"], _dreaming(costs, 0.1)),
        ("dreams ten times as slow", scene["required"], _dreaming(costs, 10)),
        ("the same, on 16 hamlets", wide, _pick(_dreaming(costs, 10), which)),
        ("the same, with a driver ten times as fast", wide, _pick(_scale_driver(_dreaming(costs, 10), 0.1), which)),
    )
    lines = []
    for words, required, spent in cases:
        alone = simulate(required, spent, 1)
        found = [alone / simulate(required, spent, workers) for workers in WORKERS]
        lines.append((words, *(f"{times:.1f}" if times < 20 else f"{times:.0f}" for times in found)))
    return _table(("workers", *map(str, WORKERS)), lines)


def _in_plan(scene: dict[str, Any], costs: Costs) -> Costs:
    """The costs in the plan's own order."""
    return _pick(costs, np.argsort(scene["plan"]).tolist())


def _pick(costs: Costs, which: Sequence[int]) -> Costs:
    dream, gather, lay = ([values[k] for k in which] for values in (costs.dream, costs.gather, costs.lay))
    return Costs(dream, gather, lay, costs.way)


def _dreaming(costs: Costs, times: float) -> Costs:
    return replace(costs, dream=[times * seconds for seconds in costs.dream])


def _scale_driver(costs: Costs, times: float) -> Costs:
    return replace(costs, gather=[times * s for s in costs.gather], lay=[times * s for s in costs.lay])


def _table(head: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    rule = "|---" * len(head) + "|"
    return "\n".join(["| " + " | ".join(head) + " |", rule, *("| " + " | ".join(line) + " |" for line in lines)])
