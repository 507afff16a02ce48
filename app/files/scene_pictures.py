"""Small pictures of scenes for the start page: shipped with the built-in ones, kept in the data folder for others."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
from PIL import Image

from base.errors import InputError
from base.files import atomic_write
from base.pictures import open_picture
from base.reading import is_file
from scenes.load import BUILTIN, builtin_folder, load_scene

SIZE = (320, 180)  # pixels
BUILTIN_PICTURE = "picture.jpg"  # in a built-in scene's folder
FOLDER = "pictures"  # in the data folder
BARE = (28, 32, 40)  # empty ground of a map


def picture_file(data: Path, name: str) -> Path:
    """Where the picture of a scene is kept. data: `Folders.data`; name: a built-in scene's, or a path, as in the recent files."""
    return data / FOLDER / f"{hashlib.sha256(name.encode()).hexdigest()[:24]}.jpg"


def save_picture(file: Path, picture: np.ndarray) -> None:
    """Write a picture, uint8 [H,W,3], cut to SIZE's proportions in its middle. Raises InputError."""
    with atomic_write(file) as temporary:
        fit(Image.fromarray(np.ascontiguousarray(picture))).save(temporary, format="JPEG", quality=88)


def load_picture(data: Path, name: str) -> np.ndarray | None:
    """uint8 [h,w,3] of SIZE: the picture that was kept, else the one that is shipped, else the map; None if none can be read."""
    kept, shipped = picture_file(data, name), builtin_folder(name) / BUILTIN_PICTURE if name in BUILTIN else None
    for file in filter(None, (kept, shipped)):
        try:
            if is_file(file):
                picture = open_picture(file, "a picture of a scene", formats=("JPEG",))
                return np.asarray(fit(picture.convert("RGB")))
        except InputError:
            continue
    return _draw_map(name)


def is_scene(name: str) -> bool:
    """Whether an entry of the recent files is a scene: a built-in one, a folder with its two files, or materials with their map."""
    path = Path(name)
    folder = is_file(path / "map.png") and is_file(path / "materials.yaml")
    return name in BUILTIN or folder or (path.suffix in (".yaml", ".yml") and is_file(path.with_suffix(".png")))


def fit(picture: Image.Image) -> Image.Image:
    """The middle of a picture, in SIZE."""
    scale = max(SIZE[0] / picture.width, SIZE[1] / picture.height)
    width, height = SIZE[0] / scale, SIZE[1] / scale
    left, top = (picture.width - width) / 2, (picture.height - height) / 2
    return picture.resize(SIZE, Image.Resampling.LANCZOS, box=(left, top, left + width, top + height))


def _draw_map(name: str) -> np.ndarray | None:
    """The scene's map in the materials' display colours, in the middle of SIZE."""
    path = Path(name)
    try:
        scene = load_scene(name) if not is_file(path) else load_scene(map=path.with_suffix(".png"), materials=path)
    except InputError:
        return None
    floor = next((m.display for m in scene.materials if m.name == scene.floor), BARE)
    colours = np.array([floor, *(m.display for m in scene.materials)], np.uint8)[scene.map]
    scale = min(SIZE[0] / colours.shape[1], SIZE[1] / colours.shape[0])
    size = max(1, round(colours.shape[1] * scale)), max(1, round(colours.shape[0] * scale))
    page = Image.new("RGB", SIZE, BARE)
    drawn = Image.fromarray(colours).resize(size, Image.Resampling.NEAREST if scale > 1 else Image.Resampling.BOX)
    page.paste(drawn, ((SIZE[0] - size[0]) // 2, (SIZE[1] - size[1]) // 2))
    return np.asarray(page)
