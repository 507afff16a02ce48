"""Draw docs/scenes.md's pictures: every built-in scene, unpainted, from the start of its tour.

.venv/bin/python scripts/scene_pictures.py [FOLDER]
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from PIL import Image

from base.files import atomic_write
from engine.atlas.volume import LatentVolume
from engine.geometry.charts import build_charts
from engine.gl.context import create_headless_context, wait_for_gl
from engine.render.renderer import Renderer
from scenes.extrude import extrude_scene
from scenes.load import BUILTIN, load_scene
from scenes.paths import sample_path

SIZE = (480, 270)


def unpainted(name: str) -> Image.Image:
    """The scene as the window shows it when it opens."""
    scene, ctx = load_scene(name), create_headless_context()
    charts = build_charts(blocks := extrude_scene(scene), scene)
    volume = LatentVolume(ctx, charts, channels=4, seed=0)
    target = ctx.framebuffer([ctx.texture(SIZE, 4)], ctx.depth_renderbuffer(SIZE))
    Renderer(ctx, charts, scene, volume, blocks).draw(
        target, sample_path(scene.paths["tour"], 0.0), SIZE, top_first=True
    )
    wait_for_gl(ctx)
    picture = np.frombuffer(target.read(components=4), np.uint8).reshape(SIZE[1], SIZE[0], 4)[..., :3]
    ctx.release()
    return Image.fromarray(np.ascontiguousarray(picture))


def main() -> None:
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "docs/images")
    for name in BUILTIN:
        with atomic_write(folder / f"scene_{name}.png") as temporary:
            unpainted(name).save(temporary, optimize=True)


if __name__ == "__main__":
    main()
