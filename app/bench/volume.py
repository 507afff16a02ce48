"""Gather and scatter of a view on this machine's GL: what the explorer pays for remembering, latents and colours."""

from __future__ import annotations

import numpy as np

from app.bench.bench import Bench, Figures, milliseconds
from app.loop.headless_session import Studio
from base.grid import CELL
from engine.atlas.views import GatheredView, PaintedView
from scenes.camera import Camera


def measure(bench: Bench) -> Figures:
    """Medians over views of the tour; a first view of each size warms up. Every view is painted anew, at rising steps."""
    figures: Figures = {}
    cameras = bench.cameras(bench.times(2, 6))
    with bench.studio() as studio:
        for side in (128,) if bench.flags.quick else (512, 1024):
            for name, colours in (("latents_", False), ("", True)):
                views = enumerate([cameras[0], *cameras], start=1)
                rows = [one(studio, camera, side, steps, colours) for steps, camera in views][1:]
                gather, scatter, texels = np.median(rows, axis=0)
                figures |= {
                    f"{name}gather_{side}_ms": round(float(gather), 2),
                    f"{name}scatter_{side}_ms": round(float(scatter), 2),
                    f"{name}both_{side}_ms": round(float(gather + scatter), 2),
                    f"{name}texels_{side}": float(texels),
                }
                studio.volume.erase()
    return figures


def one(studio: Studio, camera: Camera, side: int, steps: int, colours: bool) -> tuple[float, float, int]:
    """(ms of the gather, ms of the scatter, texels that took the painting) of one square view."""
    looks: list[GatheredView] = []
    gather = milliseconds(lambda: looks.append(studio.volume.gather(camera, (side, side), colours)))
    random = np.random.default_rng(steps)
    latents = random.standard_normal((studio.model.channels, side // CELL, side // CELL), dtype=np.float32)
    picture = random.integers(0, 256, (side, side, 3), dtype=np.uint8)
    painting = PaintedView(camera, (side, side), latents, picture, float(steps))
    taken: list[int] = []
    scatter = milliseconds(lambda: taken.append(studio.volume.scatter(looks[0], painting, colours)))
    return gather, scatter, taken[0]
