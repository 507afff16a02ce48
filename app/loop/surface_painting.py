"""Paints the surfaces of a whole scene or of a camera path by sheets, without a window and without dreaming views."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from app.fields import Size
from app.loop.autopilot import viewpoints
from app.loop.paint_now import paint_sheet
from app.loop.painter import Painter
from base.grid import CELL
from engine.atlas.needs import TexelNeeds, join_needs, lacking, view_needs, whole_needs
from engine.atlas.sheet_plan import plan_sheets
from engine.geometry.sheet import Sheet
from scenes.camera import Camera

QUALITY: dict[str, float] = {"draft": 0.0, "normal": 1.0, "fine": 2.0}
"""Name → pixels painted for a pixel of a film's frames, along each side; 0: frames are painted view by view."""
LOOK_EVERY = 0.25  # seconds between the frames of a film whose needs are gathered
TOGETHER = 8  # views whose needs are joined at a time, which bounds the memory


@dataclass(frozen=True)
class SurfacePlan:
    """sheets: of surfaces that lack paint, nearest first; texels: number in all; lacks: number of texels that lack paint."""

    sheets: list[Sheet]
    texels: int
    lacks: int

    @property
    def area(self) -> int:
        """Latent pixels of all sheets, a measure of their cost."""
        return sum(sheet.columns * sheet.rows for sheet in self.sheets)

    def coverage_after(self, sheets: int) -> float:
        """Painted share of the texels after the first `sheets`, 0..1. An estimate: surfaces fill some sheets better than others."""
        done = 0.0 if not self.sheets else 1.0 if sheets >= len(self.sheets) else float(self._areas[sheets])
        return 1 - self.lacks * (1 - done) / max(1, self.texels)

    @cached_property
    def _areas(self) -> np.ndarray:
        """float [n]: share of all sheets' texels on those before the n-th."""
        area = [sheet.texels for sheet in self.sheets]
        return np.append(0, np.cumsum(area)) / sum(area)


def choose_looks(frames: int, fps: float) -> list[int]:
    """Return the indices of the film frames whose needs are gathered: one every LOOK_EVERY seconds, and the last."""
    return sorted({*range(0, frames, max(1, round(fps * LOOK_EVERY))), frames - 1})


def plan_views(painter: Painter, cameras: Sequence[Camera], size: Size, density: float = 1.0) -> SurfacePlan:
    """Plan the sheets for views of `size`, at `density` times the resolution of their pixels."""
    charts, volume = painter.volume.charts, painter.volume
    known: TexelNeeds | None = None
    for first in range(0, len(cameras), TOGETHER):
        parts = [
            view_needs(charts, camera, size, volume.find_visible_texels(camera, size, through=True), density)
            for camera in cameras[first : first + TOGETHER]
        ]
        known = join_needs(charts, [*parts, *([known] if known is not None else [])])
    return _plan(painter, join_needs(charts, []) if known is None else known)


def plan_scene(painter: Painter) -> SurfacePlan:
    """Plan the whole scene as finely as the atlas can store it, beginning at the first of its viewpoints."""
    return _plan(painter, whole_needs(painter.volume.charts, viewpoints(painter.scene)[0].position))


def paint_sheets(painter: Painter, plan: SurfacePlan) -> Iterator[int]:
    """Paint a plan's sheets; yields the number painted so far."""
    for number, sheet in enumerate(plan.sheets, 1):
        paint_sheet(painter, sheet)
        yield number


def _plan(painter: Painter, needs: TexelNeeds) -> SurfacePlan:
    volume, model = painter.volume, painter.requests.model
    lacks = lacking(volume.atlas, volume.charts, needs, painter.session.dream.steps)
    sheets = plan_sheets(volume.planes, needs.only(lacks), model.multiple // CELL)
    return SurfacePlan(sheets, len(needs), int(np.count_nonzero(lacks)))
