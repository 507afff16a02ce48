"""What lies behind see-through surfaces is painted: view by view, by parts of a view, and by sheets."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest

from app.loop.autopilot import measure_view
from app.loop.inline_worker import InlineWorker
from app.loop.paint_now import paint_view
from app.loop.painter import Painter
from app.loop.surface_painting import paint_sheets, plan_views
from app.session import LiveSettings, PaintSettings, Session
from diffusion.canvas import GBuffer
from diffusion.settings import DreamSettings
from engine.atlas.needs import lacking, view_needs
from engine.atlas.page import STEPS
from engine.atlas.views import GatheredView, Part
from engine.atlas.volume import LatentVolume
from engine.geometry.charts import build_charts
from scenes.extrude import extrude_scene
from tests.app.loop.views import SIZE, live
from tests.engine.panes import BRICK, FRONT, GLASS, panes_scene

STEPS_ASKED = 6
Make = Callable[..., Painter]


@pytest.fixture
def make(ctx, fake_model, fake_dream) -> Iterator[Make]:
    """Makes a painter of a scene with a pane before a wall."""
    volumes = []

    def make(opacity: float, **live: object) -> Painter:
        scene = panes_scene(opacity)
        volumes.append(LatentVolume(ctx, build_charts(extrude_scene(scene), scene), fake_model.channels))
        walk = LiveSettings(rest=0.5, moving_steps=2, **live)
        session = Session(dream=DreamSettings(steps=STEPS_ASKED), live=walk, paint=PaintSettings(sky=False))
        return Painter(volumes[-1], InlineWorker(fake_model, fake_dream), scene, session)

    yield make
    for volume in volumes:
        volume.release()


def bare(painter: Painter, material: int) -> float:
    """Share of the texels of a material which FRONT shows through panes that nothing painted."""
    volume, counts = painter.volume, np.zeros(2)
    for page, shown in volume.find_visible_texels(FRONT, SIZE, through=True).items():
        mine = shown & (volume.charts.material[volume.charts.owner_map(page)] == material)
        steps = volume.atlas[page].read_state()[..., STEPS] if page in volume.atlas else np.zeros(mine.shape)
        counts += mine.sum(), (mine & (steps <= 0)).sum()
    return counts[1] / counts[0]


def test_a_view_is_dreamed_and_then_what_is_seen_through_it(make) -> None:
    painter = make(0.5, refine=False)
    parts, words = [], set()
    for k in range(30):
        painter.update(FRONT, SIZE, 0.1 * k)
        words.add(painter.status_text.split(":")[0])
        running = painter.client.running
        if running is not None and isinstance(running.gathered, GatheredView) and parts[-1:] != [running.gathered.part]:
            parts.append(running.gathered.part)
    assert parts == [Part.SOLID, Part.BEHIND] and painter.client.dreams == 3  # a sketch first
    assert "dreaming what is seen through" in words and painter.status_text == "this view is finished"
    assert painter.client.dreamed is not None and painter.client.dreamed_at is not None
    assert bare(painter, GLASS) < 0.1 and bare(painter, BRICK) < 0.1
    assert measure_view(painter, FRONT)[0] < 0.2 * measure_view(painter, FRONT)[1]


def test_without_a_window_it_is_painted_once(make) -> None:
    painter = make(0.5, refine=False)
    assert paint_view(painter, FRONT, SIZE) == 2 and paint_view(painter, FRONT, SIZE) == 0
    assert bare(painter, BRICK) < 0.1


def test_opaque_panes_cost_no_further_look(make, monkeypatch) -> None:
    painter, parts = make(1.0, refine=False), []
    gather = painter.requests.gather_task
    monkeypatch.setattr(painter.requests, "gather_task", lambda *given: (parts.append(given[3:]), gather(*given))[1])
    live(painter, FRONT, [0.1 * k for k in range(10)])
    assert painter.client.dreams == 2 and painter.status_text == "this view is finished"  # a sketch first
    assert set(parts) == {(Part.SOLID,)}


def test_a_failed_dream_of_what_is_behind_is_not_tried_again(make, fake_dream) -> None:
    painter, now = make(0.5, refine=False), 0.0
    while painter.client.dreams < 2:
        painter.update(FRONT, SIZE, now := now + 0.1)
    fake_dream.error = RuntimeError("no memory")
    live(painter, FRONT, [now + 0.1 * k for k in range(10)])
    assert len(fake_dream.asked) == 3 and "no memory" in painter.status_text
    assert bare(painter, GLASS) < 0.1 < bare(painter, BRICK)
    fake_dream.error = None
    painter.reset_failures()
    live(painter, FRONT, [now + 2 + 0.1 * k for k in range(10)])
    assert bare(painter, BRICK) < 0.1


def test_close_ups_refine_both(make) -> None:
    painter = make(0.5, refine=True)
    live(painter, FRONT, [0.05 * k for k in range(400)])
    assert painter.status_text == "this view is finished"
    assert bare(painter, BRICK) < 0.02 and bare(painter, GLASS) < 0.02


def test_films_paint_what_their_views_show_through_panes(make, fake_model) -> None:
    fake_model.knows_surfaces = True
    painter = make(0.5)
    painter.collect()
    plan = plan_views(painter, [FRONT], SIZE)
    for _ in paint_sheets(painter, plan):
        pass
    volume = painter.volume
    needs = view_needs(volume.charts, FRONT, SIZE, volume.find_visible_texels(FRONT, SIZE, through=True))
    assert not lacking(volume.atlas, volume.charts, needs, STEPS_ASKED).any()
    assert bare(painter, BRICK) == bare(painter, GLASS) == 0


def test_the_window_refines_by_sheets_what_is_behind(make, fake_model) -> None:
    fake_model.knows_surfaces = True
    painter = make(0.5)
    live(painter, FRONT, [0.01 * k for k in range(500)])
    assert painter.status_text == "this view is finished"
    assert bare(painter, BRICK) == bare(painter, GLASS) == 0


def test_a_dream_is_told_the_nearest_surface_and_its_opacity(make) -> None:
    seen = {}
    for opacity in (0.5, 1.0):
        painter = make(opacity, refine=False)
        painter.collect()
        painter.consider(FRONT, SIZE)
        while painter.client.running is None:
            painter.collect()
        seen[opacity] = painter.client.running
    clear, solid = (seen[opacity].canvas.surface for opacity in (0.5, 1.0))
    assert isinstance(clear.gbuffer, GBuffer) and isinstance(solid.gbuffer, GBuffer)
    np.testing.assert_allclose(clear.gbuffer.depth, solid.gbuffer.depth, rtol=1e-5)
    np.testing.assert_array_equal(clear.gbuffer.side, solid.gbuffer.side)
    glass = seen[0.5].gathered.pixel_material == GLASS
    np.testing.assert_array_equal(clear.gbuffer.opacity, np.where(glass, np.float32(0.5), 1))
    assert clear.opacity is not None and clear.opacity.min() == 0.5
    assert solid.opacity is None and solid.gbuffer.opacity is None
