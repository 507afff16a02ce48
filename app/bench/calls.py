"""Measure the share of views on walks that are dreamed. It depends on geometry alone, so blank dreams are enough."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from app.bench.bench import Bench, Figures
from app.bench.consistency import make_plan
from app.bench.consistency.maps import open_named
from app.bench.consistency.paths import PATHS, make_walk
from app.loop.headless_session import open_headless_session
from app.loop.inline_worker import InlineWorker
from app.loop.paint_now import paint_view
from app.loop.painter import Painter
from base.grid import CELL
from diffusion.canvas import Canvas, Dreamed
from diffusion.settings import DreamSettings
from scenes.extrude import extrude_scene

ASPECT = 1, 1  # of the views


def measure(bench: Bench) -> Figures:
    """Measure the share of dreamed views for each scene and path, and overall, with the scenes and views of `consistency`."""
    plan = make_plan(bench.flags)
    session = replace(bench.session, paint=replace(bench.session.paint, sky=False))  # of views alone
    figures: Figures = {}
    dreams = 0
    for name in plan.scenes:
        scene = open_named(name)
        with open_headless_session(bench.session, scene, bench.model) as headless:
            blocks = extrude_scene(scene)
            for path in PATHS:
                headless.volume.erase()
                painter = Painter(headless.volume, InlineWorker(bench.model, dream_blank), scene, session)
                for camera in make_walk(path, scene, blocks, plan.views):
                    paint_view(painter, camera, ASPECT)
                figures[f"{scene.name}_{path}"] = painter.client.dreams / plan.views
                dreams += painter.client.dreams
    figures["share_of_views_dreamed"] = dreams / (len(plan.scenes) * len(PATHS) * plan.views)
    return {name: round(value, 3) for name, value in figures.items()}


def dream_blank(model: Any, canvas: Canvas, settings: DreamSettings, **hooks: object) -> Dreamed:
    """Return zero latents and a black picture at once, as a finished dream."""
    height, width = canvas.change.shape
    image = np.zeros((CELL * height, CELL * width, 3), np.uint8)
    return Dreamed(np.zeros_like(canvas.noise), image, float(settings.steps), settings.steps, {})
