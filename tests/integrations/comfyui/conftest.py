"""ComfyUI's stand-in as modules, and a small scene for nodes."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from integrations.comfyui.scene_nodes import CameraAt
from integrations.comfyui.view_nodes import LookAt
from integrations.comfyui.world_nodes import NewWorld
from integrations.comfyui.worlds import View, World
from scenes.camera import Camera
from scenes.load import load_scene
from scenes.scene import Scene
from tests.integrations.comfyui.stand_in import modules


@pytest.fixture
def steps_told() -> list[int]:
    """The steps that were told to ComfyUI's progress bar."""
    return []


@pytest.fixture(autouse=True)
def comfy(tmp_path: Path, steps_told: list[int], monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder with ComfyUI's input and output folders."""
    for name, module in modules(tmp_path, steps_told).items():
        monkeypatch.setitem(sys.modules, name, module)
    for name in ("input", "output"):
        (tmp_path / name).mkdir()
    return tmp_path


@pytest.fixture(scope="session")
def scene(tiny_scene: Path) -> Scene:
    return load_scene(tiny_scene)


@pytest.fixture(scope="session")
def world(scene: Scene) -> World:
    return NewWorld().make(scene, channels=4, seed=3)[0]


@pytest.fixture(scope="session")
def camera() -> Camera:
    return CameraAt().make(x=4.0, y=2.0, z=7.5, yaw=5.0, pitch=-15.0, fov=60.0)[0]


@pytest.fixture(scope="session")
def view(world: World, camera: Camera) -> View:
    return LookAt().look(world, camera, width=128, height=96)[0]
