"""Write the tables of docs/design/persistence.md from docs/design/persistence.json.

The JSON is the result of `rayverie bench consistency memory --json --out …`.

.venv/bin/python scripts/persistence_tables.py
"""

from __future__ import annotations

import json
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

from base.files import atomic_write
from base.marked_text import fill_marked

RESULT, PAGE = Path("docs/design/persistence.json"), Path("docs/design/persistence.md")
METHODS = "independent", "seed", "warp", "ours"
FIGURES = {  # key → (name in the table, format)
    "cross_view_psnr": ("cross-view PSNR, dB", ".1f"),
    "cross_view_ssim": ("cross-view SSIM", ".3f"),
    "revisit_error": ("revisit error, 0..255", ".2f"),
    "revisit_error_kept": ("revisit error on what is still the same paint", ".3f"),
    "kept_share": ("share that is still the same paint", ".2f"),
    "drift": ("drift after the revisits, 0..255", ".3f"),
    "sharpness": ("sharpness ÷ fresh generation", ".2f"),
    "seam_energy": ("seam energy", ".2f"),
    "seam_steps": ("steps at seams ÷ steps inside", ".2f"),
    "coverage": ("coverage", ".3f"),
    "coverage_per_call": ("views covered per model call", ".3f"),
    "model_calls": ("model calls", ".0f"),
    "seconds": ("seconds", ".0f"),
}
AIMS = {
    "cross_view_psnr": "cross-view PSNR, dB",
    "decibels_above_the_best_other": "decibels above the best other",
    "sharpness": "sharpness",
    "revisit_error_kept": "revisit error on kept paint",
    "drift_kept": "drift on kept paint",
    "seam_energy": "seam energy",
    "share_of_independent_calls": "share of independent's calls",
}


def shown(value: float | None, form: str) -> str:
    return "–" if value is None else format(value, form)


def table(head: tuple[str, ...], rows: list[tuple[str, ...]], numbers: int) -> str:
    """A Markdown table; the last `numbers` columns are right-aligned."""
    rule = ["---"] * (len(head) - numbers) + ["---:"] * numbers
    return "\n".join("| " + " | ".join(row) + " |" for row in (head, tuple(rule), *rows))


def methods(found: dict[str, Any]) -> str:
    rows = [
        (name, *(shown(found["methods"][m].get(key), form) for m in METHODS)) for key, (name, form) in FIGURES.items()
    ]
    return table(("", *METHODS), rows, len(METHODS))


def aims(found: dict[str, Any]) -> str:
    rows = []
    for key, name in AIMS.items():
        aim = found["aims"][key]
        wanted = f"≥ {aim['at_least']}" if "at_least" in aim else f"≤ {aim['at_most']}"
        rows.append((name, wanted, shown(aim["value"], ".4f"), "yes" if aim["met"] else "no"))
    return table(("aim", "wanted", "reached", ""), rows, 3)


def paths(found: dict[str, Any]) -> str:
    """PSNR / revisit error / sharpness / seam energy of each path and method, mean over the scenes."""
    rows = []
    for path in found["plan"]["paths"]:
        cells = []
        for method in METHODS:
            walks = [w["figures"] for w in found["walks"] if (w["path"], w["method"]) == (path, method)]
            means = [
                (form, [w[key] for w in walks if w[key] is not None])
                for key, form in (
                    ("cross_view_psnr", ".1f"),
                    ("revisit_error", ".1f"),
                    ("sharpness", ".2f"),
                    ("seam_energy", ".1f"),
                )
            ]
            cells.append("/".join(shown(sum(v) / len(v) if v else None, form) for form, v in means))
        rows.append((path, *cells))
    return table(("path", *METHODS), rows, len(METHODS))


def run(found: dict[str, Any]) -> str:
    plan, machine = found["plan"], found["machine"]
    *scenes, last = (f"`{name}`" for name in plan["scenes"])
    scenes = f"{', '.join(scenes)} and {last}" if scenes else last
    text = (
        f"{plan['views']} views of each path (the last is the revisit) and {plan['revisits']} revisits for the drift, on {scenes}; "
        f"{plan['steps']} steps, {machine['cores']} CPU cores that had other work to do, model `{machine['model']}`."
    )
    return textwrap.fill(text, 118)


def memory(found: dict[str, Any]) -> str | None:
    """None if the run didn't measure it; the page then keeps its text."""
    figures = found["measurements"].get("memory")
    if not figures:
        return None
    moves = [key.removesuffix("_share_of_latents") for key in figures if key.endswith("_share_of_latents")]
    rows = [
        (
            move.replace("_", " "),
            *(shown(figures[f"{move}_{name}_db"], ".1f") for name in ("latents", "colours", "both")),
            shown(figures[f"{move}_share_of_latents"], ".0%"),
        )
        for move in moves
    ]
    return table(("seen from", "latents, dB", "colours, dB", "both, dB", "taken from latents"), rows, 4)


BLOCKS: dict[str, Callable[[dict[str, Any]], str | None]] = {
    "run": run, "methods": methods, "aims": aims, "paths": paths, "memory": memory,
}  # fmt: skip


def main() -> None:
    found, text = json.loads(RESULT.read_text(encoding="utf-8")), PAGE.read_text(encoding="utf-8")
    for name, write in BLOCKS.items():
        if (block := write(found)) is not None:
            text = fill_marked(text, name, block)
    with atomic_write(PAGE) as temporary:
        temporary.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
