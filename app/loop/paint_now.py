"""Paint views, sheets and the sky to the end, by a worker that dreams within the call: for loops without a window.

All functions raise RuntimeError with the worker's traceback if a dream fails.
"""

from __future__ import annotations

from app.fields import Size
from app.loop.messages import DreamFailed
from app.loop.painter import Painter
from app.loop.sky import AROUND
from engine.geometry.sheet import Sheet
from scenes.camera import Camera


def paint_view(painter: Painter, camera: Camera, size: Size, refine: bool = False) -> int:
    """Dream a view until it is painted. Returns the number of dreams.

    refine: also paint it part by part at the resolution of `size`, (width, height) in pixels
    """
    before = painter.client.dreams
    painter.collect()
    while painter.consider(camera, size, refine=refine):
        _run_to_end(painter)
    return painter.client.dreams - before


def paint_sky(painter: Painter) -> int:
    """Paint the sky all around. Returns the number of dreams."""
    before = painter.client.dreams
    painter.collect()
    while painter.sky.consider(painter.session, AROUND):
        _run_to_end(painter)
    return painter.client.dreams - before


def paint_sheet(painter: Painter, sheet: Sheet) -> None:
    """Dream a sheet and lay it."""
    painter.collect()
    painter.requests.begin_sheet(sheet)
    _run_to_end(painter)


def _run_to_end(painter: Painter) -> None:
    """Collect until nothing is being gathered, dreamed or laid."""
    while painter.client.busy:
        for message in painter.collect():
            if isinstance(message, DreamFailed):
                raise RuntimeError(message.traceback)
