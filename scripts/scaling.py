"""Measure the parts of painting a scene with several workers, and write the tables of docs/scaling.md.

    .venv/bin/python scripts/scaling.py record     # measures, writes docs/design/scaling.json (some minutes)
    .venv/bin/python scripts/scaling.py            # simulates from that file, writes the tables

Times are CPU seconds of this process on one core, so that other programs on the machine don't matter.
"""

from __future__ import annotations

import json
import os
import platform
import sys
from collections.abc import Callable
from pathlib import Path
from time import process_time
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("LP_NUM_THREADS", "0")  # software OpenGL draws in the calling thread

from app.cluster.tables import write_tables
from base.files import atomic_write

RESULT, PAGE = Path("docs/design/scaling.json"), Path("docs/scaling.md")
SCENES = ("hamlet", "ruins", "city")
SAMPLES = 16  # sheets that are dreamed


def record() -> dict[str, Any]:
    import torch

    torch.set_num_threads(1)
    return {
        "machine": {"cpu": platform.machine(), "torch": torch.__version__},
        "scenes": {name: plan_of(name) for name in SCENES},
        "sheets": sample("hamlet"),
    }


def plan_of(name: str) -> dict[str, Any]:
    """The plan of a whole scene: for each sheet, in the order of waves, its latent pixels, wave and dependencies; and those in
    the plan's own order."""
    from app.loop.headless_session import open_headless_session
    from app.loop.surface_painting import plan_scene
    from app.session import SceneChoice, Session
    from engine.atlas.sheet_waves import count_required, cut_waves

    with open_headless_session(Session(SceneChoice(name))) as headless:
        sheets = plan_scene(headless.painter).sheets
        footprints = headless.volume.find_footprints(sheets)
    waves = cut_waves(footprints)
    order = sorted(range(len(sheets)), key=lambda k: (waves[k], k))
    return {
        "cells": [sheets[k].columns * sheets[k].rows for k in order],
        "waves": [waves[k] for k in order],
        "required": count_required(footprints[k] for k in order),
        "plan": order,
        "required_in_plan": count_required(footprints),
    }


def sample(name: str) -> list[dict[str, float]]:
    """Paint some sheets of a scene: latent pixels, CPU seconds of each part, megabytes sent and received."""
    import pickle

    from app.loop.headless_session import open_headless_session
    from app.loop.surface_painting import plan_scene
    from app.loop.together import sheet_request
    from app.session import SceneChoice, Session
    from diffusion.dream import dream

    found = []
    with open_headless_session(Session(SceneChoice(name))) as headless:
        painter, sheets = headless.painter, plan_scene(headless.painter).sheets
        for number, sheet in enumerate(sheets[:SAMPLES]):  # neighbours, which guide each other
            gather, request = timed(lambda sheet=sheet: sheet_request(painter, sheet))
            assert request is not None
            seconds, dreamed = timed(lambda r=request: dream(headless.model, r.canvas, r.settings))
            lay, _ = timed(lambda sheet=sheet, d=dreamed: painter.client.lay_sheet(sheet, d))
            if number:  # the first one warms up
                sent, back = (len(pickle.dumps(what)) / 1e6 for what in ((request.canvas, request.settings), dreamed))
                cells = sheet.columns * sheet.rows
                row = {"cells": cells, "gather": gather, "dream": seconds, "lay": lay, "sent": sent, "back": back}
                found.append({name: round(value, 4) for name, value in row.items()})
                print(found[-1], flush=True)
    return found


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    began = process_time()
    result = work()
    return process_time() - began, result


if __name__ == "__main__":
    if sys.argv[1:] == ["record"]:
        with atomic_write(RESULT) as file:
            file.write_text(json.dumps(record()) + "\n", encoding="utf-8")
    page = write_tables(PAGE.read_text(encoding="utf-8"), json.loads(RESULT.read_text(encoding="utf-8")))
    with atomic_write(PAGE) as file:
        file.write_text(page, encoding="utf-8")
