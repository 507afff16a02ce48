"""What other nodes send, and names that no file can have: one sentence, whatever ComfyUI itself lets through."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from base.errors import InputError
from integrations.comfyui.border import input_path
from integrations.comfyui.nodes import NODE_CLASS_MAPPINGS
from integrations.comfyui.pictures import as_picture
from scenes.camera import Camera
from scenes.scene import Scene

CAMERA = {"x": 4.0, "y": 2.0, "z": 7.5, "yaw": 5.0, "pitch": -15.0, "fov": 60.0}


def run(name: str, **values: Any) -> Any:
    node = NODE_CLASS_MAPPINGS[f"Rayverie{name}"]()
    return getattr(node, node.FUNCTION)(**values)


@pytest.mark.parametrize("changes", [{"x": float("nan")}, {"fov": 0.0}, {"yaw": float("inf")}, {"z": "far"}])
def test_numbers_from_other_nodes_are_checked(changes: dict[str, Any]) -> None:
    assert isinstance(run("Camera", **CAMERA)[0], Camera)
    with pytest.raises(InputError, match=f"{next(iter(changes))} is .*; allowed is"):
        run("Camera", **CAMERA | changes)


def test_a_world_has_channels(scene: Scene) -> None:
    with pytest.raises(InputError, match="channels is 0; allowed is 1 to 64"):
        run("NewWorld", scene=scene, channels=0, seed=1)


@pytest.mark.parametrize("name", ["loop", "a\0b", "x" * 5000])
def test_names_that_no_file_can_have(name: str, comfy: Path) -> None:
    (comfy / "input" / "loop").symlink_to("loop")
    with pytest.raises(InputError):
        run("LoadScene", scene=name)


def test_a_link_inside_works(comfy: Path) -> None:
    (comfy / "input" / "there").mkdir()
    (comfy / "input" / "link").symlink_to("there")
    assert input_path("link") == (comfy / "input" / "there").resolve()


@pytest.mark.parametrize("image", [torch.rand(8, 8, 3), torch.rand(1, 8, 8, 1), torch.full((1, 8, 8, 3), float("nan"))])
def test_what_is_no_picture_is_one_sentence(image: torch.Tensor) -> None:
    with pytest.raises(InputError, match=r"^image "):
        as_picture(image)
