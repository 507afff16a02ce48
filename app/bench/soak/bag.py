"""Files that a monkey may drop: what the program takes, and what it doesn't."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from scenes.load import save_scene
from scenes.nerfstudio import write_path
from scenes.scene import Scene


def packed(folder: Path, scene: Scene) -> tuple[Path, ...]:
    """A picture, a scene's folder and its map, a camera path; a world and a picture that are none, a file of no known kind, one
    that isn't there."""
    folder.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(0)
    picture = folder / "picture.png"
    Image.fromarray(random.integers(0, 256, (96, 128, 3), np.uint8)).save(picture)
    save_scene(scene, folder / "scene")
    path = folder / "camera_path.json"
    write_path(next(iter(scene.paths.values())), path)
    broken = [folder / name for name in ("broken.world", "broken.png", "broken.json", "notes.txt")]
    for file in broken:
        file.write_bytes(random.bytes(1000))
    return (picture, folder / "scene", folder / "scene" / "map.png", path, *broken, folder / "gone.png")
