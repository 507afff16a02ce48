"""Writes the table of docs/design/benchmark.md from `rayverie bench --json --out docs/design/benchmark.json`.

.venv/bin/python scripts/benchmark_table.py
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from base.files import atomic_write

RESULT, PAGE = Path("docs/design/benchmark.json"), Path("docs/design/benchmark.md")
HEAD = "| what | measured | aim |\n|---|---|---|\n"


def rows(m: dict[str, Any]) -> list[tuple[str, str, str]]:
    """(what, measured, aim) for every line; m: the measurements by name."""
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


def main() -> None:
    measurements = json.loads(RESULT.read_text(encoding="utf-8"))["measurements"]
    table = HEAD + "".join(f"| {what} | {measured} | {aim} |\n" for what, measured, aim in rows(measurements))
    text = PAGE.read_text(encoding="utf-8")
    before, _, rest = text.partition(HEAD)
    after = "".join(line for line in rest.splitlines(keepends=True) if not line.startswith("|"))
    with atomic_write(PAGE) as temporary:
        temporary.write_text(before + table + after, encoding="utf-8")


if __name__ == "__main__":
    main()
