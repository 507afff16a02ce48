"""Two views of the tiny scene, and frames that look at them."""

from __future__ import annotations

from dataclasses import replace

from app.loop.painter import Painter
from scenes.camera import Camera

SIZE = (320, 180)
HERE = Camera.look_at((4.0, 2.2, 7.5), (4.0, 1.0, 2.0), fov=70)
THERE = Camera.look_at((0.5, 2.2, 6.5), (7.0, 1.0, 4.0), fov=70)


def live(painter: Painter, camera: Camera, seconds: list[float]) -> None:
    for now in seconds:
        painter.update(camera, SIZE, now)


def come(painter: Painter) -> None:
    """From now on every other camera is one that moved."""
    session = painter.session
    painter.session = replace(session, live=replace(session.live, auto=False))
    painter.update(THERE, SIZE, -1.0)
    painter.session = session
