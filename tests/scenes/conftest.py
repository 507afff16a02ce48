"""Small scenes in the layout of raycast_diffusion's files, written by the tests themselves."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import yaml
from PIL import Image

WALL, BED = (0, 0, 0), (255, 0, 0)


def material_data() -> dict:
    """A room: walls, a bed, floor and ceiling that are never on the map."""
    never = [-1, -1, -1]
    return {
        "background": {"prompt": "a bright sky", "negative_prompt": None},
        "materials": [
            {"name": "wall", "source": list(WALL), "display": [128, 64, 0], "prompt": "a wall", "height": 6},
            {"name": "bed", "source": list(BED), "prompt": "a bed", "height": 2, "opacity": 0.5},
            {"name": "floor", "source": never, "display": [128, 128, 128], "prompt": "planks", "height": 1},
            {"name": "ceiling", "source": never, "prompt": "plaster", "height": 1},
        ],
    }


def room_pixels(side: int = 8) -> np.ndarray:
    """uint8 [side,side,3]: a wall all round, a bed of two pixels, the rest white and unlisted."""
    pixels = np.full((side, side, 3), 255, np.uint8)
    pixels[[0, -1]] = pixels[:, [0, -1]] = WALL
    pixels[2, 2:4] = BED
    return pixels


def write_scene(folder: Path, data: object, pixels: np.ndarray | None = None) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "materials.yaml").write_text(data if isinstance(data, str) else yaml.safe_dump(data))
    Image.fromarray(room_pixels() if pixels is None else pixels).save(folder / "map.png")
    return folder


@pytest.fixture
def room(tmp_path: Path) -> Path:
    return write_scene(tmp_path / "room", material_data())
