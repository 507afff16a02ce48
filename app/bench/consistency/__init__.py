"""`rayverie bench consistency`: does what was painted stay, and stay sharp? Four methods on four walks, the same budget for each.

docs/design/persistence.md explains the figures; docs/design/persistence.json is the committed result.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from app.bench.bench import Bench
from app.bench.consistency import figures
from app.bench.consistency.maps import open_named
from app.bench.consistency.methods import METHODS, Easel, Method, Ours
from app.bench.consistency.notes import Found, Notes
from app.bench.consistency.paths import PATHS, walked
from app.bench.consistency.sheet import save_sheet
from app.loop.headless_session import HeadlessSession, open_headless_session
from app.loop.view_canvas import canvas_from
from base.errors import InputError
from diffusion.canvas import Canvas
from scenes.camera import Camera
from scenes.extrude import Blocks, extrude_scene

SCENES = ("hamlet", "city", "unseen-1", "unseen-2")  # two that the program ships, two that nobody has seen
KEYS = (
    "cross_view_psnr",
    "cross_view_ssim",
    "revisit_error",
    "drift",
    "sharpness",
    "seam_energy",
    "coverage_per_call",
    "seconds",
)
SHEET = 5  # views in a sheet of pictures
FRESH = 2 * SHEET - 1  # views that are also dreamed as if nothing were painted, to be compared with


@dataclass(frozen=True)
class Plan:
    """What a run measures. views: of each path; budget: model calls for each path, None = what independent views take."""

    scenes: tuple[str, ...]
    methods: tuple[str, ...]
    views: int
    revisits: int
    budget: int | None


def plan(bench: Bench) -> Plan:
    """From the flags. Raises InputError."""
    flags = bench.flags
    scenes = flags.scenes or ((flags.scene,) if flags.scene else SCENES)
    views, revisits = (3, 1) if flags.quick else (flags.views, flags.revisits)
    if views < 3:
        raise InputError("rayverie bench", "--views", f"is {views}; a path has at least 3 views")
    unknown = [name for name in flags.methods if name not in METHODS]
    if unknown:
        raise InputError("rayverie bench", "--methods", f"is {unknown[0]}; there are {', '.join(METHODS)}")
    methods = tuple(name for name in METHODS if name in (flags.methods or METHODS))
    return Plan(scenes[:1] if flags.quick else scenes, methods, views, revisits, flags.budget)


def measure(bench: Bench) -> dict[str, Any]:
    """{"methods": name → KEYS and more, "walks": [the same for each scene, path and method], "aims", "plan"}."""
    asked = plan(bench)
    dream = asdict(bench.session.dream)
    terms = {
        "model": bench.model.id,
        "dream": dream,
        "views": asked.views,
        "revisits": asked.revisits,
        "budget": asked.budget,
    }
    notes = Notes(bench.flags.notes, terms)
    rows = [row for name in asked.scenes for row in measure_scene(bench, name, asked, notes)]
    methods = {name: figures.mean([row["figures"] for row in rows if row["method"] == name]) for name in METHODS}
    methods = {
        name: {key: found.get(key) for key in (*KEYS, *(k for k in found if k not in KEYS))}
        for name, found in methods.items()
    }
    return {
        "methods": rounded(methods),
        "aims": rounded(aims(methods, rows)),
        "plan": asdict(asked)
        | {"paths": list(PATHS), "seed": bench.session.dream.seed, "steps": bench.session.dream.steps},
        "walks": rounded(rows),
    }


def measure_scene(bench: Bench, name: str, asked: Plan, notes: Notes) -> list[dict[str, Any]]:
    """A row for each path and method, and one for each method's drift. What is in the notes is taken from there."""
    scene = open_named(name)
    rows: list[dict[str, Any]] = []
    with open_headless_session(bench.session, scene, bench.model) as headless:
        from engine.gl.context import renderer_name

        bench.facts["gl"] = renderer_name(headless.ctx)
        blocks = extrude_scene(scene)
        for path in PATHS:
            rows += measure_path(headless, blocks, path, asked, notes)
            if bench.flags.pictures is not None:
                shown = {m: notes.find(scene.name, path, m) for m in ("fresh", *METHODS)}
                sheet = {m: found.pictures for m, found in shown.items() if found is not None}
                save_sheet(bench.flags.pictures / f"persistence_{scene.name}_{path}.png", sheet)
        for method in asked.methods if asked.revisits else ():
            found = notes.find(scene.name, "revisits", method)
            if found is None:
                here, there = (walked("walk-past", scene, blocks, max(asked.views, 8))[k] for k in (0, 1))
                drift = figures.drift(METHODS[method](Easel(headless, blocks)), here, there, asked.revisits)
                found = notes.keep(Found(drift), scene.name, "revisits", method)
            rows.append(row(scene.name, "revisits", method, found))
            tell(f"{scene.name} {asked.revisits} revisits {method}: drift {found.figures['drift']}")
    return rows


