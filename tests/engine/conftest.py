"""One GL context and a small village for the engine's tests."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from engine.charts import Charts, build_charts
from engine.context import headless
from scenes.camera import Camera
from scenes.scene import Background, Material, Scene

VOXELS = 2


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
    return Scene("village", village(), materials, Background("sky"), voxels_per_block=VOXELS)


def village() -> np.ndarray:
    """uint8 [12,12]: grass with two brick buildings and a pond."""
    map_ = np.ones((12, 12), dtype=np.uint8)
    map_[2:5, 3:8] = 2
    map_[7:10, 2:4] = 2
    map_[7:10, 7:10] = 3
    return map_


def extruded(scene: Scene) -> SimpleNamespace:
    """Blocks without scenes.extrude: each column one material up to its height."""
    heights = np.array([0] + [round(m.height * scene.voxels_per_block) for m in scene.materials])[scene.map]
    y = np.arange(heights.max())[:, None, None]
    return SimpleNamespace(
        solid=np.where(y < heights, scene.map, 0).astype(np.uint8), voxels_per_block=scene.voxels_per_block
    )


@pytest.fixture(scope="session")
def blocks(scene):
    return extruded(scene)


@pytest.fixture(scope="session")
def charts(blocks, scene) -> Charts:
    return build_charts(blocks, scene)


@pytest.fixture(
    params=[
        Camera.look_at((6.0, 2.2, 11.5), (5.5, 1.0, 4.0), fov=70),
        Camera.look_at((-2.0, 6.0, -3.0), (6.0, 0.5, 6.0), fov=60),
        Camera.look_at((9.0, 1.3, 5.9), (2.0, 2.5, 4.0), fov=80),
    ],
    ids=["street", "above", "wall"],
)
def camera(request) -> Camera:
    return request.param
