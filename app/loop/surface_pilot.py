"""Plans how the autopilot paints a whole scene with a model that knows surfaces: sheet by sheet, each with a view that shows it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np

from app.loop.autopilot import Viewpoint
from app.loop.surface_painting import SurfacePlan
from engine.atlas.needs import lacking_slices, whole_needs
from engine.atlas.sheet_plan import plan_sheets
from engine.atlas.volume import LatentVolume
from engine.geometry import sides
from engine.geometry.planes import PlaneIndex
from engine.geometry.sheet import Patch, Sheet
from engine.gl.time_sliced import Slices, run_on_thread
from scenes.camera import Camera

ASPECT = 16 / 9
WITHIN = 0.8  # share of a view's half width and height within which a surface is well visible
AWAY = 5.0  # blocks in front of a surface: the camera's place if no given camera shows it


class SurfacePilot:
    """Chooses the next sheet, in the order of the plan. views: one per sheet; other attributes as in `Autopilot`."""

    def __init__(self, plan: SurfacePlan, cameras: Sequence[Camera]) -> None:
        self.surfaces = plan
        pairs = zip(plan.sheets, cameras, strict=True)
        self.views = [Viewpoint(camera, sheet.texels, sheet.texels) for sheet, camera in pairs]
        self.current: Viewpoint | None = None
        self._painted = 0

    @property
    def coverage(self) -> float:
        """Painted share of all texels, 0..1; see `SurfacePlan.coverage_after`."""
        return self.surfaces.coverage_after(self._painted)

    @property
    def plan(self) -> list[Viewpoint]:
        """The sheets that are still to be painted, the next first."""
        return self.views[self._painted :]

    @property
    def label(self) -> str:
        return f"surface {min(self._painted + 1, len(self.views))} of {len(self.views)}"

    def work(self, until: float) -> tuple[float, float]:
        """Return (work done, total work) in canvas pixels, if painting ends at a coverage of `until`."""
        areas = [sheet.columns * sheet.rows for sheet in self.surfaces.sheets]
        last = next((n for n in range(len(areas) + 1) if self.surfaces.coverage_after(n) >= until), len(areas))
        return float(sum(areas[: self._painted])), float(sum(areas[:last]))

    def choose(self) -> Sheet | None:
        """The next sheet, of which `current` is the view; None after the last."""
        if self._painted == len(self.views):
            self.current = None
            return None
        self.current = self.views[self._painted]
        return self.surfaces.sheets[self._painted]

    def mark_done(self) -> None:
        """Record that the current sheet is painted."""
        assert self.current is not None
        self.current.open, self.current.dreams = 0, 1
        self._painted += 1


def plan_surfaces(
    volume: LatentVolume, here: Camera, multiple: int, steps: float, cameras: Sequence[Camera]
) -> Slices[SurfacePilot]:
    """Plan the whole scene as finely as the atlas can store it, in slices, the surfaces nearest to `here` first.

    multiple: see `plan_sheets`; cameras: to look from.
    """
    needs = yield from run_on_thread(partial(whole_needs, volume.charts, here.position))
    lacks = yield from lacking_slices(volume.atlas, volume.charts, needs, steps)

    def plan() -> SurfacePilot:
        sheets = plan_sheets(volume.planes, needs.only(lacks), multiple)
        found = [camera_for(volume.planes, sheet, cameras) for sheet in sheets]
        return SurfacePilot(SurfacePlan(sheets, len(needs), int(np.count_nonzero(lacks))), found)

    return (yield from run_on_thread(plan))


def camera_for(planes: PlaneIndex, sheet: Sheet, cameras: Sequence[Camera]) -> Camera:
    """Return the nearest camera that faces the sheet's largest patch, ignoring occlusion; else one placed in front of it."""
    patch = max(sheet.patches, key=lambda patch: patch.area)
    centre, normal = _middle(planes, patch, sheet.scale), sides.NORMAL[planes.side[patch.plane]].astype(float)
    away = np.array([camera.position for camera in cameras]).reshape(-1, 3) - centre
    seen = [k for k, offset in enumerate(away) if offset @ normal > 0 and _shows(cameras[k], -offset)]
    if not seen:
        # a little to the side, as no upright camera looks straight down
        return Camera.look_at(tuple(centre + AWAY * normal + (0, 0, AWAY / 4)), tuple(centre))
    return cameras[min(seen, key=lambda k: float(np.linalg.norm(away[k])))]


def _middle(planes: PlaneIndex, patch: Patch, scale: int) -> np.ndarray:
    u, v = patch.u + patch.columns * scale / 2, patch.v + patch.rows * scale / 2
    return planes.points(patch.plane, np.asarray(u), np.asarray(v))


def _shows(camera: Camera, ray: np.ndarray) -> bool:
    """Whether a ray from the camera lies well within its view."""
    right, up, forward = camera.axes @ ray
    tall = WITHIN * forward * np.tan(np.radians(camera.fov) / 2)
    return bool(forward > 0 and abs(up) < tall and abs(right) < tall * ASPECT)