def measure_path(
    headless: HeadlessSession, blocks: Blocks, path: str, asked: Plan, notes: Notes
) -> list[dict[str, Any]]:
    """A row for each method. A missing budget is what independent views take, if that is known."""
    scene, sights, budget = headless.scene, {}, asked.budget
    cameras = walked(path, scene, blocks, asked.views)
    shows = spread(len(cameras), SHEET)
    fresh: dict[int, np.ndarray] = {}
    rows = []
    for name in METHODS:
        found = notes.find(scene.name, path, name)
        if found is None and name in asked.methods:
            if not fresh:
                which = sorted({*shows, *spread(len(cameras), FRESH), *figures.compared(len(cameras))})
                fresh = fresh_pictures(Easel(headless, blocks, sights=sights), cameras, which)
                notes.keep(Found({}, [fresh[k] for k in shows]), scene.name, path, "fresh")
            easel = Easel(headless, blocks, budget, sights)
            method = METHODS[name](easel)
            result = figures.walk(easel, method, cameras)
            figure = figures.of(result, fresh) | settled(method, result)
            found = notes.keep(Found(figure, [result.shown[k].picture for k in shows]), scene.name, path, name)
        if found is None:
            continue
        if name == "independent" and budget is None:
            budget = int(found.figures["model_calls"] or 0)
        if name in asked.methods:
            rows.append(row(scene.name, path, name, found))
            tell(f"{scene.name} {path} {name}: " + said(found.figures))
    return rows


def row(scene: str, path: str, method: str, found: Found) -> dict[str, Any]:
    return {"scene": scene, "path": path, "method": method, "figures": found.figures}


def settled(method: Method, result: figures.Walk) -> dict[str, figures.Figure]:
    """For ours: cross-view PSNR of the finished world, seen once more without dreaming; what is missing there is resampling's."""
    if not isinstance(method, Ours):
        return {}
    again = [method.shown(sees.camera) for sees in result.sights]
    return {"settled_psnr": figures.cross_view(result.sights, again)["cross_view_psnr"]}


def spread(views: int, count: int) -> list[int]:
    """Up to so many of a walk's views, from the first to the last."""
    return np.unique(np.linspace(0, views - 1, count).round().astype(int)).tolist()


def fresh_pictures(easel: Easel, cameras: Sequence[Camera], which: Sequence[int]) -> dict[int, np.ndarray]:
    """View number → uint8 [H,W,3], dreamed as if nothing were painted: what sharpness is compared with."""
    found: dict[Camera, np.ndarray] = {}
    for camera in dict.fromkeys(cameras[index] for index in which):
        canvas: Canvas = canvas_from(easel.gather(camera), easel.headless.scene, easel.headless.session.dream.steps)
        found[camera] = easel.dream(replace(canvas, guide=None)).image
    return {index: found[cameras[index]] for index in which}


def aims(methods: dict[str, dict[str, Any]], rows: Sequence[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """What the program set itself, what it came to, and whether that is enough."""
    ours, others = methods["ours"], [found for name, found in methods.items() if name != "ours"]
    best = max((found["cross_view_psnr"] for found in others if found["cross_view_psnr"] is not None), default=None)
    psnr, spent, calls = ours["cross_view_psnr"], ours.get("model_calls"), methods["independent"].get("model_calls")
    values = {
        "cross_view_psnr": (psnr, 32.0, 1),
        "decibels_above_the_best_other": (None if psnr is None or best is None else psnr - best, 6.0, 1),
        "sharpness": (ours["sharpness"], 0.95, 1),
        "revisit_error_kept": (ours.get("revisit_error_kept"), 0.0, -1),
        "drift_kept": (ours.get("drift_kept"), 0.0, -1),
        "seam_energy": (ours["seam_energy"], 1.1, -1),
        "share_of_independent_calls": (spent / calls if spent is not None and calls else None, 0.6, -1),
    }
    return {
        name: {
            "value": value,
            "at_least" if sign > 0 else "at_most": aim,
            "met": value is not None and sign * value >= sign * aim,
        }
        for name, (value, aim, sign) in values.items()
    }


def rounded(value: Any) -> Any:
    """The same with floats of four decimals, for JSON that can be read."""
    if isinstance(value, dict):
        return {key: rounded(item) for key, item in value.items()}
    if isinstance(value, list):
        return [rounded(item) for item in value]
    return round(value, 4) if isinstance(value, float) else value


def said(found: dict[str, figures.Figure]) -> str:
    """A line for the terminal, so that a long run can be watched."""
    parts = [(key, found[key]) for key in KEYS if key in found]
    return ", ".join(f"{key} {round(value, 2) if isinstance(value, int | float) else '–'}" for key, value in parts)


def tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
