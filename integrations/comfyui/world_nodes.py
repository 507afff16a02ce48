"""Nodes for worlds: new ones, and those in files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from base.errors import InputError
from scenes.scene import Scene

from .border import output_path
from .scene_nodes import SCENE
from .widgets import setting, socket, text, whole
from .worlds import World, load_world, new_world, save_world

WORLD = "RAYVERIE_WORLD"
SUFFIX = ".world"


class NewWorld:
    """A world without paint."""

    CATEGORY, FUNCTION = "Rayverie/world", "make"
    DESCRIPTION = "A scene without paint. Views of it can be painted with Scatter."
    RETURN_TYPES, RETURN_NAMES = (WORLD,), ("world",)

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:
        return {
            "required": {
                "scene": socket(SCENE, "The scene whose surfaces are painted."),
                "channels": whole(
                    4, 1, 64, "Channels of the latents: 4 for Stable Diffusion 1, 2 and XL, 16 for SD3 and Flux."
                ),
                "seed": setting("seed", tooltip="Seed of the noise that belongs to the surfaces."),
            }
        }

    def make(self, scene: Scene, channels: int, seed: int) -> tuple[World]:
        return (new_world(scene, channels, seed),)


class LoadWorld:
    """A world from a file."""

    CATEGORY, FUNCTION = "Rayverie/world", "load"
    DESCRIPTION = (
        "A world file in ComfyUI's output folder, written by this node pack or by Rayverie. Its scene must be given."
    )
    RETURN_TYPES, RETURN_NAMES = (WORLD,), ("world",)

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:
        return {
            "required": {
                "scene": socket(SCENE, "The scene that the world was painted in."),
                "file": text(f"hamlet{SUFFIX}", "A file in ComfyUI's output folder."),
            }
        }

    @classmethod
    def IS_CHANGED(cls, **_: Any) -> float:
        return float("nan")  # the file may have changed: read it again

    def load(self, scene: Scene, file: str) -> tuple[World]:
        return (load_world(scene, output_path(file)),)


class SaveWorld:
    """Save a world to a file."""

    CATEGORY, FUNCTION, OUTPUT_NODE = "Rayverie/world", "save", True
    DESCRIPTION = "Write a world to ComfyUI's output folder. Rayverie shows it with: rayverie render SCENE --world FILE --no-model"
    RETURN_TYPES, RETURN_NAMES = (WORLD,), ("world",)

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:
        return {
            "required": {
                "world": socket(WORLD, "The world."),
                "file": text(f"hamlet{SUFFIX}", "A file in ComfyUI's output folder. An existing file is replaced."),
            }
        }

    def save(self, world: World, file: str) -> dict[str, Any]:
        path = output_path(file)
        if path.suffix != SUFFIX:
            raise InputError("file", "", f"is {file!r}; the name of a world ends in {SUFFIX}")
        path.parent.mkdir(parents=True, exist_ok=True)
        save_world(world, path)
        return {"ui": {"text": [f"{Path(file).name}: {len(world.paint.pages)} pages"]}, "result": (world,)}
