"""`rayverie dream`: paints a whole scene by itself, always going to the view that shows most of what is not finished."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from rich.console import Console

from app.cli.progress import progress
from app.commands import Dream
from app.inputs import inputs_of
from app.loop.autopilot import SIZE, Autopilot, drain, unfinished, viewpoints
from app.loop.headless_session import HeadlessSession, open_headless_session
from app.session import Session, open_scene
from app.signals import DeferredSignals
from app.terminal import open_console
from base.outputs import Output, refuse_outputs


def run(command: Dream) -> int:
    session = Session(command.scene, command.model, command.dream, command.paint, world=command.world)
    refuse_outputs([Output("--world", command.world)], inputs_of(command))
    console = open_console(errors=True)
    signals = DeferredSignals()
    with (
        open_headless_session(session, open_scene(command.scene), cancelled=signals.check) as headless,
        signals,
        headless.keeping(command.world) as save,
    ):
        coverage = paint_all(headless, command, console, save, signals)
    console.print(
        f"{coverage:.0%} of {headless.scene.name} is painted, with {headless.painter.client.calls} model calls.",
        soft_wrap=True,
    )
    signals.check()
    return 0


def paint_all(
    headless: HeadlessSession, command: Dream, console: Console, save: Callable[[], None], signals: DeferredSignals
) -> float:
    """Dream view after view until `command.until` of the scene is finished or `command.views` are done. → coverage"""
    painter = headless.painter
    pilot = Autopilot(viewpoints(headless.scene), partial(unfinished, painter))
    with progress(console) as bar:
        task = bar.add_task("painting the sky", total=None, words="")
        painter.flush_sky()
        signals.check()
        bar.update(task, description="looking around")
        drain(signals.checked(pilot.survey()))
        start = pilot.coverage
        bar.update(task, description="painting", total=round(100 * max(command.until - start, 0)))
        for _ in range(command.views):
            if pilot.coverage >= command.until:
                break
            drain(signals.checked(pilot.choose()))
            if pilot.current is None:
                break
            painter.flush(pilot.current.camera, SIZE)
            pilot.done()
            bar.update(task, completed=round(100 * (pilot.coverage - start)), words=f"{pilot.coverage:.1%} painted")
            save()
    return pilot.coverage
