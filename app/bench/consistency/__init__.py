"""`rayverie bench consistency`: compare four methods on four walks: does paint stay, and stay sharp?

docs/design/persistence.md explains the figures; docs/design/persistence.json is the committed result.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from app.bench.bench import Bench
from app.bench.consistency import figures
from app.bench.consistency.maps import open_named
from app.bench.consistency.methods import METHODS, Method, MethodContext, Ours
from app.bench.consistency.paths import PATHS, make_walk
from app.bench.consistency.result_cache import CachedResult, ResultCache, result_outputs
from app.bench.consistency.sheet import save_sheet
from app.commands import Bench as Flags
from app.loop.headless_session import HeadlessSession, open_headless_session
from app.loop.view_canvas import canvas_from
from base.errors import InputError
from base.outputs import Output, is_marked_png, refuse_outputs
from diffusion.canvas import Canvas
from scenes.camera import Camera
from scenes.extrude import Blocks, extrude_scene

SCENES = ("hamlet", "city", "unseen-1", "unseen-2")  # two built-in and two generated scenes
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
SIDEWAYS = "orbit", "walk-past"  # paths on which a method can't win by only enlarging a picture
SHEET = 5  # views in a sheet of pictures
FRESH = 2 * SHEET - 1  # views that are also dreamed as if nothing were painted, to compare with


@dataclass(frozen=True)
class Plan:
    """The plan of a run. views: of each path; budget: model calls for each path (None: as many as independent views take)."""

    scenes: tuple[str, ...]
    methods: tuple[str, ...]
    views: int
    revisits: int
    budget: int | None


def make_plan(flags: Flags) -> Plan:
    """Read the flags. Raises InputError."""
    scenes = flags.scenes or ((flags.scene,) if flags.scene else SCENES)
    views, revisits = (3, 1) if flags.quick else (flags.views, flags.revisits)
    if views < 3:
        raise InputError("rayverie bench", "--views", f"is {views}; a path has at least 3 views")
    unknown = [name for name in flags.methods if name not in METHODS]
    if unknown:
        raise InputError("rayverie bench", "--methods", f"is {unknown[0]}; there are {', '.join(METHODS)}")
    methods = tuple(name for name in METHODS if name in (flags.methods or METHODS))
    return Plan(scenes[:1] if flags.quick else scenes, methods, views, revisits, flags.budget)


def refuse_flags(flags: Flags) -> None:
    """Raise InputError for invalid flags, and if files that this command didn't write would be replaced."""
    refuse_outputs(outputs(flags, make_plan(flags)))


def outputs(flags: Flags, plan: Plan) -> list[Output]:
    """All files that `--notes` and `--pictures` may write."""
    names, found = [open_named(name).name for name in plan.scenes], []
    if flags.notes is not None:
        walks = [(name, path, method) for name in names for path in PATHS for method in ("fresh", *METHODS)]
        walks += [(name, "revisits", method) for name in names for method in METHODS]
        found += result_outputs("--notes", flags.notes, walks)
    if flags.pictures is not None:
        files = [sheet_file(flags.pictures, name, path) for name in names for path in PATHS]
        found += [Output("--pictures", file, is_marked_png) for file in files]
    return found


def sheet_file(folder: Path, scene: str, path: str) -> Path:
    """The path of the picture sheet of a walk."""
    return folder / f"persistence_{scene}_{path}.png"


def measure(bench: Bench) -> dict[str, Any]:
    """{"methods": name → KEYS and more, "walks": [the same for each scene, path and method], "aims", "plan"}."""
    plan = make_plan(bench.flags)
    dream = asdict(bench.session.dream)
    conditions = {
        "model": bench.model.id,
        "dream": dream,
        "views": plan.views,
        "revisits": plan.revisits,
        "budget": plan.budget,
    }
    cache = ResultCache(bench.flags.notes, conditions)
    rows = [row for name in plan.scenes for row in measure_scene(bench, name, plan, cache)]
    methods = {name: figures.mean([row["figures"] for row in rows if row["method"] == name]) for name in METHODS}
    methods = {
        name: {key: found.get(key) for key in (*KEYS, *(k for k in found if k not in KEYS))}
        for name, found in methods.items()
    }
    return {
        "methods": round_floats(methods),
        "aims": round_floats(compare_with_aims(methods, rows)),
        "plan": asdict(plan)
        | {"paths": list(PATHS), "seed": bench.session.dream.seed, "steps": bench.session.dream.steps},
        "walks": round_floats(rows),
    }


def measure_scene(bench: Bench, name: str, plan: Plan, cache: ResultCache) -> list[dict[str, Any]]:
    """A row for each path and method, and one for each method's drift. Cached results aren't measured again."""
    scene = open_named(name)
    rows: list[dict[str, Any]] = []
    with open_headless_session(bench.session, scene, bench.model) as headless:
        from engine.gl.context import renderer_name

        bench.facts["gl"] = renderer_name(headless.ctx)
        blocks = extrude_scene(scene)
        for path in PATHS:
            rows += measure_path(headless, blocks, path, plan, cache)
            if bench.flags.pictures is not None:
                shown = {m: cache.find(scene.name, path, m) for m in ("fresh", *METHODS)}
                sheet = {m: found.pictures for m, found in shown.items() if found is not None}
                save_sheet(sheet_file(bench.flags.pictures, scene.name, path), sheet)
        for method in plan.methods if plan.revisits else ():
            found = cache.find(scene.name, "revisits", method)
            if found is None:
                here, there = (make_walk("walk-past", scene, blocks, max(plan.views, 8))[k] for k in (0, 1))
                drift = figures.drift(METHODS[method](MethodContext(headless, blocks)), here, there, plan.revisits)
                found = cache.store(CachedResult(drift), scene.name, "revisits", method)
            rows.append(make_row(scene.name, "revisits", method, found))
            print_progress(f"{scene.name} {plan.revisits} revisits {method}: drift {found.figures['drift']}")
    return rows


