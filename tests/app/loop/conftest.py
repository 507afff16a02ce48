"""The tiny scene's stage, painters on it and workers, with a model that answers at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from app.loop.inline_worker import InlineWorker
from app.loop.painter import Painter
from app.loop.worker import ThreadWorker
from app.session import LiveSettings, PaintSettings, Session
from diffusion.settings import DreamSettings
from engine.atlas.volume import LatentVolume
from engine.geometry.charts import build_charts
from scenes.extrude import extrude_scene
from scenes.load import load_scene
from tests.app.loop.workers import FakeLoad, FakeProbe

MakePainter = Callable[[Session], Painter]


@pytest.fixture(scope="package")
def stage(tiny_scene):
    """The scene and its charts."""
    scene = load_scene(tiny_scene)
    return scene, build_charts(extrude_scene(scene), scene)


@pytest.fixture
def make_painter(stage, ctx, fake_model, fake_dream) -> Iterator[MakePainter]:
    """Makes a painter with an empty volume of its own, for a session."""
    scene, charts = stage
    volumes = []

    def make(session: Session) -> Painter:
        volumes.append(LatentVolume(ctx, charts, fake_model.channels))
        return Painter(volumes[-1], InlineWorker(fake_model, fake_dream), scene, session)

    yield make
    for volume in volumes:
        volume.release()


@pytest.fixture
def painter(make_painter):
    live = LiveSettings(rest=0.5, moving_steps=2, refine=False)
    return make_painter(Session(dream=DreamSettings(steps=6), live=live, paint=PaintSettings(sky=False)))


@pytest.fixture
def worker(fake_model, fake_dream):
    worker = ThreadWorker(lambda: fake_model, fake_dream, threads=None)
    yield worker
    fake_dream.gate.set()
    worker.close()


@pytest.fixture
def probe() -> FakeProbe:
    return FakeProbe()


@pytest.fixture
def loading() -> FakeLoad:
    return FakeLoad()
