"""How a view is refined beyond its first dream: which parts it is made of, and how each is gathered.

A model that knows surfaces paints sheets, which show surfaces straight on (`engine.geometry.sheet`). Meshes, which no sheet shows, and
whatever any other model paints are painted by close-ups: turned cameras with a smaller field of view (`app.loop.close_ups`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import Protocol

import numpy as np

from app.fields import Size
from app.loop.close_ups import HOLE, close_ups, find_unpainted
from app.loop.messages import ModelInfo
from app.loop.quality_levels import View
from base.grid import CELL
from engine.atlas import policy
from engine.atlas.needs import TexelNeeds, lacking_slices, view_needs
from engine.atlas.sheet_plan import plan_sheets
from engine.atlas.views import GatheredSheet, GatheredView, Part
from engine.atlas.volume import LatentVolume
from engine.geometry.sheet import Sheet
from engine.gl.time_sliced import Slices, run_on_thread
from scenes.camera import Camera


@dataclass(frozen=True)
class Piece:
    """A part of a view that lacks paint. what, part: what to gather; lacking: its unpainted share of the whole view, 0..1."""

    what: Camera | Sheet
    lacking: float
    part: Part = Part.SOLID

    @property
    def work(self) -> float:
        """Relative cost among the parts of its view."""
        return self.what.columns * self.what.rows if isinstance(self.what, Sheet) else 1.0


class Refiner(Protocol):
    """follows_walker: whether parts are worth painting after the camera has moved on; part_name: name of a part for users."""

    follows_walker: bool
    part_name: str

    def gains(self, view: View) -> bool:
        """Whether refining can make a view finer than its first dream."""
        ...

    def find_parts(self, view: View, camera: Camera, canvas: Size) -> Slices[tuple[Piece, ...]]:
        """The parts of a view that lack something, the most important first. camera, canvas: of its first dream."""
        ...

    def gather(self, part: Piece) -> Slices[GatheredView | GatheredSheet]: ...

    def is_lacking(self, gathered: GatheredView | GatheredSheet, steps: float) -> bool:
        """Whether a gathered part still lacks something."""
        ...


@dataclass(frozen=True)
class CloseUpRefiner:
    """Paints what a view lacks by close-ups of the model's own size. enough: share of a part that may be painted at most."""

    volume: LatentVolume
    side: int
    enough: float
    follows_walker = False
    part_name = "part"

    def gains(self, view: View) -> bool:
        return view.size[1] > view.level.height

    def find_parts(self, view: View, camera: Camera, canvas: Size) -> Slices[tuple[Piece, ...]]:
        found = list[Piece]()
        for part in (Part.SOLID, Part.BEHIND):
            whole = yield from self.volume.gather_task(camera, canvas, False, part).remaining_slices()
            found += self.cut(view, whole, part)
            if not self.volume.charts.see_through[whole.chart].any():
                break
        return tuple(found)

    def cut(self, view: View, whole: GatheredView, part: Part = Part.SOLID) -> tuple[Piece, ...]:
        """Return the close-ups that lack something. whole: the view as it is painted."""
        level = view.level
        parts = close_ups(view.camera, view.size, whole, level.height, level.steps, self.enough, self.side)
        return tuple(Piece(one.camera, one.lacking, part) for one in parts)

    def gather(self, part: Piece) -> Slices[GatheredView | GatheredSheet]:
        assert isinstance(part.what, Camera)
        return (
            yield from self.volume.gather_task(part.what, (self.side, self.side), part=part.part).remaining_slices()
        )

    def is_lacking(self, gathered: GatheredView | GatheredSheet, steps: float) -> bool:
        assert isinstance(gathered, GatheredView)
        return policy.coverage(gathered, steps) < self.enough or bool(find_unpainted(gathered).sum() >= HOLE)


@dataclass(frozen=True)
class SheetRefiner:
    """Paints what a view lacks by sheets, and its meshes, which no sheet shows, by close-ups."""

    volume: LatentVolume
    multiple: int  # canvas sides are multiples of it, in latent pixels
    close_ups: CloseUpRefiner
    follows_walker = True
    part_name = "surface"

    def gains(self, view: View) -> bool:
        return True

    def find_parts(self, view: View, camera: Camera, canvas: Size) -> Slices[tuple[Piece, ...]]:
        volume, charts = self.volume, self.volume.charts
        shown = yield from volume.find_visible_texels_slices(view.camera, view.size, through=True)
        needs = yield from run_on_thread(partial(view_needs, charts, view.camera, view.size, shown))
        lacks = yield from lacking_slices(volume.atlas, charts, needs, view.level.steps)
        sheets = yield from run_on_thread(partial(self._plan, needs, lacks))
        return (*sheets, *(yield from self._find_meshes(view, camera, canvas)))

    def _find_meshes(self, view: View, camera: Camera, canvas: Size) -> Slices[tuple[Piece, ...]]:
        """The close-ups of a view that show meshes which lack something."""
        meshes = self.volume.charts.meshes
        if meshes is None or not self.close_ups.gains(view):
            return ()
        whole = yield from self.volume.gather_task(camera, canvas, False, Part.SOLID).remaining_slices()
        own = np.where(meshes.mesh[whole.chart] >= 0, whole.density, np.float32(0))
        return self.close_ups.cut(view, replace(whole, density=own))

    def _plan(self, needs: TexelNeeds, lacks: np.ndarray) -> tuple[Piece, ...]:
        """The sheets for what a view lacks, bool [n] of its needs. Any thread."""
        sheets = plan_sheets(self.volume.planes, needs.only(lacks), self.multiple)
        area = np.array([sheet.texels for sheet in sheets], float)
        share = area / max(area.sum(), 1) * lacks.sum() / max(len(needs), 1)
        return tuple(Piece(*pair) for pair in zip(sheets, share.tolist(), strict=True))

    def gather(self, part: Piece) -> Slices[GatheredView | GatheredSheet]:
        if not isinstance(part.what, Sheet):
            return (yield from self.close_ups.gather(part))
        return (yield from self.volume.gather_sheet_task(part.what).remaining_slices())

    def is_lacking(self, gathered: GatheredView | GatheredSheet, steps: float) -> bool:
        if isinstance(gathered, GatheredView):
            return self.close_ups.is_lacking(gathered, steps)
        return bool((policy.missing_share(gathered, steps) > 0).any())


def refiner_of(volume: LatentVolume, model: ModelInfo, enough: float) -> Refiner:
    """The refiner that suits a model."""
    side = -(-model.native // model.multiple) * model.multiple
    close_ups = CloseUpRefiner(volume, side, enough)
    return SheetRefiner(volume, model.multiple // CELL, close_ups) if model.knows_surfaces else close_ups
