"""Draw docs/export.md's picture: a painted world in the program's window, and its export in a headless Chromium.

.venv/bin/python scripts/export_picture.py WORLD [FOLDER]
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from app.cli.export import walking_rules
from base.files import atomic_write
from engine.atlas.volume import LatentVolume
from engine.export.page import write_page
from engine.export.paint import scene_of
from engine.export.source import Source, open_source
from engine.gl.context import create_headless_context, wait_for_gl
from engine.render.renderer import Renderer
from engine.storage.world import open_world, read_world
from engine.storage.world_io import WorldReader
from scenes.camera import Camera
from scenes.load import load_scene
from scenes.paths import sample_path

SIZE = (640, 360)
GAP, BAND = 6, 30  # pixels between the panels, and of their captions
PAPER, INK = (18, 20, 26), (226, 226, 220)
FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--hide-scrollbars",
)
PATIENCE = 60_000  # virtual milliseconds in which the page loads


def in_the_program(source: Source, world: Path, camera: Camera) -> Image.Image:
    """The window's picture, without daylight on the paint."""
    ctx, header = create_headless_context(), read_world(world).header
    volume = LatentVolume(ctx, source.charts, header.channels)
    fits = {"scene": source.scene, "charts": source.charts, "model": header.model, "channels": header.channels}
    WorldReader(volume, open_world(world, **fits)).read_all()
    target = ctx.framebuffer([ctx.texture(SIZE, 4)], ctx.depth_renderbuffer(SIZE))
    Renderer(ctx, source.charts, source.scene, volume, source.blocks).draw(target, camera, SIZE, top_first=True)
    wait_for_gl(ctx)
    picture = np.frombuffer(target.read(components=4), np.uint8).reshape(SIZE[1], SIZE[0], 4)[..., :3].copy()
    ctx.release()
    return Image.fromarray(picture)


def in_the_browser(source: Source, camera: Camera) -> Image.Image:
    """The web page from the same camera."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        write_page(source, folder, walking_rules(), lambda what, share: None)
        place = ",".join(str(round(n, 4)) for n in (*camera.position, camera.yaw, camera.pitch))
        url = f"{(folder / 'index.html').as_uri()}#{place},fly"
        size, shot = f"--window-size={SIZE[0]},{SIZE[1]}", folder / "shot.png"
        words = ["chromium", *FLAGS, size, f"--screenshot={shot}", f"--virtual-time-budget={PATIENCE}", url]
        subprocess.run(words, check=True, capture_output=True)
        return Image.open(shot).convert("RGB")


def main() -> None:
    world = Path(sys.argv[1])
    folder = Path(sys.argv[2] if len(sys.argv) > 2 else "docs/images")
    source = open_source(world, load_scene(scene_of(world)), lambda what, share: None)
    camera = sample_path(source.scene.paths["tour"], 0.0).with_changes(fov=source.spawn.fov)
    panels = {
        "rayverie --world hamlet.world": in_the_program(source, world, camera),
        "rayverie export hamlet.world --html page": in_the_browser(source, camera),
    }
    picture = Image.new("RGB", (2 * SIZE[0] + GAP, SIZE[1] + BAND), PAPER)
    draw, font = ImageDraw.Draw(picture), ImageFont.load_default(15)
    for k, (caption, panel) in enumerate(panels.items()):
        left = k * (SIZE[0] + GAP)
        picture.paste(panel, (left, BAND))
        draw.text((left + 8, BAND / 2), caption, INK, font, anchor="lm")
    with atomic_write(folder / "export.jpg") as temporary:
        picture.save(temporary, quality=90)


if __name__ == "__main__":
    main()
