"""Draws the built-in scenes' maps and camera paths: `python -m scenes.draw [NAME …]`. The same bytes each time.

A scene's plan (scenes/plans/NAME.py) places materials and cameras; its materials.yaml, written by hand, defines the materials.
"""

from __future__ import annotations

import argparse
import importlib
from pathlib import Path

import numpy as np
from PIL import Image

from base.errors import InputError
from base.files import atomic_write
from scenes.camera import Camera
from scenes.load import BUILTIN, builtin_folder
from scenes.materials import read_materials
from scenes.nerfstudio import write_path
from scenes.paths import close_loop
from scenes.scene import CameraPath, Keyframe

FOV = 60.0


def draw_map(name: str) -> np.ndarray:
    """Return uint8 [Z,X,4] RGBA: the plan of a built-in scene in its materials' source colours, transparent where empty."""
    plan = importlib.import_module(f"scenes.plans.{name}").plan()
    colours = {m.name: (*m.source, 255) for m in read_materials(builtin_folder(name) / "materials.yaml").materials}
    unknown = sorted(set(np.unique(plan.names)) - {*colours, ""})
    if unknown:
        raise InputError(f"plan of {name}", ", ".join(unknown), "is not in its materials.yaml")
    names, inverse = np.unique(plan.names, return_inverse=True)
    table = np.array([colours.get(str(n), (0, 0, 0, 0)) for n in names], np.uint8)
    return table[inverse.reshape(plan.names.shape)]


def draw_paths(name: str) -> list[CameraPath]:
    """Return the camera paths of a built-in scene, with equal times between the stops of its plan."""
    table = importlib.import_module(f"scenes.plans.{name}").PATHS
    paths = []
    for path, (pause, loop, stops) in table.items():
        keys = [Keyframe(Camera.look_at(place, at, FOV), i * pause) for i, (place, at) in enumerate(stops)]
        paths.append(CameraPath(path, close_loop(keys, len(keys) * pause) if loop else tuple(keys), loop=loop))
    return paths


def draw(name: str, folder: Path) -> None:
    """Write map.png and paths/*.json of a built-in scene into `folder`."""
    with atomic_write(folder / "map.png") as temporary:
        Image.fromarray(draw_map(name)).save(temporary, format="PNG", optimize=True)
    for path in draw_paths(name):
        write_path(path, folder / "paths" / f"{path.name}.json")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m scenes.draw", description="Draws the built-in scenes.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(BUILTIN))
    asked = parser.parse_args().names or BUILTIN
    if unknown := set(asked) - set(BUILTIN):
        parser.error(f"{', '.join(sorted(unknown))}: built in are {', '.join(BUILTIN)}")
    for name in asked:
        draw(name, builtin_folder(name))
