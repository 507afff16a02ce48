"""`rayverie bench`: run named measurements on this machine and print a table or JSON. Each is a module of this package."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterator, Mapping
from importlib import import_module
from importlib.metadata import version
from typing import Any

from rich.console import Console
from rich.table import Table

from app.bench.bench import Bench, Figures
from app.commands import Bench as Flags
from app.inputs import inputs_of
from app.terminal import open_console
from base.files import atomic_write
from base.outputs import Output, refuse_outputs

# name → (module of this package, what it measures, whether it runs by default). A module has `measure(bench) -> Figures`,
# and `refuse_flags(flags)` if its flags can be invalid.
MEASUREMENTS: Mapping[str, tuple[str, str, bool]] = {
    "startup": ("startup", "time to the first frame and to the model being ready", True),
    "frames": ("frames", "frame time with and without a running worker, and the worker's speed", True),
    "volume": ("volume", "gather and scatter of a view", True),
    "dream": ("dream", "where the time of a dream goes", True),
    "pipeline": ("pipeline", "one picture compared with diffusers' pipeline and the same weights", True),
    "revisit": ("revisit", "returning to painted views", True),
    "materials": ("materials", "cost of 1 to 16 visible materials, by region execution", False),
    "soak": ("soak", "a random user at the window: failures, memory growth and frame times", False),
    "memory": ("memory", "how well stored latents and colours predict other views", False),
    "calls": ("calls", "share of the views on whole walks that are dreamed", False),
    "look": ("look", "how finely, sharply and evenly the frames of films are painted (slow)", False),
    "consistency": ("consistency", "persistence of paint, compared with other methods (slow)", False),
}


def run(flags: Flags) -> int:
    names = flags.only or tuple(name for name, (_, _, by_default) in MEASUREMENTS.items() if by_default)
    folders = (("--notes", flags.notes), ("--pictures", flags.pictures))
    outputs = [Output(flag, folder / "any.png") for flag, folder in folders if folder is not None]
    refuse_outputs(outputs + ([Output("--out", flags.out)] if flags.out is not None else []), inputs_of(flags))
    console = open_console(errors=True)
    modules = {name: import_module(f"app.bench.{MEASUREMENTS[name][0]}") for name in names}
    for module in modules.values():
        if hasattr(module, "refuse_flags"):  # report all invalid flags before the first measurement
            module.refuse_flags(flags)
    bench = Bench(flags)
    results: dict[str, Figures] = {}
    for name, module in modules.items():
        console.print(f"{name}: {MEASUREMENTS[name][1]} …")
        results[name] = module.measure(bench)
    reports = {k: v for figures in results.values() for k, v in figures.items() if isinstance(v, Mapping | list)}
    flat = {n: {k: v for k, v in figures.items() if k not in reports} for n, figures in results.items()}
    found = {"machine": machine(bench), "measurements": {n: v for n, v in flat.items() if v}, **reports}
    text = json.dumps(found, indent=2)
    if flags.out is not None:
        with atomic_write(flags.out) as temporary:
            temporary.write_text(text + "\n", encoding="utf-8")
    if flags.json:
        print(text)
    else:
        show(results, open_console())
    return 0


def machine(bench: Bench) -> dict[str, Any]:
    """The machine and software that the figures were measured with."""
    return {
        "cpu": platform.processor() or platform.machine(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "system": platform.system(),
        "python": platform.python_version(),
        "torch": version("torch"),
        "rayverie": version("rayverie"),
        "scene": bench.scene.name,
        **bench.facts,
    }


def flatten(figures: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield (name, value) of all figures, nested tables included; lists are left out."""
    for name, value in figures.items():
        if isinstance(value, Mapping):
            yield from flatten(value, f"{prefix}{name} ")
        elif not isinstance(value, list | tuple):
            yield prefix + name, value


def show(results: Mapping[str, Figures], console: Console) -> None:
    """Print a table of all figures."""
    table = Table("measurement", "figure")
    table.add_column("value", justify="right")
    for name, figures in results.items():
        for figure, value in flatten(figures):
            table.add_row(name, figure.replace("_", " "), f"{value:,.2f}" if isinstance(value, float) else str(value))
            name = ""
        table.add_section()
    console.print(table)
