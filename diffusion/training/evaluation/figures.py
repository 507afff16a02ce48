"""The table of an evaluation's figures and their aims."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from base.errors import InputError
from base.files import atomic_write
from base.marked_text import fill_marked


@dataclass(frozen=True)
class Row:
    """One figure: its name, its aim, and its key in the evaluation ("measure.key"). unit: "%" for shares."""

    name: str
    aim: str
    key: str
    unit: str = "%"


ROWS = (
    Row(
        "joints with the right period ± 15 % (brick, planks, tiles, roof tiles; 3, 6 and 9 blocks)",
        "≥ 85 %",
        "joints.period",
    ),
    Row("… in the right phase", "≥ 80 %", "joints.phase"),
    Row("period at 4 blocks over that at 8", "1.9–2.1", "joints.near_over_far", ""),
    Row("material recognised, trained words", "≥ 90 %", "trained_words.material"),
    Row("… held-out words", "≥ 65 %", "held_out_words.material"),
    Row("light recognised", "", "trained_words.light"),
    Row("three regions in one view", "≥ 88 %", "regions.material"),
    Row("judge on reconstructions", "≥ 94 %", "judged_reconstruction.reconstructed"),
    Row("… on the truth", "", "judged_reconstruction.truth"),
    Row("reconstruction with the surface", "≥ 28 dB", "reconstruction.psnr", "dB"),
    Row("… without it", "", "reconstruction.psnr_untold", "dB"),
    Row("sharpness over the truth's, with the surface", "≥ 0.92", "reconstruction.sharpness", ""),
    Row("… without it", "", "reconstruction.sharpness_untold", ""),
    Row("picture edges where surfaces meet over elsewhere", "≥ 3", "edges.painted", ""),
    Row("… in the truth", "", "edges.truth", ""),
    Row("two views of one wall painted independently agree", "≥ 22 dB", "agreement.psnr", "dB"),
    Row("… two views of the truth", "", "agreement.truth", "dB"),
    Row("Fréchet distance", "≤ 7", "distance.painted", ""),
    Row("… truth from truth", "", "distance.truth", ""),
    Row("a larger guidance scale leads farther from no prompt", "≥ 95 %", "obedience.scale"),
    Row("… so does guidance compared with none", "≥ 95 %", "obedience.guidance"),
    Row("a negative prompt lowers its material's score", "≥ 80 %", "obedience.negative"),
    Row("two solvers agree better in 24 steps than in 4", "≥ 95 %", "obedience.solver"),
)


def table(found: dict[str, Any]) -> str:
    """Return a Markdown table of the figures that were measured."""
    lines = ["| measure | aim | reached | count |", "|---|---|---|---|"]
    for row in ROWS:
        part, _, key = row.key.partition(".")
        measured = found.get(part, {})
        value = measured.get(key)
        if value is not None:
            said = f"{100 * value:.1f} %" if row.unit == "%" else f"{value:.3g} {row.unit}".strip()
            lines.append(f"| {row.name} | {row.aim} | {said} | {measured['count']} |")
    return "\n".join(lines) if len(lines) > 2 else "Not measured yet."


def write_figures(page: Path, found: dict[str, Any]) -> None:
    """Write the table between its marks on a page. Raises InputError for a page without the marks."""
    try:
        text = fill_marked(page.read_text(encoding="utf-8"), "figures", table(found))
    except ValueError as error:
        raise InputError(page, "", str(error)) from None
    with atomic_write(page) as temporary:
        temporary.write_text(text, encoding="utf-8")
