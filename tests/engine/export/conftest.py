"""The village of the engine's tests, painted everywhere or in part, ready for an export."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from base.grid import CELL
from engine.atlas.volume import LatentVolume, WorldSnapshot
from engine.export.paint import Paint
from engine.export.source import Source, open_source
from engine.geometry.charts import Charts
from engine.geometry.pack import PAGE
from engine.storage.journal import Journal
from engine.storage.world_io import WorldWriter
from scenes.camera import Camera
from scenes.scene import CameraPath, Keyframe, Scene
from tests.engine.village import CAMERAS, CHANNELS, describe, village_scene


@pytest.fixture(scope="session")
def scene() -> Scene:
    """The village with a camera path."""
    scene = village_scene()
    first, second = CAMERAS["street"], CAMERAS["wall"]
    path = CameraPath("tour", (Keyframe(first, 0.0), Keyframe(second, 2.0), Keyframe(first, 3.0)), loop=True)
    return replace(scene, paths={"tour": path})


def colours_at(points: np.ndarray) -> np.ndarray:
    """uint8 [...,3]: a pattern in space, from waves of several blocks to some of a few pixels."""
    turns = np.array([(1.0, 0.3, 0.7), (3.1, 2.3, -2.9), (11.0, 13.0, 9.0)])
    waves = np.sin(points @ turns.T * 1.3)[..., None] * np.array([(50, 30, 20), (20, 30, 30), (10, 12, 14)])
    return np.clip(128 + waves.sum(axis=-2), 0, 255).astype(np.uint8)


def painted_everywhere(charts: Charts) -> WorldSnapshot:
    """Every texel of the charts painted, from as near as can be."""
    pages = {}
    for number in range(charts.pages):
        latents, state = np.zeros((CHANNELS, PAGE, PAGE), np.float32), np.zeros((PAGE, PAGE, 4), np.float32)
        colour = np.zeros((PAGE * CELL, PAGE * CELL, 4), np.uint8)
        for chart in np.flatnonzero(charts.page == number):
            (w, h), x, y = charts.size[chart], charts.x[chart], charts.y[chart]
            j, i = np.mgrid[0.5 : h * CELL, 0.5 : w * CELL] / CELL
            points = charts.points(np.full(i.shape, chart), i, j)
            state[y : y + h, x : x + w, :3] = 10, CELL, 1
            place = colour[y * CELL : (y + h) * CELL, x * CELL : (x + w) * CELL]
            place[..., :3], place[..., 3] = colours_at(points * (0.3 if charts.sky[chart] else 1.0)), 255
        pages[number] = {"latents": latents, "state": state, "colour": colour}
    return WorldSnapshot(CHANNELS, 0, 1, pages)


def keep(volume: LatentVolume, scene: Scene, folder: Path) -> Path:
    """The folder of a journal that holds the volume's world."""
    writer = WorldWriter(Journal(folder))
    writer.write_all(volume, describe(scene, volume))
    writer.close()
    return folder


@pytest.fixture
def whole(volume, scene, charts, tmp_path) -> Source:
    """The village painted everywhere; `volume` holds the same."""
    volume.restore(painted_everywhere(charts))
    return open_source(keep(volume, scene, tmp_path / "journal"), scene, quiet)


@pytest.fixture
def partly(painted, scene, tmp_path) -> Source:
    """The village with two views painted; `painted` holds the same."""
    return open_source(keep(painted, scene, tmp_path / "journal"), scene, quiet)


@pytest.fixture
def bare(scene, blocks, charts) -> Source:
    """The village with nothing painted."""
    return Source.of(scene, blocks, charts, Paint({}, np.zeros((0, CELL, CELL, 3), np.uint8), {}))


def around(count: int) -> list[Camera]:
    """Cameras in and around the village, some near to the surfaces, some far away."""
    middle = np.array([6.0, 1.0, 6.0])
    rng = np.random.default_rng(3)
    cameras = []
    for k in range(count):
        angle, distance = 2 * np.pi * k / count * 3, 7 + 1.2 * (k % 8)
        place = middle + np.array([distance * np.cos(angle), 0.6 + 4 * (k % 3), distance * np.sin(angle)])
        cameras.append(Camera.look_at(tuple(place), tuple(middle + rng.normal(0, 1.5, 3)), fov=60))
    return cameras


def quiet(what: str, share: float) -> None:
    """Progress that nobody watches."""
