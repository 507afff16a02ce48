"""Draw docs/models.md's picture: the hints that ControlNets get for a view of the hamlet.

.venv/bin/python scripts/control_pictures.py [FOLDER]
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from app.loop.view_canvas import canvas_from
from base.files import atomic_write
from diffusion.canvas import GBuffer
from diffusion.models.control_hints import HINTS
from diffusion.text2image.contact_sheet import contact_sheet
from engine.atlas.volume import LatentVolume
from engine.geometry.charts import build_charts
from engine.gl.context import create_headless_context
from scenes.extrude import extrude_scene
from scenes.load import load_scene
from scenes.paths import sample_path

SIZE = (448, 256)


def hint_pictures(name: str) -> dict[str, np.ndarray]:
    """The hint of each kind at the start of the scene's tour."""
    scene, ctx = load_scene(name), create_headless_context()
    volume = LatentVolume(ctx, build_charts(extrude_scene(scene), scene), channels=4, seed=0)
    gathered = volume.gather(sample_path(scene.paths["tour"], 0.0), SIZE)
    ctx.release()
    canvas = canvas_from(gathered, scene, full_steps=8)
    surface = canvas.surface
    assert isinstance(surface.gbuffer, GBuffer) and surface.region_ids is not None
    prompts = [region.prompt for region in canvas.regions]
    return {kind: hint(surface.gbuffer, surface.region_ids, prompts) for kind, hint in HINTS.items()}


def main() -> None:
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "docs/images")
    found = hint_pictures("hamlet")
    with atomic_write(folder / "control_hints.jpg") as temporary:
        sheet = contact_sheet(list(found.values()), list(found))
        sheet.convert("RGB").save(temporary, format="JPEG", quality=88)


if __name__ == "__main__":
    main()