def measure_path(
    headless: HeadlessSession, blocks: Blocks, path: str, plan: Plan, cache: ResultCache
) -> list[dict[str, Any]]:
    """A row for each method. Without a budget, all get as many model calls as independent views take, if that is known."""
    scene, raycasts, budget = headless.scene, {}, plan.budget
    cameras = make_walk(path, scene, blocks, plan.views)
    shows = spread_views(len(cameras), SHEET)
    fresh: dict[int, np.ndarray] = {}
    rows = []
    for name in METHODS:
        found = cache.find(scene.name, path, name)
        if found is None and name in plan.methods:
            if not fresh:
                which = sorted({*shows, *spread_views(len(cameras), FRESH), *figures.choose_compared(len(cameras))})
                fresh = dream_fresh_pictures(MethodContext(headless, blocks, raycasts=raycasts), cameras, which)
                cache.store(CachedResult({}, [fresh[k] for k in shows]), scene.name, path, "fresh")
            context = MethodContext(headless, blocks, budget, raycasts)
            method = METHODS[name](context)
            result = figures.walk_cameras(context, method, cameras)
            figure = figures.measure_walk(result, fresh) | measure_settled(method, result)
            found = cache.store(CachedResult(figure, [result.shown[k].picture for k in shows]), scene.name, path, name)
        if found is None:
            continue
        if name == "independent" and budget is None:
            budget = int(found.figures["model_calls"] or 0)
        if name in plan.methods:
            rows.append(make_row(scene.name, path, name, found))
            print_progress(f"{scene.name} {path} {name}: " + format_figures(found.figures))
    return rows


def make_row(scene: str, path: str, method: str, found: CachedResult) -> dict[str, Any]:
    return {"scene": scene, "path": path, "method": method, "figures": found.figures}


def measure_settled(method: Method, result: figures.WalkResult) -> dict[str, figures.Figure]:
    """For `Ours`: cross-view PSNR of the finished world without further dreams, so that only resampling can reduce it."""
    if not isinstance(method, Ours):
        return {}
    again = [method.shown(view.camera) for view in result.views]
    return {"settled_psnr": figures.cross_view(result.views, again)["cross_view_psnr"]}


def spread_views(views: int, count: int) -> list[int]:
    """Indices of up to `count` of a walk's views, evenly from the first to the last."""
    return np.unique(np.linspace(0, views - 1, count).round().astype(int)).tolist()


def dream_fresh_pictures(
    context: MethodContext, cameras: Sequence[Camera], which: Sequence[int]
) -> dict[int, np.ndarray]:
    """Index of a view → uint8 [H,W,3], dreamed as if nothing were painted. Sharpness and seams are compared with these."""
    found: dict[Camera, np.ndarray] = {}
    for camera in dict.fromkeys(cameras[index] for index in which):
        canvas: Canvas = canvas_from(
            context.gather(camera), context.headless.scene, context.headless.session.dream.steps
        )
        found[camera] = context.dream(replace(canvas, guide=None)).image
    return {index: found[cameras[index]] for index in which}


def compare_with_aims(methods: dict[str, dict[str, Any]], rows: Sequence[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Each aim with the measured value and whether it is met."""
    ours = methods["ours"]
    spent, calls = ours.get("model_calls"), methods["independent"].get("model_calls")
    values = {
        "cross_view_psnr": (ours["cross_view_psnr"], 34.0, 1),
        "decibels_above_the_best_other": (decibels_above(rows), 6.0, 1),
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


def decibels_above(rows: Sequence[dict[str, Any]]) -> float | None:
    """Cross-view PSNR of ours − that of the best other method, means over the walks of SIDEWAYS. Walking up to a surface is no part
    of it: a picture that is only enlarged agrees with itself, however blurred it gets."""
    found: dict[str, list[float]] = {}
    for row in rows:
        if row["path"] in SIDEWAYS and row["figures"]["cross_view_psnr"] is not None:
            found.setdefault(row["method"], []).append(row["figures"]["cross_view_psnr"])
    means = {method: float(np.mean(values)) for method, values in found.items()}
    ours = means.pop("ours", None)
    return None if ours is None or not means else ours - max(means.values())


def round_floats(value: Any) -> Any:
    """Round all floats in nested tables and lists to four decimals."""
    if isinstance(value, dict):
        return {key: round_floats(item) for key, item in value.items()}
    if isinstance(value, list):
        return [round_floats(item) for item in value]
    return round(value, 4) if isinstance(value, float) else value


def format_figures(found: dict[str, figures.Figure]) -> str:
    """One line of figures for the terminal."""
    parts = [(key, found[key]) for key in KEYS if key in found]
    return ", ".join(f"{key} {round(value, 2) if isinstance(value, int | float) else '–'}" for key, value in parts)


def print_progress(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
