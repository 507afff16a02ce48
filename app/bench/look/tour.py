"""Film a scene's tour as `rayverie render` does, and examine its frames."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from app.bench.look.density import PixelPaint, read_pixels
from app.bench.look.stopwatch import Stopwatch
from app.commands import Render
from app.fields import Size
from app.loop.autopilot import drain
from app.loop.headless_session import HeadlessSession
from app.loop.paint_now import paint_view
from app.loop.surface_painting import QUALITY, SurfacePlan, choose_looks, paint_sheets, plan_views
from scenes.camera import Camera


@dataclass(frozen=True)
class Tour:
    """A tour that was filmed. watched: number of a frame → the paint under its pixels when it was drawn; sheets: painted in advance;
    ahead: time to paint them; rest: time to plan them and to paint the sky and what frames still lacked;
    dreams, calls: total numbers."""

    watched: dict[int, PixelPaint]
    sheets: SurfacePlan | None
    ahead: Stopwatch
    rest: Stopwatch
    dreams: int
    calls: int


def film_tour(headless: HeadlessSession, cameras: Sequence[Camera], watched: Sequence[int], film: Render) -> Tour:
    """Paint what all frames need, as `rayverie render` does with these settings; then film and examine only the `watched` ones, which
    takes much less time."""
    painter, density = headless.painter, QUALITY[film.quality]
    dreams, calls = painter.client.dreams, painter.client.calls
    ahead, rest = Stopwatch(), Stopwatch()
    plan = None
    if density and headless.model.knows_surfaces:
        with rest.running():
            looks = choose_looks(len(cameras), film.fps)
            plan = plan_views(painter, [cameras[k] for k in looks], film.size, density)
        with ahead.running():
            drain(paint_sheets(painter, plan))
    seen: dict[int, PixelPaint] = {}
    for number in watched:
        with rest.running():
            paint_view(painter, cameras[number], film.size)
        seen[number] = read_pixels(headless.volume, cameras[number], film.size)
    return Tour(seen, plan, ahead, rest, painter.client.dreams - dreams, painter.client.calls - calls)


def revisit(headless: HeadlessSession, cameras: Sequence[Camera], size: Size) -> dict[str, int | bool]:
    """Film the tour again: model calls, and whether the atlas has the same bits after it."""
    before, calls = fingerprint(headless), headless.painter.client.calls
    for camera in cameras:
        paint_view(headless.painter, camera, size)
    return {
        "revisit_calls": headless.painter.client.calls - calls,
        "revisit_same_bits": fingerprint(headless) == before,
    }


def fingerprint(headless: HeadlessSession) -> str:
    """Of all paint."""
    volume = headless.volume
    volume.flush()
    found = hashlib.sha256()
    for number in sorted(volume.atlas):
        for values in volume.atlas[number].read().values():
            found.update(np.ascontiguousarray(values).tobytes())
    return found.hexdigest()
