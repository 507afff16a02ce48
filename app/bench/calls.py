"""How many views of the full walks are dreamed, as a share of all: counted with blank dreams, for it hangs on geometry alone."""

from __future__ import annotations

from typing import Any

import numpy as np

from app.bench.bench import Bench, Figures
from app.bench.consistency import plan
from app.bench.consistency.maps import open_named
from app.bench.consistency.methods import ASPECT
from app.bench.consistency.paths import PATHS, walked
from app.loop.headless_session import open_headless_session
from app.loop.painter import Painter
from app.loop.worker import InlineWorker
from base.grid import CELL
from diffusion.canvas import Canvas, Dreamed
from diffusion.settings import DreamSettings
from scenes.extrude import extrude_scene


def measure(bench: Bench) -> Figures:
    """Shares of dreamed views by scene and path, and of all. The same scenes and views as those of `consistency`."""
    asked = plan(bench)
    figures: Figures = {}
    dreams = 0
    for name in asked.scenes:
        scene = open_named(name)
        with open_headless_session(bench.session, scene, bench.model) as headless:
            blocks = extrude_scene(scene)
            for path in PATHS:
                headless.volume.erase()
                painter = Painter(headless.volume, InlineWorker(bench.model, blank), scene, bench.session)
                for camera in walked(path, scene, blocks, asked.views):
                    painter.flush(camera, ASPECT)
                figures[f"{scene.name}_{path}"] = painter.client.dreams / asked.views
                dreams += painter.client.dreams
    figures["share_of_views_dreamed"] = dreams / (len(asked.scenes) * len(PATHS) * asked.views)
    return {name: round(value, 3) for name, value in figures.items()}


def blank(model: Any, canvas: Canvas, settings: DreamSettings, **hooks: object) -> Dreamed:
    """A dream of nothing, at once, that counts as whole."""
    height, width = canvas.change.shape
    image = np.zeros((CELL * height, CELL * width, 3), np.uint8)
    return Dreamed(np.zeros_like(canvas.noise), image, float(settings.steps), settings.steps, {})
