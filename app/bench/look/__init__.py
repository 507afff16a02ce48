"""`rayverie bench look`: film the scenes' tours and measure the density, sharpness and evenness of the paint in their frames.

docs/design/benchmark.md explains the figures; docs/design/look.json is the committed result.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from app.bench.bench import Bench
from app.bench.consistency import print_progress, round_floats, spread_views
from app.bench.consistency.maps import open_named
from app.bench.consistency.result_cache import CachedResult, ResultCache, result_outputs
from app.bench.consistency.sheet import save_sheet
from app.bench.look.density import PixelPaint
from app.bench.look.references import compare_frames, streak_index
from app.bench.look.tour import Tour, film_tour, revisit
from app.commands import Bench as Flags
from app.commands import Render
from app.loop.headless_session import open_headless_session
from app.loop.sky import AROUND
from app.loop.surface_painting import plan_scene
from base.outputs import Output, is_marked_png, refuse_outputs
from scenes.extrude import extrude_scene
from scenes.load import BUILTIN
from scenes.paths import sample_path
from scenes.scene import CameraPath, Scene

SCENES = (*BUILTIN, "unseen-1", "unseen-2")
PATHS = "tour", "walk"  # the first path that a scene has; generated maps have no tour
NOTE = "look"  # name of stored results
COMPARED = 4  # frames of a tour that are compared with fresh pictures
AIMS: Mapping[str, float] = {  # the largest value of any tour
    "bare": 0.001,
    "under_dense": 0.02,
    "revisit_calls": 0,
    "whole_scene_cpu_s": 1200.0,  # ten minutes on two cores, of the default scene
}


@dataclass(frozen=True)
class Plan:
    """scenes: their names; watched: frames of each tour whose pixels are counted; frames: of a tour, None: the whole tour; film: its
    settings, as for `rayverie render`."""

    scenes: tuple[str, ...]
    watched: int
    frames: int | None = None
    film: Render = field(default_factory=Render)


def make_plan(flags: Flags) -> Plan:
    scenes = flags.scenes or ((flags.scene,) if flags.scene else SCENES)
    return Plan(scenes[:1], 2, 6, Render(size=(192, 128))) if flags.quick else Plan(scenes, flags.views)


def refuse_flags(flags: Flags) -> None:
    """Raise InputError for scenes that can't be opened, and if files that this command didn't write would be replaced."""
    names, found = [open_named(name).name for name in make_plan(flags).scenes], []
    if flags.notes is not None:
        found += result_outputs("--notes", flags.notes, [(name, NOTE) for name in names])
    if flags.pictures is not None:
        found += [Output("--pictures", sheet_file(flags.pictures, name), is_marked_png) for name in names]
    refuse_outputs(found)


def sheet_file(folder: Path, scene: str) -> Path:
    """The path of the picture of a tour's frames."""
    return folder / f"look_{scene}.png"


def measure(bench: Bench) -> dict[str, Any]:
    """{"tours": figures of each scene, "aims", "film": settings}. Tours in the notes aren't filmed again."""
    plan, rows = make_plan(bench.flags), []
    film = {name: getattr(plan.film, name) for name in ("size", "fps", "quality")}
    film |= {"steps": bench.session.dream.steps}
    counted = {"watched": plan.watched, "frames": plan.frames}
    conditions = {"model": bench.model.id, "dream": asdict(bench.session.dream), "film": film, **counted}
    cache = ResultCache(bench.flags.notes, conditions)
    for scene in map(open_named, plan.scenes):
        found = cache.find(scene.name, NOTE) or cache.store(measure_scene(bench, scene, plan), scene.name, NOTE)
        rows.append({"scene": scene.name, **found.figures})
        print_progress(f"{scene.name}: " + ", ".join(f"{key} {value}" for key, value in found.figures.items()))
        if bench.flags.pictures is not None:
            painted, fresh = found.pictures[:COMPARED], found.pictures[COMPARED:]
            save_sheet(sheet_file(bench.flags.pictures, scene.name), {"painted": painted, "fresh": fresh})
    return {"tours": rows, "aims": compare_with_aims(rows), "film": film}


