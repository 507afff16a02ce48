"""Nodes for scenes and cameras."""

from __future__ import annotations

from typing import Any

import numpy as np
from torch import Tensor

from base.errors import InputError, nearest
from base.strict_yaml import parse_yaml
from scenes.camera import Camera
from scenes.load import BUILTIN, load_scene, make_scene
from scenes.materials import parse_materials
from scenes.paths import sample_path
from scenes.scene import MAP_SIDES, Scene

from .border import input_path
from .pictures import as_picture
from .widgets import number, socket, text

SCENE, CAMERA = "RAYVERIE_SCENE", "RAYVERIE_CAMERA"
EXAMPLE = """background: {prompt: "blue sky with small clouds"}
floor: grass
materials:
  - {name: grass, source: [126, 158, 82], prompt: "green grass", height: 0.5}
  - {name: wall, source: [176, 96, 76], prompt: "red brick wall", height: 2.5}
"""


class LoadScene:
    """An existing scene."""

    CATEGORY, FUNCTION = "Rayverie/scene", "load"
    DESCRIPTION = "A built-in scene, or a folder in ComfyUI's input folder with map.png and materials.yaml."
    RETURN_TYPES, RETURN_NAMES = (SCENE,), ("scene",)

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:
        names = ", ".join(BUILTIN)
        return {"required": {"scene": text(BUILTIN[0], f"{names}, or a folder in ComfyUI's input folder.")}}

    @classmethod
    def IS_CHANGED(cls, scene: str) -> object:
        return scene if scene in BUILTIN else float("nan")  # files may change: read them again

    def load(self, scene: str) -> tuple[Scene]:
        return (load_scene(scene if scene in BUILTIN else input_path(scene)),)


class SceneFromMap:
    """A scene from a floor plan and a materials file."""

    CATEGORY, FUNCTION = "Rayverie/scene", "make"
    DESCRIPTION = "A scene from a floor plan, in which each colour is a material with a prompt and a height."
    RETURN_TYPES, RETURN_NAMES = (SCENE,), ("scene",)

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:
        return {
            "required": {
                "map": socket(
                    "IMAGE", f"The floor plan, one pixel for each block, {MAP_SIDES[0]} to {MAP_SIDES[-1]} a side."
                ),
                "materials": text(EXAMPLE, "The contents of a materials.yaml; see docs/scenes.md.", multiline=True),
            },
            "optional": {"empty": socket("MASK", "White where the ground is empty, such as the mask of Load Image.")},
        }

    def make(self, map: Tensor, materials: str, empty: Tensor | None = None) -> tuple[Scene]:
        file = parse_materials(parse_yaml(materials, "materials"), "materials")
        colours = as_picture(map)
        alpha = np.full((*colours.shape[:2], 1), 255, np.uint8)
        if empty is not None and empty[0].any():  # Load Image gives 64×64 zeros for pictures without transparency
            if empty.shape[1:] != map.shape[1:3]:
                raise InputError(
                    "empty",
                    "",
                    f"is {empty.shape[2]}×{empty.shape[1]} pixels; the map is {map.shape[2]}×{map.shape[1]}",
                )
            alpha = np.where(empty[0].cpu().numpy() > 0.5, 0, 255).astype(np.uint8)[..., None]
        return (make_scene(np.concatenate([colours, alpha], -1), file),)


class CameraAt:
    """A camera given by numbers."""

    CATEGORY, FUNCTION = "Rayverie/scene", "make"
    DESCRIPTION = "A camera given by position and direction. x runs along the map's columns, z along its rows, y is up."
    RETURN_TYPES, RETURN_NAMES = (CAMERA,), ("camera",)

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:
        return {
            "required": {
                "x": number(8.0, -1024.0, 2048.0, "Blocks along the map's columns."),
                "y": number(2.0, -1024.0, 2048.0, "Blocks above the ground."),
                "z": number(16.0, -1024.0, 2048.0, "Blocks along the map's rows."),
                "yaw": number(0.0, -360.0, 360.0, "Degrees to the left; 0 looks at the map's first row."),
                "pitch": number(0.0, -89.0, 89.0, "Degrees upwards."),
                "fov": number(60.0, 5.0, 150.0, "Vertical field of view in degrees."),
            }
        }

    def make(self, x: float, y: float, z: float, yaw: float, pitch: float, fov: float) -> tuple[Camera]:
        return (Camera.from_angles((x, y, z), yaw, pitch, fov),)


class CameraOnPath:
    """A camera on a path of the scene."""

    CATEGORY, FUNCTION = "Rayverie/scene", "sample"
    DESCRIPTION = (
        "A camera on one of the scene's paths. Every scene has walk and orbit; built-in scenes also have tour."
    )
    RETURN_TYPES, RETURN_NAMES = (CAMERA,), ("camera",)

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:
        return {
            "required": {
                "scene": socket(SCENE, "The scene of the path."),
                "path": text("walk", "The name of the path."),
                "place": number(0.0, 0.0, 1.0, "From 0, the start of the path, to 1, its end."),
            }
        }

    def sample(self, scene: Scene, path: str, place: float) -> tuple[Camera]:
        if path not in scene.paths:
            known = ", ".join(sorted(scene.paths))
            raise InputError("path", "", f"is {path!r}; the scene has {known}{nearest(path, scene.paths)}")
        return (sample_path(scene.paths[path], place * scene.paths[path].seconds),)
