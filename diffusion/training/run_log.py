"""Read what a training run has written so far: its curves and its sheets of samples."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from base.errors import InputError
from base.reading import is_file, is_folder, parse_json, read_text

LOG, SHEETS = "log.jsonl", "samples"
USUAL = ("step", "lr", "steps_per_s", "grad_norm")
"""Fields of a log line that are neither losses nor figures of held-out pictures."""

Curve = tuple[tuple[int, float], ...]
"""(step, value) of each log line that has the value, by step."""


@dataclass(frozen=True)
class RunLog:
    """curves: by name, "loss" first, then the figures that are measured with each sheet; sheets: (step, file) by step."""

    name: str
    curves: Mapping[str, Curve]
    sheets: tuple[tuple[int, Path], ...]

    @cached_property
    def last(self) -> int:
        """The last step in the log."""
        return max(step for step, _ in (*self.curves["loss"], *self.sheets))


def read_run(folder: Path) -> RunLog:
    """Read a run's folder. Raises InputError if it has no log, no loss or no sheets, naming the file and the line."""
    path = folder / LOG
    if not is_folder(folder) or not is_file(path):
        raise InputError(folder, LOG, "isn't there; a training run's folder holds one")
    values: dict[str, dict[int, float]] = {"loss": {}}
    lines = read_text(path, "the log of a training run").splitlines(keepends=True)
    for number, line in enumerate(lines, 1):
        if line.strip() and (line.endswith("\n") or number < len(lines)):  # the last line may be incomplete
            _add(values, parse_json(line, path, "an object of numbers", f"line {number}"), path, f"line {number}")
    if not values["loss"]:
        raise InputError(path, "", "has no loss yet; train further")
    sheets = tuple(sorted((int(f.stem), f) for f in (folder / SHEETS).glob("*.png") if f.stem.isdecimal()))
    if not sheets:
        raise InputError(folder / SHEETS, "", "holds no sheets of samples; runs make one every `sample_every` steps")
    curves = {name: tuple(sorted(curve.items())) for name, curve in values.items()}
    return RunLog(folder.resolve().name, curves, sheets)


def _add(values: dict[str, dict[int, float]], line: object, path: Path, where: str) -> None:
    """Add a line's loss, or all figures of a line without one. Steps repeated after a resume replace the earlier ones."""
    if not isinstance(line, dict) or not all(
        isinstance(v, int | float) and not isinstance(v, bool) for v in line.values()
    ):
        raise InputError(path, where, "must be an object of numbers")
    if not isinstance(step := line.get("step"), int) or step < 0:
        raise InputError(path, where, 'has no "step", a whole number')
    names = ("loss",) if "loss" in line else tuple(name for name in line if name not in USUAL)
    for name in names:
        values.setdefault(name, {})[step] = float(line[name])
