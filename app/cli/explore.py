"""`rayverie [explore]`: opens the window, or, where there is no display and it was asked for, renders the tour instead."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from app.commands import Explore, Render
from app.loop.cores import leave_a_core_to_the_model
from app.loop.heap import share_one_heap
from app.session import Session, open_scene
from base.errors import InputError
from scenes.scene import Scene


def run(command: Explore) -> int:
    session = Session(
        command.scene, command.model, command.dream, command.paint, command.live, command.view, command.world
    )
    scene = open_scene(session.scene)
    if has_display():
        from app.explorer import window

        leave_a_core_to_the_model()
        share_one_heap()
        try:
            return window.run(session, scene, no_model=command.no_model)
        except InputError as error:  # a display that can't be used is none
            if command.or_render is None or error.where != window.NAME:
                raise
            print(error, file=sys.stderr)
    elif command.or_render is None:
        raise InputError("the explorer", "", "needs a display; use `rayverie render` or add --or-render FILE.mp4")
    return _render_tour(command, scene, command.or_render)


def has_display(environment: Mapping[str, str] = os.environ, platform: str = sys.platform) -> bool:
    """Whether a window can be opened here: always outside Linux and BSD, else with X11 or Wayland."""
    desktop = platform in ("win32", "darwin")
    return desktop or bool(environment.get("DISPLAY") or environment.get("WAYLAND_DISPLAY"))


def _render_tour(command: Explore, scene: Scene, out: Path) -> int:
    from app.cli import render

    tour = next(name for name in ("tour", "walk", "orbit") if name in scene.paths)
    print(f"There is no display here, so the {tour} of {scene.name} is rendered to {out} instead.", file=sys.stderr)
    flags = Render(command.scene, command.model, command.dream, command.paint, path=tour, out=out, world=command.world)
    return render.run(replace(flags, no_model=command.no_model))
