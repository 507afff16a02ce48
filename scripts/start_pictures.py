"""Draw the start page's pictures of the built-in scenes, painted by the embedded model from the start of each tour.

.venv/bin/python scripts/start_pictures.py [NAME …]
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from PIL import Image

from app.cli import render
from app.commands import Render, suit_to_model
from app.files.scene_pictures import BUILTIN_PICTURE, SIZE
from app.session import SceneChoice
from base.files import atomic_write
from scenes.load import BUILTIN, builtin_folder


def draw(name: str) -> Image.Image:
    """The first frame of the scene's tour, as `rayverie render` paints it."""
    with tempfile.TemporaryDirectory() as folder:
        size = 2 * SIZE[0], 2 * SIZE[1]
        flags = Render(SceneChoice(ref=name), path="tour", frames=1, size=size, out=Path(folder) / "frames")
        if render.run(suit_to_model(flags, None)):
            sys.exit(1)
        frame = next((Path(folder) / "frames").glob("*.png"))
        with Image.open(frame) as picture:
            return picture.convert("RGB").resize(SIZE, Image.Resampling.LANCZOS)


def main() -> None:
    for name in sys.argv[1:] or BUILTIN:
        with atomic_write(builtin_folder(name) / BUILTIN_PICTURE) as temporary:
            draw(name).save(temporary, format="JPEG", quality=88, optimize=True)


if __name__ == "__main__":
    main()
