"""Paints with a crew: sheets or views that don't touch are dreamed at the same time and laid in an order independent of timing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from app.fields import Size
from app.loop.autopilot import Autopilot, Viewpoint
from app.loop.crew import Crew
from app.loop.dream_client import make_request
from app.loop.messages import DreamFailed, DreamFinished, Request
from app.loop.painter import Painter
from app.loop.quality_levels import level_of
from app.loop.sheet_schedule import SheetSchedule
from app.loop.surface_painting import SurfacePlan
from app.loop.view_canvas import canvas_from
from diffusion.canvas import Dreamed
from engine.atlas import policy
from engine.atlas.sheet_waves import count_required, cut_waves
from engine.atlas.views import GatheredView, Part
from engine.atlas.visibility import TexelMasks
from engine.geometry.sheet import Sheet
from scenes.camera import Camera
from scenes.prompt_masks import find_dreamed_materials

ROUND = 16  # maximum number of views per round; if it depended on the crew's size, the world would, too
TRIED = 64  # overlapping views that may be rejected before a round is closed


def sort_into_waves(painter: Painter, plan: SurfacePlan) -> tuple[SurfacePlan, list[int]]:
    """Sort a plan's sheets into waves that don't touch; also return how many of the first sheets each one requires.

    See `engine.atlas.sheet_waves`.
    """
    footprints = painter.volume.find_footprints(plan.sheets)
    order = np.argsort(cut_waves(footprints), kind="stable").tolist()
    return replace(plan, sheets=[plan.sheets[k] for k in order]), count_required(footprints[k] for k in order)


def paint_sheets_together(
    painter: Painter, sheets: Sequence[Sheet], required: Sequence[int], crew: Crew
) -> Iterator[int]:
    """Paint sheets with the same bits as one after the other; yield the number laid so far. required: see `sort_into_waves`.

    Raises RuntimeError with the worker's traceback if a dream fails.
    """
    painter.requests.follow_seed()
    schedule = SheetSchedule[Dreamed | None](required[: len(sheets)])
    running: dict[int, int] = {}  # request → sheet
    while not schedule.done:
        if crew.room and (number := schedule.begin()) is not None:
            request = sheet_request(painter, sheets[number])
            if request is None:
                schedule.finish(number, None)
            else:
                running[request.id] = number
                crew.begin(request)
        elif (turn := schedule.lay()) is not None:
            number, dreamed = turn
            if dreamed is not None:
                painter.client.lay_sheet(sheets[number], dreamed)
            yield schedule.laid
        else:
            for finished in collect(crew):
                schedule.finish(running.pop(finished.request.id), finished.dreamed)


def sheet_request(painter: Painter, sheet: Sheet) -> Request | None:
    """Gather a sheet; None if nothing on it lacks paint."""
    gathered, steps = painter.volume.gather_sheet_task(sheet).run_to_end(), painter.session.dream.steps
    if not (policy.missing_share(gathered, steps) > 0).any():
        return None
    return make_request(gathered, canvas_from(gathered, painter.scene, steps), painter.session.dream)


def paint_round(
    painter: Painter, pilot: Autopilot, size: Size, crew: Crew, most: int, check: Callable[[], object]
) -> int:
    """Choose views without common texels, dream them at the same time and lay them. Returns their number, 0 if none would gain.

    All views are gathered before the first is laid, so the world depends on the size of rounds but not on the crew. It differs from
    the world painted view by view, where each choice depends on what the last dream left unpainted.

    most: maximum number, besides ROUND; check: called between measurements; it may raise KeyboardInterrupt.
    Raises RuntimeError with the worker's traceback if a dream fails.
    """
    painter.requests.follow_seed()
    chosen = choose_disjoint_views(
        pilot, lambda camera: find_shown_texels(painter, camera, size), check, min(most, ROUND)
    )
    for part in (Part.SOLID, Part.BEHIND) if painter.volume.charts.see_through.any() else (Part.SOLID,):
        paint_views(painter, [view.camera for view in chosen], size, part, crew)
    for view in chosen:
        pilot.current = view
        pilot.mark_done()
        check()
    return len(chosen)


def paint_views(painter: Painter, cameras: Sequence[Camera], size: Size, part: Part, crew: Crew) -> None:
    """Dream views at the same time and lay them in order."""
    requests = [view_request(painter, camera, size, part) for camera in cameras]
    asked = [request for request in requests if request is not None]
    for request in asked:
        crew.begin(request)
    dreamed: dict[int, Dreamed] = {}
    while len(dreamed) < len(asked):
        dreamed |= {finished.request.id: finished.dreamed for finished in collect(crew)}
    for request in asked:
        assert isinstance(request.gathered, GatheredView)
        painter.client.lay_view(request.gathered, request.canvas, dreamed[request.id])


def choose_disjoint_views(
    pilot: Autopilot, shown: Callable[[Camera], TexelMasks], check: Callable[[], object], most: int
) -> list[Viewpoint]:
    """Choose the views of a round, largest gain first, none sharing texels with another."""
    chosen: list[Viewpoint] = []
    postponed: list[Viewpoint] = []
    taken: TexelMasks = {}
    while len(chosen) < most and len(postponed) < TRIED:
        for _ in pilot.choose():
            check()
        if (view := pilot.current) is None:
            break
        texels = shown(view.camera)
        if any((texels[page] & taken[page]).any() for page in texels.keys() & taken.keys()):
            postponed.append(view)
            continue
        chosen.append(view)
        for page, mask in texels.items():
            taken[page] = taken.get(page, np.zeros_like(mask)) | mask
    for view in postponed:
        pilot.put_back(view)
    return chosen


def find_shown_texels(painter: Painter, camera: Camera, size: Size) -> TexelMasks:
    """Return the texels in a view's dream, including its margin, without the sky, which views don't paint."""
    charts = painter.volume.charts
    shown = painter.volume.find_visible_texels(*painter.requests.frame_view(camera, size))
    return {page: mask & ~charts.sky[charts.owner_map(page)] for page, mask in shown.items()}


def view_request(painter: Painter, camera: Camera, size: Size, part: Part) -> Request | None:
    """Gather a view at rest; None if enough of it is painted. part: SOLID, or BEHIND see-through surfaces."""
    session = painter.session
    level = level_of(session, painter.requests.model, size, resting=True)
    gathered = painter.requests.gather_task(camera, size, level, part).run_to_end()
    if level.coverage(gathered, size) >= session.paint.coverage:
        return None
    canvas = canvas_from(gathered, painter.scene, level.steps)
    if canvas.guide is not None:
        materials = find_dreamed_materials(gathered.material, painter.scene)
        mask = painter.volume.write_mask(gathered, level.steps, canvas.change == 0, materials)
        canvas = replace(canvas, guide=replace(canvas.guide, update_mask=mask))
    return make_request(gathered, canvas, level.settings(session.dream))


def collect(crew: Crew) -> Iterator[DreamFinished]:
    """Return the dreams that came back since the last call. Raises RuntimeError with the traceback if one failed."""
    for message in crew.poll():
        if isinstance(message, DreamFailed):
            raise RuntimeError(message.traceback or message.problem)
        if isinstance(message, DreamFinished):
            yield message
