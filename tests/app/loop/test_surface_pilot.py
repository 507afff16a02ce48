"""How the autopilot goes through surfaces: in order, and each with a camera that looks at it."""

from __future__ import annotations

import numpy as np
import pytest

from app.loop.surface_painting import SurfacePlan
from app.loop.surface_pilot import SurfacePilot, camera_for, plan_surfaces
from app.session import Session
from engine.geometry import sides
from engine.geometry.sheet import Patch, Sheet
from engine.gl.time_sliced import TimeSlicedTask
from scenes.camera import Camera

HERE = Camera.look_at((4.0, 2.2, 7.5), (4.0, 1.0, 2.0), fov=70)


@pytest.fixture
def pilot(make_painter, ctx, monkeypatch: pytest.MonkeyPatch) -> SurfacePilot:
    for name, side in (
        ("patches.WIDEST", 16),
        ("patches.TALLEST", 16),
        ("sheet_plan.WIDTH", 20),
        ("sheet_plan.HEIGHT", 20),
    ):
        monkeypatch.setattr(f"engine.atlas.{name}", side)
    volume = make_painter(Session()).volume
    return TimeSlicedTask(ctx, plan_surfaces(volume, HERE, 1, 6, [HERE])).run_to_end()


def test_it_goes_through_all_sheets_in_the_order_of_their_plan(pilot: SurfacePilot) -> None:
    goal = pilot.work(1.0)[1]
    assert goal == sum(sheet.columns * sheet.rows for sheet in pilot.surfaces.sheets)
    assert pilot.work(0.5)[1] < goal and pilot.coverage == 0
    seen = []
    while (sheet := pilot.choose()) is not None:
        assert pilot.current is pilot.plan[0] and pilot.current.gain == sheet.texels
        seen.append((sheet, pilot.coverage, pilot.work(1.0)[0]))
        pilot.mark_done()
    sheets, coverages, work = zip(*seen, strict=True)
    assert list(sheets) == pilot.surfaces.sheets and len(set(coverages)) == len(sheets)
    assert list(coverages) == sorted(coverages) and list(work) == sorted(work)
    assert pilot.coverage == 1 and pilot.work(1.0) == (goal, goal) and not pilot.plan and pilot.current is None


def test_of_a_whole_painted_scene_nothing_is_planned() -> None:
    pilot = SurfacePilot(SurfacePlan([], 100, 0), [])
    assert pilot.choose() is None and pilot.coverage == 1 and pilot.work(1.0) == (0, 0)


def test_a_sheet_is_shown_by_the_nearest_camera_that_looks_at_it(make_painter) -> None:
    planes = make_painter(Session()).volume.planes
    floor = int(np.flatnonzero(planes.side == 2)[0])
    sheet = Sheet((Patch(floor, 4, 4, 4, 4),), 8, 8, 1)
    middle = planes.points(floor, np.asarray(6.0), np.asarray(6.0))

    def looking(offset: tuple[float, ...], target: tuple[float, ...] = (0, 0, 0)) -> Camera:
        return Camera.look_at(tuple(middle + np.array(offset)), tuple(middle + np.array(target)))

    near, far = looking((0, 2, 2)), looking((0, 6, 6))
    below, turned = looking((0, -2, 1)), looking((0, 1, 1), (0, 5, 9))
    assert camera_for(planes, sheet, [far, below, near, turned]) == near
    alone = camera_for(planes, sheet, [below, turned])
    towards = middle - alone.position
    assert towards @ sides.NORMAL[2] < 0 and towards / np.linalg.norm(towards) @ alone.axes[2] > 0.99
