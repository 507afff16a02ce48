"""Compare paint with fresh dreams, made as if nothing were painted: pictures of views, and sheets of the ground."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from app.bench.consistency import figures
from app.bench.consistency.geometry import raycast_view
from app.bench.consistency.methods import BARE, Shown
from app.bench.look.density import read_pixels
from app.bench.look.streaks import coherence, directed_energy
from app.fields import Size
from app.loop.answers import dream_of
from app.loop.headless_session import HeadlessSession
from app.loop.view_canvas import canvas_from
from base.grid import CELL, to_pixels
from engine.atlas.needs import join_needs, view_needs
from engine.atlas.sheet_plan import plan_sheets
from engine.atlas.views import GatheredSheet, GatheredView
from engine.geometry.sheet import Sheet
from scenes.camera import Camera
from scenes.extrude import Blocks

UP = 2  # the side of surfaces that face up (engine.geometry.sides)
SHEETS = 6  # sheets of the ground that are dreamed afresh


@dataclass(frozen=True)
class Compared:
    """sharpness: fine detail of frames ÷ that of fresh pictures; pairs: frames and their fresh pictures, uint8 [H,W,3]."""

    sharpness: float | None
    pairs: list[tuple[np.ndarray, np.ndarray]]


def compare_frames(headless: HeadlessSession, blocks: Blocks, cameras: Sequence[Camera], size: Size) -> Compared:
    """Draw frames, and dream fresh pictures of the same views at the same size, rounded up to the model's multiple."""
    multiple = headless.model.multiple
    width, height = (-(-side // multiple) * multiple for side in size)
    views, shown, fresh = [], [], {}
    for number, camera in enumerate(cameras):
        picture = headless.draw(camera, (width, height))[..., :3].copy()
        bare = read_pixels(headless.volume, camera, (width, height)).bare
        views.append(raycast_view(blocks, camera, (width, height)))
        shown.append(Shown(picture, np.where(bare, BARE, 0)))
        fresh[number] = dream_afresh(headless, headless.volume.gather(camera, (width, height)))
    return Compared(
        figures.sharpness(views, shown, fresh), [(s.picture, fresh[number]) for number, s in enumerate(shown)]
    )


def streak_index(headless: HeadlessSession, cameras: Sequence[Camera], size: Size) -> float | None:
    """The coherence of the ground's paint that these cameras see ÷ that of fresh sheets of the same texels."""
    painted, fresh = [], []
    for sheet in ground_sheets(headless, cameras, size):
        gathered = headless.volume.gather_sheet_task(sheet).run_to_end()
        surface = ground_surface(gathered)
        painted.append(directed_energy(gathered.colours[..., :3], surface))
        fresh.append(directed_energy(dream_afresh(headless, gathered), surface))
    ours, theirs = coherence(painted), coherence(fresh)
    return ours / theirs if ours is not None and theirs else None


def ground_sheets(headless: HeadlessSession, cameras: Sequence[Camera], size: Size) -> list[Sheet]:
    """Up to SHEETS sheets of surfaces that face up, as finely as frames show them, from near to far."""
    volume, charts = headless.volume, headless.charts
    needs = join_needs(
        charts,
        [view_needs(charts, c, size, volume.find_visible_texels(c, size)) for c in cameras],
    )
    sheets = plan_sheets(volume.planes, needs.only(charts.side[needs.chart] == UP), headless.model.multiple // CELL)
    return [sheets[k] for k in np.unique(np.linspace(0, len(sheets) - 1, SHEETS).round().astype(int))] if sheets else []


def ground_surface(gathered: GatheredSheet) -> np.ndarray:
    """int [H,W]: a number for each patch and material of a sheet, −1 where it is unpainted or beyond the patches."""
    kept = to_pixels(gathered.sheet.inner) & (gathered.colours[..., 3] == 255)
    return np.where(kept, gathered.patch.astype(np.int32) * 1000 + gathered.pixel_material, -1)


def dream_afresh(headless: HeadlessSession, gathered: GatheredView | GatheredSheet) -> np.ndarray:
    """uint8 [H,W,3], dreamed as if nothing were painted."""
    dream = headless.session.dream
    canvas = canvas_from(gathered, headless.scene, dream.steps)
    unpainted = replace(canvas, guide=None, change=np.ones_like(canvas.change))
    return dream_of(headless.model, unpainted, dream).image
