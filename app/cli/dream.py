"""`rayverie dream`: paints a whole scene without a window: sheet by sheet, or, with a model that doesn't know surfaces, the view first
that shows most of what is not finished."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import islice

from rich.console import Console

from app.cli.progress import progress
from app.cluster.hire import hire_crew
from app.commands import Dream
from app.inputs import inputs_of
from app.loop.autopilot import SIZE, Autopilot, drain, measure_view, viewpoints
from app.loop.headless_session import HeadlessSession, open_headless_session
from app.loop.mesh_views import mesh_views
from app.loop.paint_now import paint_sky, paint_view
from app.loop.painter import Painter
from app.loop.surface_painting import paint_sheets, plan_scene
from app.loop.together import paint_round, paint_sheets_together, sort_into_waves
from app.loop.together import paint_views as paint_views_together
from app.session import Session, open_scene
from app.signals import DeferredSignals
from app.terminal import open_console
from base.outputs import Output, refuse_outputs
from engine.atlas.views import Part


def run(command: Dream) -> int:
    session = Session(command.scene, command.model, command.dream, command.paint, world=command.world)
    refuse_outputs([Output("--world", command.world)], inputs_of(command))
    console = open_console(errors=True)
    scene, signals = open_scene(command.scene), DeferredSignals()
    with (
        hire_crew(command.crew, session, scene, signals.check) as crew,
        open_headless_session(session, scene, cancelled=signals.check, crew=crew) as headless,
        signals,
        headless.saving_to(command.world) as save,
    ):
        paint = paint_surfaces if headless.model.knows_surfaces else paint_views
        coverage = paint(headless, command, console, save, signals)
    console.print(
        f"{coverage:.0%} of {headless.scene.name} is painted, with {headless.painter.client.calls} model calls.",
        soft_wrap=True,
    )
    signals.check()
    return 0


def paint_views(
    headless: HeadlessSession, command: Dream, console: Console, save: Callable[[], None], signals: DeferredSignals
) -> float:
    """Dream view after view until `command.until` of the scene is finished or `command.views` are done. Returns the coverage."""
    painter = headless.painter
    pilot = Autopilot(viewpoints(headless.scene), partial(measure_view, painter))
    with progress(console) as bar:
        task = bar.add_task("painting the sky", total=None, words="")
        paint_sky(painter)
        signals.check()
        bar.update(task, description="looking around")
        drain(signals.check_each(pilot.survey()))
        start = pilot.coverage
        bar.update(task, description="painting", total=round(100 * max(command.until - start, 0)))
        views = 0
        while views < command.views and pilot.coverage < command.until:
            if headless.crew is not None:
                painted = paint_round(painter, pilot, SIZE, headless.crew, command.views - views, signals.check)
            else:
                painted = paint_next_view(painter, pilot, signals)
            if not painted:
                break
            views += painted
            bar.update(task, completed=round(100 * (pilot.coverage - start)), words=f"{pilot.coverage:.1%} painted")
            save()
    return pilot.coverage


def paint_next_view(painter: Painter, pilot: Autopilot, signals: DeferredSignals) -> int:
    """Dream the view with the largest gain. Returns 1, or 0 if none would gain."""
    drain(signals.check_each(pilot.choose()))
    if pilot.current is None:
        return 0
    paint_view(painter, pilot.current.camera, SIZE)
    pilot.mark_done()
    return 1


def paint_surfaces(
    headless: HeadlessSession, command: Dream, console: Console, save: Callable[[], None], signals: DeferredSignals
) -> float:
    """Paint sheet after sheet until `command.until` of all texels of blocks are finished or `command.views` are done, then the views
    around the scene's meshes. Returns the coverage of the blocks."""
    with progress(console) as bar:
        task = bar.add_task("painting the sky", total=None, words="")
        paint_sky(headless.painter)
        save()
        signals.check()
        plan, required = plan_scene(headless.painter), []
        if headless.crew is not None:
            plan, required = sort_into_waves(headless.painter, plan)
        enough = [n for n in range(len(plan.sheets) + 1) if plan.coverage_after(n) >= command.until]
        count = min(command.views, enough[0] if enough else len(plan.sheets))
        bar.update(task, description="painting", total=count)
        if headless.crew is None:
            painting = islice(paint_sheets(headless.painter, plan), count)
        else:
            painting = paint_sheets_together(headless.painter, plan.sheets[:count], required, headless.crew)
        for number in signals.check_each(painting):
            bar.update(task, completed=number, words=f"{plan.coverage_after(number):.1%} painted")
            save()
        views = mesh_views(headless.scene)[: command.views - count]
        bar.update(task, description="painting meshes", total=len(views), completed=0, words="")
        for number, camera in enumerate(signals.check_each(views), 1):
            if headless.crew is None:
                paint_view(headless.painter, camera, SIZE)
            else:
                paint_views_together(headless.painter, [camera], SIZE, Part.SOLID, headless.crew)
            bar.update(task, completed=number)
            save()
    return plan_scene(headless.painter).coverage_after(0)
