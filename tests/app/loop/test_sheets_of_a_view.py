"""Refining with a model that knows surfaces: by sheets, in the window's loop and without a window."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from app.loop.painter import Painter
from app.loop.surface_painting import paint_sheets, plan_scene, plan_views
from app.session import LiveSettings, PaintSettings, Session
from diffusion.settings import DreamSettings
from engine.atlas.needs import lacking, view_needs
from engine.atlas.views import GatheredSheet
from scenes.camera import Camera

SIZE = (320, 180)
STEPS = 6
HERE = Camera.look_at((4.0, 2.2, 7.5), (4.0, 1.0, 2.0), fov=70)
THERE = Camera.look_at((0.5, 2.2, 6.5), (7.0, 1.0, 4.0), fov=70)


@pytest.fixture
def painter(make_painter, fake_model):
    fake_model.knows_surfaces = True
    live = LiveSettings(rest=0.5, moving_steps=2)
    return make_painter(Session(dream=DreamSettings(steps=STEPS), live=live, paint=PaintSettings(sky=False)))


def lacks(painter: Painter, camera: Camera) -> float:
    """Share of what a view needs that isn't painted."""
    volume = painter.volume
    needs = view_needs(volume.charts, camera, SIZE, volume.find_visible_texels(camera, SIZE))
    return float(lacking(volume.atlas, volume.charts, needs, STEPS).mean())


def test_a_resting_view_lacks_nothing_in_the_end_and_coming_back_costs_nothing(painter) -> None:
    words = []
    while words[-5:] != 5 * ["this view is finished"]:
        painter.update(HERE, SIZE, 0.01 * len(words))
        words.append(painter.status_text)
        assert len(words) < 500
    assert words[-1] == "this view is finished" and any("surface 1 of" in w for w in words)
    assert lacks(painter, HERE) == 0 and painter.coverage == pytest.approx(1)
    dreams, before = painter.client.dreams, painter.volume.snapshot()
    for k in range(20):
        painter.update(HERE, SIZE, 10 + k)
    assert painter.client.dreams == dreams and painter.volume.revision == before.revision


def test_walking_on_does_not_abandon_a_sheet(painter) -> None:
    for k in range(300):
        painter.update(HERE, SIZE, 0.01 * k)
        running = painter.client.running
        if running is not None and isinstance(running.gathered, GatheredSheet):
            break
    assert painter.client.running is not None
    done, painter.client.worker.poll = painter.client.worker.poll, lambda: []
    painter.update(THERE, SIZE, 5.0)
    assert painter.client.running is running, "the surface is as good from anywhere"
    painter.client.worker.poll = done
    dreams = painter.client.dreams
    painter.update(THERE, SIZE, 5.01)
    assert painter.client.dreams == dreams + 1


def test_sheets_are_painted_while_walking_once_a_sketch_covers_the_view(painter) -> None:
    session = painter.session
    painter.session = replace(session, paint=replace(session.paint, coverage=0.5))
    painter.update(THERE, SIZE, -1.0)
    painter.cancel()
    sheets = 0
    for k in range(120):
        camera = HERE.with_changes(position=(4.0 + 0.002 * k, 2.2, 7.5))
        painter.update(camera, SIZE, 0.26 * k)
        running = painter.client.running
        sheets += running is not None and isinstance(running.gathered, GatheredSheet)
    assert sheets > 0


def test_without_refining_no_sheet_is_painted(painter) -> None:
    painter.session = replace(painter.session, live=replace(painter.session.live, refine=False))
    for k in range(50):
        painter.update(HERE, SIZE, 0.1 * k)
    assert painter.client.dreams == 2 and painter.status_text == "this view is finished"  # a sketch, then all steps


def test_a_path_is_painted_once_and_as_finely_as_its_views_show_it(painter) -> None:
    painter.collect()
    coarse = plan_views(painter, [HERE, THERE], SIZE, 0.02)
    assert all(sheet.scale > 1 for sheet in coarse.sheets)
    for _ in paint_sheets(painter, coarse):
        pass
    assert plan_views(painter, [HERE, THERE], SIZE, 0.02).lacks == 0
    plan = plan_views(painter, [HERE, THERE], SIZE)
    assert 0 < plan.lacks <= plan.texels and plan.coverage_after(len(plan.sheets)) == 1
    assert list(paint_sheets(painter, plan)) == list(range(1, len(plan.sheets) + 1))
    assert lacks(painter, HERE) == lacks(painter, THERE) == 0
    assert plan_views(painter, [HERE, THERE], SIZE).sheets == []


def test_a_whole_scene_is_painted_in_few_canvases(painter) -> None:
    painter.collect()
    plan = plan_scene(painter)
    cells = sum(sheet.columns * sheet.rows for sheet in plan.sheets)
    assert plan.lacks == plan.texels and plan.texels / cells > 0.15
    shares = [plan.coverage_after(n) for n in range(len(plan.sheets) + 1)]
    assert shares == sorted(shares)
    for _ in paint_sheets(painter, plan):
        pass
    assert plan_scene(painter).lacks == 0 and lacks(painter, HERE) == 0


def test_the_same_seed_gives_the_same_bits(painter, stage, ctx, fake_model, fake_dream) -> None:
    worlds = []
    for _ in range(2):
        painter.volume.erase()
        painter.volume.revision = 0
        painter.collect()
        for _ in paint_sheets(painter, plan_views(painter, [HERE], SIZE)):
            pass
        worlds.append(painter.volume.snapshot())
    first, second = worlds
    assert first.pages.keys() == second.pages.keys()
    for number, page in first.pages.items():
        for name, plane in page.items():
            np.testing.assert_array_equal(plane, second.pages[number][name])
