"""Write the tables of docs/design/benchmark.md from `rayverie bench --json --out docs/design/benchmark.json` and
`rayverie bench look --json --out docs/design/look.json`.

.venv/bin/python scripts/benchmark_table.py
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from base.files import atomic_write
from base.marked_text import fill_marked

RESULT, LOOK, PAGE = (Path("docs/design") / name for name in ("benchmark.json", "look.json", "benchmark.md"))
HEAD = ("what", "measured", "aim"), ("---", "---", "---")


def rows(m: dict[str, Any]) -> list[tuple[str, str, str]]:
    """(name, value, aim) of every row; m: the measurements by name."""
    frames, volume, dream = m["frames"], m["volume"], m["dream"]
    pipeline, revisit, startup = m["pipeline"], m["revisit"], m["startup"]
    table = [
        ("frame at 960×540 (p50 / p99)", f"{frames['alone_p50_ms']:.0f} / {frames['alone_p99_ms']:.0f} ms", ""),
        (
            "the same while the worker dreams",
            f"{frames['with_worker_p50_ms']:.0f} / {frames['with_worker_p99_ms']:.0f} ms",
            "",
        ),
        (
            "worker's model calls beside a window that redraws all the time",
            f"{frames['worker_share']:.0%} of its calls alone",
            "≥ 70 %",
        ),
        (
            "gather + scatter, latents alone, 512×512",
            f"{volume['latents_gather_512_ms']:.0f} + {volume['latents_scatter_512_ms']:.0f} ms",
            "≤ 5 ms",
        ),
    ]
    for size, aim in ((512, "≤ 40 ms"), (1024, "")):
        spent = f"{volume[f'gather_{size}_ms']:.0f} + {volume[f'scatter_{size}_ms']:.0f} ms"
        table.append((f"gather + scatter, latents and colours, {size}×{size}", spent, aim))
    view = dream["size"].replace("x", "×")
    spent = (
        f"{dream['total_s']:.1f} s: U-Net {dream['unet_s']:.2f}, VAE {dream['vae_s']:.2f}, "
        f"all else {dream['else_share']:.1%}"
    )
    table += [
        (f"dream of a {view} view, {dream['regions']:.0f} materials, {dream['steps']} steps", spent, "all else ≤ 10 %"),
        (
            "revisit of painted views",
            f"{revisit['second_round_calls']} model calls, {revisit['identical_share']:.0%} of texels identical",
            "0, 100 %",
        ),
        ("bookkeeping per step outside the U-Net, 64×64×4", f"{pipeline['step_outside_unet_ms']:.2f} ms", "≤ 2 ms"),
        (
            "start to first frame / to the model being ready",
            f"{startup['first_frame_s']:.1f} / {startup['model_ready_s']:.1f} s",
            "",
        ),
    ]
    if "materials" in m:
        costs, bounds = m["materials"], {"attention": ("≤ 1.3", "≤ 1.5"), "cropped": ("", ""), "batched": ("", "")}
        for execution, (eight, sixteen) in bounds.items():
            ratios = f"{costs[f'{execution}_8_ratio']:.2f} and {costs[f'{execution}_16_ratio']:.2f} of one's time"
            aims = f"{eight}, {sixteen}" if eight else ""
            if execution == "cropped":
                aims = f"its boxes: {costs['cropped_8_share']:.2f} and {costs['cropped_16_share']:.2f}, + 20 %"
            table.append((f"8 and 16 materials, regions {execution}", ratios, aims))
    return table


LOOKS = {  # key of a tour → (name in the table, format)
    "bare": ("bare pixels", ".2%"),
    "bare_worst": ("the same in the worst frame", ".2%"),
    "under_dense": ("pixels at less than half of their density", ".2%"),
    "under_dense_worst": ("the same in the worst frame", ".2%"),
    "beyond_the_atlas": ("pixels that need more than twice what a texel holds", ".1%"),
    "sharpness": ("sharpness ÷ fresh pictures", ".2f"),
    "streaks": ("streaks of the ground ÷ fresh sheets", ".2f"),
    "canvases": ("canvases for the film", ".0f"),
    "dreaming_cpu_s_for_a_second": ("processor seconds for a second of film", ".1f"),
    "whole_scene_canvases": ("canvases for the whole scene", ".0f"),
    "whole_scene_cpu_s": ("processor seconds for the whole scene", ".0f"),
    "revisit_calls": ("model calls when filmed again", ".0f"),
}


def looks(tours: list[dict[str, Any]]) -> str:
    """A column for each tour."""
    head = ("", *(tour["scene"] for tour in tours)), ("---", *("---:" for _ in tours))
    body = [
        (name, *("–" if tour[key] is None else format(tour[key], form) for tour in tours))
        for key, (name, form) in LOOKS.items()
    ]
    return lines(*head, *body)


def lines(*rows: tuple[str, ...]) -> str:
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def main() -> None:
    measured, tours = (json.loads(file.read_text(encoding="utf-8")) for file in (RESULT, LOOK))
    text = fill_marked(PAGE.read_text(encoding="utf-8"), "machine", lines(*HEAD, *rows(measured["measurements"])))
    text = fill_marked(text, "look", looks(tours["tours"]))
    with atomic_write(PAGE) as temporary:
        temporary.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
