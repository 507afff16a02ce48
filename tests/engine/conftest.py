"""One GL context and the village's charts for the engine's tests."""

from __future__ import annotations

import pytest

from engine.atlas.volume import LatentVolume
from engine.geometry.charts import Charts, build_charts
from scenes.camera import Camera
from scenes.extrude import Blocks, extrude_scene
from scenes.scene import Scene
from tests.engine.village import CAMERAS, CHANNELS, SIZE, dreamed, village_scene


@pytest.fixture(scope="session")
def scene() -> Scene:
    return village_scene()


@pytest.fixture(scope="session")
def blocks(scene) -> Blocks:
    return extrude_scene(scene)


@pytest.fixture(scope="session")
def charts(blocks, scene) -> Charts:
    return build_charts(blocks, scene)


@pytest.fixture(params=list(CAMERAS))
def camera(request) -> Camera:
    return CAMERAS[request.param]


@pytest.fixture
def volume(ctx, charts):
    volume = LatentVolume(ctx, charts, CHANNELS, seed=7)
    yield volume
    volume.release()


@pytest.fixture
def painted(volume) -> LatentVolume:
    """The volume with two views dreamed."""
    for k, name in enumerate(("street", "above")):
        volume.scatter(volume.gather(CAMERAS[name], SIZE), dreamed(CAMERAS[name], seed=k))
    return volume
