"""Painting with a crew: the world depends neither on its size nor on who is faster."""

from __future__ import annotations

import random
from functools import partial

import numpy as np
import pytest

from app.loop.autopilot import Autopilot, drain, measure_view
from app.loop.inline_worker import InlineWorker
from app.loop.messages import Message, Request
from app.loop.paint_now import paint_sheet
from app.loop.painter import Painter
from app.loop.surface_painting import SurfacePlan, plan_scene
from app.loop.together import (
    choose_disjoint_views,
    find_shown_texels,
    paint_round,
    paint_sheets_together,
    sort_into_waves,
)
from app.session import PaintSettings, Session
from diffusion.settings import DreamSettings
from scenes.camera import Camera
from tests.app.loop.views import HERE, THERE

SIZE = (16, 9)
AWAY = Camera.look_at((4.0, 1.2, 2.6), (4.0, 1.0, 9.0), fov=30)
CLOSE = Camera.look_at((2.5, 1.2, 3.6), (2.5, 1.0, 2.9), fov=30)
CORNER = Camera.look_at((7.5, 1.6, 7.0), (7.4, 0.5, 6.8), fov=30)


class Shuffled(InlineWorker):
    """A crew of `size` that dreams what it was sent in any order."""

    def __init__(self, model, dream, size: int, seed: int = 0) -> None:
        super().__init__(model, dream)
        self.size, self._random, self._sent = size, random.Random(seed), list[Request]()
        self.most = 0

    @property
    def room(self) -> int:
        return self.size - len(self._sent)

    def begin(self, request: Request) -> None:
        self._sent.append(request)
        self.most = max(self.most, len(self._sent))

    def poll(self) -> list[Message]:
        if self._sent:
            self.submit(self._sent.pop(self._random.randrange(len(self._sent))))
        return super().poll()


@pytest.fixture
def make(make_painter, fake_model, fake_dream, monkeypatch):
    """A painter of small sheets, with the crew that dreams for it."""
    sides = {
        "patches.TILE": 4,
        "patches.WIDEST": 4,
        "patches.TALLEST": 4,
        "sheet_plan.WIDTH": 8,
        "sheet_plan.HEIGHT": 8,
    }
    for name, side in sides.items():
        monkeypatch.setattr(f"engine.atlas.{name}", side)

    def crew_and_painter(size: int, seed: int = 0, surfaces: bool = True) -> tuple[Painter, Shuffled]:
        fake_model.knows_surfaces = surfaces
        session = Session(dream=DreamSettings(steps=2), paint=PaintSettings(sky=False))
        painter, crew = make_painter(session), Shuffled(fake_model, fake_dream, size, seed)
        painter.client.worker = crew
        painter.collect()
        return painter, crew

    return crew_and_painter


def bits(painter: Painter) -> tuple:
    world = painter.volume.snapshot()
    return world.revision, {n: {k: v.tobytes() for k, v in page.items()} for n, page in world.pages.items()}


def paint(painter: Painter, crew: Shuffled) -> SurfacePlan:
    plan, required = sort_into_waves(painter, plan_scene(painter))
    assert list(paint_sheets_together(painter, plan.sheets, required, crew)) == [*range(1, len(plan.sheets) + 1)]
    return plan


def test_any_crew_paints_the_sheets_that_are_painted_one_after_the_other(make) -> None:
    alone, _ = make(1)
    plan, _ = sort_into_waves(alone, plan_scene(alone))
    assert len(plan.sheets) > 8
    for sheet in plan.sheets:
        paint_sheet(alone, sheet)
    for size, seed in ((1, 0), (2, 1), (4, 2), (64, 3)):
        painter, crew = make(size, seed)
        paint(painter, crew)
        assert bits(painter) == bits(alone)
        assert crew.most > size / 8 and painter.client.dreams == alone.client.dreams
        assert (painter.client.calls, painter.client.prompts) == (alone.client.calls, alone.client.prompts)


def test_waves_hold_the_same_sheets_in_the_same_order_whenever_they_are_cut(make) -> None:
    painter, _ = make(1)
    plan = plan_scene(painter)
    again, required = sort_into_waves(painter, plan)
    assert sorted(map(plan.sheets.index, again.sheets)) == [*range(len(plan.sheets))]
    assert again == sort_into_waves(painter, plan)[0] and required[0] == 0 and max(required) > 0


def test_what_is_painted_already_is_not_dreamed_again(make) -> None:
    painter, crew = make(2)
    plan = paint(painter, crew)
    before, dreams = bits(painter), painter.client.dreams
    required = [0] * len(plan.sheets)
    assert len(list(paint_sheets_together(painter, plan.sheets, required, crew))) == len(plan.sheets)
    assert bits(painter) == before
    assert painter.client.dreams < 2 * dreams, "where a sheet ends, its rim stays bare"


def test_a_dream_that_fails_ends_the_painting_with_its_traceback(make, fake_dream) -> None:
    painter, crew = make(2)
    fake_dream.error = ValueError("no such surface")
    with pytest.raises(RuntimeError, match="no such surface"):
        paint(painter, crew)


def rounds(painter: Painter, crew: Shuffled, most: int = 100) -> list[int]:
    pilot = Autopilot([HERE, THERE, AWAY, CLOSE, CORNER], partial(measure_view, painter))
    drain(pilot.survey())
    painted = []
    while number := paint_round(painter, pilot, SIZE, crew, most, lambda: None):
        painted.append(number)
    return painted


def test_any_crew_paints_the_same_views_in_rounds(make) -> None:
    worlds = []
    for size, seed in ((1, 0), (2, 1), (4, 2)):
        painter, crew = make(size, seed, surfaces=False)
        painted = rounds(painter, crew)
        assert max(painted) > 1 and len(painted) > 1 and painter.client.dreams
        worlds.append((painted, bits(painter)))
    assert worlds[0] == worlds[1] == worlds[2]
    painter, crew = make(1, surfaces=False)
    assert set(rounds(painter, crew, most=1)) == {1}


def test_the_views_of_a_round_show_nothing_in_common(make) -> None:
    painter, _ = make(1, surfaces=False)
    pilot = Autopilot([HERE, THERE, AWAY, CLOSE, CORNER], partial(measure_view, painter))
    drain(pilot.survey())
    chosen = choose_disjoint_views(pilot, lambda camera: find_shown_texels(painter, camera, SIZE), lambda: None, 5)
    shown = [find_shown_texels(painter, view.camera, SIZE) for view in chosen]
    assert 1 < len(chosen) < 5
    for page in {page for texels in shown for page in texels}:
        assert np.sum([texels[page] for texels in shown if page in texels], 0).max() <= 1
    gains = [view.gain for view in chosen]
    assert gains == sorted(gains, reverse=True) and chosen[0].gain == max(view.gain for view in pilot.views)
    left = choose_disjoint_views(pilot, lambda camera: {}, lambda: None, 5)
    assert len(chosen) + len(left) == 5, "those that overlap are chosen later"
