"""Valid and invalid files for the random user to drop on the window."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from scenes.load import save_scene
from scenes.nerfstudio import write_path
from scenes.scene import Scene


def write_sample_files(folder: Path, scene: Scene) -> tuple[Path, ...]:
    """Write the files and return their paths: a picture, a scene folder, its map and a camera path; then a broken world,
    picture and path, a file of an unknown kind, and a file that doesn't exist."""
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