def measure_scene(bench: Bench, scene: Scene, plan: Plan) -> CachedResult:
    """All figures of one scene and its tour, with COMPARED frames and as many fresh pictures. Shares are of pixels, 0..1; times in
    seconds; `_cpu` is processor time."""
    (name, path), film = find_tour(scene), plan.film
    count = plan.frames or max(1, int(path.seconds * film.fps + 1e-6))
    cameras = [sample_path(path, number / film.fps) for number in range(count)]
    watched = spread_views(count, plan.watched)
    with open_headless_session(bench.session, scene, bench.model) as headless:
        from engine.gl.context import renderer_name

        bench.facts["gl"] = renderer_name(headless.ctx)
        headless.painter.collect()  # the painter gets its model
        whole = plan_scene(headless.painter)
        print_progress(f"{scene.name}: filming {count} frames of its {name}")
        tour = film_tour(headless, cameras, watched, film)
        print_progress(f"{scene.name}: {tour.dreams} canvases are painted; comparing them with fresh pictures")
        again = revisit(headless, [cameras[k] for k in watched], film.size)
        compared = [cameras[k] for k in np.linspace(0, count - 1, COMPARED).round().astype(int)]
        frames = compare_frames(headless, extrude_scene(scene), compared, film.size)
        found = {
            "path": name,
            "frames": count,
            **summarise(tour.watched),
            "sharpness": frames.sharpness,
            "streaks": streak_index(headless, compared, film.size),
            **again,
            **costs(tour, whole.area, count / film.fps),
            "whole_scene_canvases": len(whole.sheets) + len(AROUND),
        }
    return CachedResult(round_floats(found), [picture for row in zip(*frames.pairs, strict=True) for picture in row])


def find_tour(scene: Scene) -> tuple[str, CameraPath]:
    """The path to film, with its name."""
    name = next(name for name in PATHS if name in scene.paths)
    return name, scene.paths[name]


def summarise(watched: Mapping[int, PixelPaint]) -> dict[str, Any]:
    """Shares of the pixels of all frames, those of the worst frame, and its number."""
    shares = {number: paint.shares() for number, paint in watched.items()}
    found: dict[str, Any] = {"watched": len(shares)}
    for key in next(iter(shares.values())):
        worst = max(shares, key=lambda number: shares[number][key])
        found[key] = float(np.mean([row[key] for row in shares.values()]))
        found[f"{key}_worst"], found[f"{key}_worst_frame"] = shares[worst][key], worst
    return found


def costs(tour: Tour, whole: int, seconds: float) -> dict[str, Any]:
    """Cost of the tour's paint per second of film, and of the whole scene's sheets at the tour's time per latent pixel.

    whole: latent pixels of the whole scene's sheets.
    """
    found: dict[str, Any] = {
        "canvases": tour.dreams,
        "model_calls": tour.calls,
        "dreaming_s_for_a_second": (tour.ahead.wall + tour.rest.wall) / seconds,
        "dreaming_cpu_s_for_a_second": (tour.ahead.cpu + tour.rest.cpu) / seconds,
        "whole_scene_cpu_s": None,
    }
    if tour.sheets is not None and tour.sheets.area:
        found["whole_scene_cpu_s"] = tour.ahead.cpu / tour.sheets.area * whole
    return found


def compare_with_aims(rows: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Each aim with the largest value of all tours, and whether it is met. The time of a whole scene is the first one's."""
    found = {}
    for key, most in AIMS.items():
        values = [row[key] for row in (rows[:1] if key == "whole_scene_cpu_s" else rows)]
        value = None if None in values else max(values)
        found[key] = {"value": value, "at_most": most, "met": value is not None and value <= most}
    same = all(row["revisit_same_bits"] for row in rows)
    return found | {"revisit_same_bits": {"value": same, "at_least": True, "met": same}}
