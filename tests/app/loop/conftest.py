"""The tiny scene's stage, and painters on it with a model that answers at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from app.loop.inline_worker import InlineWorker
from app.loop.painter import Painter
from app.session import Session
from engine.atlas.volume import LatentVolume
from engine.geometry.charts import build_charts
from scenes.extrude import extrude_scene
from scenes.load import load_scene

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
