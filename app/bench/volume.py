"""Time of gather and scatter on this machine's GL, with and without colours."""

from __future__ import annotations

import numpy as np

from app.bench.bench import Bench, Figures, milliseconds
from app.loop.headless_session import HeadlessSession
from base.grid import CELL
from engine.atlas.views import GatheredView, PaintedView
from scenes.camera import Camera


def measure(bench: Bench) -> Figures:
    """Medians over views of the tour; the first view of each size warms up. Steps increase, so that every view is painted."""
    figures: Figures = {}
    cameras = bench.cameras(bench.times(2, 6))
    with bench.headless() as headless:
        for side in (128,) if bench.flags.quick else (512, 1024):
            for name, colours in (("latents_", False), ("", True)):
                views = enumerate([cameras[0], *cameras], start=1)
                rows = [measure_view(headless, camera, side, steps, colours) for steps, camera in views][1:]
                gather, scatter, texels = np.median(rows, axis=0)
                figures |= {
                    f"{name}gather_{side}_ms": round(float(gather), 2),
                    f"{name}scatter_{side}_ms": round(float(scatter), 2),
                    f"{name}both_{side}_ms": round(float(gather + scatter), 2),
                    f"{name}texels_{side}": float(texels),
                }
                headless.volume.erase()
    return figures


def measure_view(
    headless: HeadlessSession, camera: Camera, side: int, steps: int, colours: bool
) -> tuple[float, float, int]:
    """(milliseconds of gather, of scatter, number of texels changed) of one square view."""
    views: list[GatheredView] = []
    gather = milliseconds(lambda: views.append(headless.volume.gather(camera, (side, side), colours)))
    random = np.random.default_rng(steps)
    latents = random.standard_normal((headless.model.channels, side // CELL, side // CELL), dtype=np.float32)
    picture = random.integers(0, 256, (side, side, 3), dtype=np.uint8)
    painted = PaintedView(camera, (side, side), latents, picture, float(steps))
    taken: list[int] = []
    scatter = milliseconds(lambda: taken.append(headless.volume.scatter(views[0], painted, colours)))
    return gather, scatter, taken[0]
