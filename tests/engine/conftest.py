"""One GL context and the village's charts for the engine's tests."""

from __future__ import annotations

import pytest

from engine.charts import Charts, build_charts
from engine.context import headless
from engine.volume import LatentVolume
from scenes.camera import Camera
from scenes.extrude import Blocks, extrude
from scenes.scene import Background, Material, Scene
from tests.engine.village import CAMERAS, CHANNELS, village


@pytest.fixture(scope="session")
def ctx():
    return headless()


@pytest.fixture(scope="session")
def scene() -> Scene:
    materials = (
        Material("grass", (0, 255, 0), "grass", 0.5, (90, 140, 70)),
        Material("brick", (255, 0, 0), "brick wall", 3.0, (160, 80, 60)),
        Material("water", (0, 0, 255), "water", 0.5, (60, 100, 160), opacity=0.5),
    )
    return Scene("village", village(), materials, Background("sky"), voxels_per_block=2)


@pytest.fixture(scope="session")
def blocks(scene) -> Blocks:
    return extrude(scene)


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
    volume.free()
