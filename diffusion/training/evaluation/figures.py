"""The evaluation as a table of figures and their aims, for the model card and the training page."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from base.errors import InputError
from base.files import atomic_write
from diffusion.training.config import UnetConfig

Found = dict[str, dict[str, float]]
BEGIN, END = "<!-- figures -->", "<!-- /figures -->"
PAGE = Path("docs/design/training.md")


@dataclass(frozen=True)
class Row:
    """One figure: its name, its aim, and its key in the evaluation ("measure.key"). unit: "%" for shares."""

    name: str
    aim: str
    key: str
    unit: str = "%"


ROWS = (
    Row("reconstruction, PSNR", "≥ 27 dB", "reconstruction.psnr_db", "dB"),
    Row("… SSIM", "", "reconstruction.ssim", ""),
    Row("… sharpness ratio", "≥ 0.9", "reconstruction.sharpness_ratio", ""),
    Row("judge's material on ground truth", "≥ 97 %", "reconstruction.material_truth"),
    Row("… on its reconstruction", "within 5 points", "reconstruction.material_reconstructed"),
    Row("judge's light on ground truth", "", "reconstruction.light_truth"),
    Row("… on its reconstruction", "", "reconstruction.light_reconstructed"),
    Row("samples' material, trained words", "≥ 90 %", "adherence.material"),
    Row("… light", "≥ 90 %", "adherence.light"),
    Row("samples' material, held-out words", "≥ 75 %", "held_out_words.material"),
    Row("regions of three walls, MultiDiffusion: material", "≥ 85 %", "regions.material"),
    Row("… regional attention: material", "", "regional_attention.material"),
    Row("… the student's 4 steps, regional attention (the default)", "≥ 85 %", "student_regions.attention"),
    Row("… the student's 4 steps, MultiDiffusion", "", "student_regions.batched"),
    Row(
        "the student's 4 steps (the default): material, trained words",
        "≥ 90 %; ≤ 3 points below 20",
        "student.material",
    ),
    Row("… light", "≥ 90 %", "student.light"),
    Row("… material, held-out words", "≥ 75 %", "student.held_out"),
    Row("… Fréchet distance", "", "student.distance", ""),
    Row("… joints with ground truth's period ± 15 %, mean of all", "all", "student.joints"),
    Row("… the colour word's colour is the nearest of eleven", "", "student.nearest_colour"),
    Row("few steps: material of the model at 20 (dpmpp_2m)", "", "few_steps.material_20"),
    Row("… at 4", "≤ 3 points less", "few_steps.material_4"),
    Row("… Fréchet distance at 20", "", "few_steps.distance_20", ""),
    Row("… at 4", "", "few_steps.distance_4", ""),
    Row("Fréchet distance, averaged weights", "", "averaging.ema", ""),
    Row("… raw weights", "", "averaging.raw", ""),
    Row("… ground truth from other ground truth", "", "averaging.truth", ""),
    Row("joints with ground truth's period ± 15 %, mean of all", "all", "joints.mean"),
    Row("… brick 3 blocks away", "all", "joints.brick at 3"),
    Row("… planks 3 blocks away", "all", "joints.planks at 3"),
    Row("… tiles 3 blocks away", "all", "joints.tiles at 3"),
    Row("… roof tiles 3 blocks away", "all", "joints.roof tiles at 3"),
    Row("brick's period 4 blocks away over that at 8", "2", "depth.near_over_far", ""),
    Row("mean change of a pixel without depth (0…255)", "> 0", "depth.difference", ""),
    Row("gradient on depth's edges over elsewhere, with depth", "above the next", "depth.edges_with", ""),
    Row("… without depth", "", "depth.edges_without", ""),
    Row("colour words: mean RGB distance", "stated", "colours.distance", ""),
    Row("… the word's colour is the nearest of eleven", "", "colours.nearest"),
    Row("… cosine of the hues", "", "colours.hue_cosine", ""),
)


def table(found: Found) -> str:
    """A Markdown table of the measured figures; others are left out."""
    lines = ["| measure | aim | reached | count |", "|---|---|---|---|"]
    for row in ROWS:
        part, _, key = row.key.partition(".")
        measured = found.get(part, {})
        value = measured.get(key)
        if value is not None:
            said = f"{100 * value:.1f} %" if row.unit == "%" else f"{value:.3g} {row.unit}".strip()
            lines.append(f"| {row.name} | {row.aim} | {said} | {measured.get('count', '')} |")
    return "\n".join(lines) if len(lines) > 2 else "Not measured yet."


def write_figures(page: Path, found: Found) -> None:
    """Replace the text between BEGIN and END on a page. Raises InputError if the marks are missing."""
    text = page.read_text(encoding="utf-8")
    head, begin, rest = text.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not begin or not end:
        raise InputError(page, "", f"has no place for figures: {BEGIN} … {END}")
    with atomic_write(page) as temporary:
        temporary.write_text(f"{head}{BEGIN}\n{table(found)}\n{END}{tail}", encoding="utf-8")


def write_page(config: UnetConfig) -> Path:
    """Write a run's evaluation into the training page of the current checkout. Raises InputError if there is none yet."""
    evaluation = Path(config.out) / "evaluation.json"
    if not evaluation.is_file():
        raise InputError(evaluation, "", "isn't there yet; evaluate first")
    write_figures(PAGE, json.loads(evaluation.read_text(encoding="utf-8")))
    return PAGE
