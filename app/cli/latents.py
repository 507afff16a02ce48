"""`rayverie latents`: statistics of each entry of a file of latents, and its comparison with another file."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from rich import box
from rich.table import Table

from app.commands import Latents
from app.inputs import inputs_of
from app.terminal import escape_json, open_console
from base.errors import InputError
from base.files import atomic_write
from base.outputs import Output, png_mark, refuse_outputs

STATISTICS = ("mean", "deviation", "least", "greatest", "skewness", "kurtosis", "waves")
COMPARISON = ("cosine", "difference", "ratio")


def run(command: Latents) -> int:
    if not 1 <= len(command.files) <= 2:
        given = f"names {len(command.files)} files" if command.files else "is missing"
        raise InputError("rayverie latents", "FILE", f"{given}; give one file of latents, or two to compare")
    if command.plot is not None:
        if command.plot.suffix.lower() != ".png":
            raise InputError("--plot", "", f"is {command.plot}; it must be a .png file")
        refuse_outputs([Output("--plot", command.plot)], inputs_of(command))
    rows = measure(command)
    if command.json:
        print(escape_json(json.dumps(rows, indent=2)))
    else:
        show(rows)
    if command.plot is not None:
        from diffusion.text2image.line_plot import draw_plots

        with atomic_write(command.plot) as temporary:
            draw_plots(plots_of(rows), "entry").save(temporary, format="PNG", pnginfo=png_mark())
    return 0


def measure(command: Latents) -> list[dict[str, Any]]:
    """A row of figures for each entry: of the first file, and of its comparison with the second. Raises InputError."""
    from diffusion.sampling.latent_statistics import batch_statistics, compare_batches
    from diffusion.text2image.latent_files import load_latents

    batches = [load_latents(path) for path in command.files]
    first = batches[0]
    rows = [
        {"sigma": s} | asdict(found) for s, found in zip(first.sigmas, batch_statistics(first.latents), strict=True)
    ]
    for other, path in zip(batches[1:], command.files[1:], strict=True):
        if other.latents.shape != first.latents.shape:
            shapes = [" × ".join(map(str, batch.latents.shape)) for batch in (other, first)]
            raise InputError(path, "latents", f"are {shapes[0]}, those of {command.files[0]} are {shapes[1]}")
        compared = compare_batches(first.latents, other.latents)
        rows = [row | asdict(found) for row, found in zip(rows, compared, strict=True)]
    return rows


def show(rows: list[dict[str, Any]]) -> None:
    """A table of the statistics, and one of the comparison if there is one: together they are wider than many terminals."""
    console = open_console()
    for names in (("sigma", *STATISTICS), COMPARISON):
        if names[0] not in rows[0]:
            continue
        table = Table("", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
        for name in names:
            table.add_column(name, justify="right", no_wrap=True)
        for place, row in enumerate(rows):
            table.add_row(str(place), *(f"{row[name]:.3g}" for name in names))
        console.print(table)


def plots_of(rows: list[dict[str, Any]]) -> dict[str, dict[str, list[float]]]:
    """The figures as curves, those of one size on one plot."""
    groups = {
        "Values": STATISTICS[:4],
        "Shape": STATISTICS[4:],
        "Comparison": COMPARISON,
    }
    curves = {title: {n: [row[n] for row in rows] for n in names if n in rows[0]} for title, names in groups.items()}
    return {title: found for title, found in curves.items() if found}
