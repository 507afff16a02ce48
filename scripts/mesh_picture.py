"""Draw docs/scenes.md's picture of meshes: a vase and a barrel in a garden, bare and painted, and the vase's painted texture.

.venv/bin/python scripts/mesh_picture.py [FOLDER]
"""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from PIL import Image

from app.loop.autopilot import SIZE as VIEW
from app.loop.headless_session import HeadlessSession, open_headless_session
from app.loop.mesh_views import mesh_views
from app.loop.paint_now import paint_sky, paint_view
from app.session import Session
from base.files import atomic_write
from engine.export.meshes import mesh_picture
from engine.export.source import open_source
from scenes.camera import Camera
from scenes.load import load_scene
from scenes.scene import Scene

SIZE = (640, 360)
GAP = 6  # pixels between the panels
CAMERA = Camera.look_at((6.4, 2.6, 11.2), (6.6, 1.5, 6.0), fov=52)
# outlines of solids of revolution: (distance from the axis, height), from the bottom to the top
VASE = ((0, 0), (0.5, 0), (0.56, 0.08), (0.42, 0.2), (0.56, 0.42), (0.72, 0.72), (0.76, 0.95), (0.68, 1.2), (0.48, 1.42),
        (0.36, 1.58), (0.36, 1.7), (0.5, 1.84), (0.44, 1.86), (0, 1.6))  # fmt: skip
BARREL = ((0, 0), (0.42, 0), (0.5, 0.25), (0.54, 0.55), (0.5, 0.85), (0.42, 1.1), (0, 1.1))
AROUND = 40
MATERIALS = """
background: {prompt: "blue sky"}
voxels_per_block: 12
materials:
  - {name: grass, source: [120, 160, 90], prompt: "green grass", height: 0.5}
  - {name: wall, source: [176, 96, 76], prompt: "red brick wall", height: 2.6}
  - {name: marble, source: [-1, -1, -1], display: [206, 202, 194], prompt: "white marble", height: 0}
  - {name: oak, source: [-1, -1, -1], display: [150, 112, 74], prompt: "wooden planks", height: 0}
meshes:
  - {file: vase.obj, material: marble, position: [5.2, 0.5, 6.2], scale: 1.5}
  - {file: barrel.obj, material: oak, position: [8.6, 0.5, 5.6], rotation: [0, 20, 0], scale: 1.5}
"""


def turned(outline: tuple[tuple[float, float], ...]) -> str:
    """A solid of revolution as an .obj file: u runs around, v along the outline."""
    points = np.array(outline)
    along = np.append(0, np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1)))
    lines, side = [], AROUND + 1
    for (radius, height), v in zip(points, along / along[-1], strict=True):
        for k in range(side):
            angle = 2 * np.pi * k / AROUND
            lines.append(f"v {radius * np.sin(angle):.6f} {height:.6f} {radius * np.cos(angle):.6f}")
            lines.append(f"vt {k / AROUND:.6f} {v:.6f}")
    for row in range(len(points) - 1):
        for k in range(AROUND):
            a, b = row * side + k + 1, (row + 1) * side + k + 1
            ring = (a, a + 1, b + 1, b)
            if points[row, 0] == 0 or points[row + 1, 0] == 0:  # a triangle, whose third corner is on the axis
                ring = (a, b + 1, b) if points[row, 0] == 0 else (a, a + 1, b)
            lines.append("f " + " ".join(f"{c}/{c}" for c in ring))
    return "\n".join(lines) + "\n"


def garden(folder: Path) -> Scene:
    """The scene, written to a folder and read from it."""
    plan = np.full((12, 14, 3), (120, 160, 90), np.uint8)
    plan[2, 1:13] = plan[2:8, 1] = (176, 96, 76)
    Image.fromarray(plan).save(folder / "map.png")
    (folder / "materials.yaml").write_text(MATERIALS)
    (folder / "vase.obj").write_text(turned(VASE))
    (folder / "barrel.obj").write_text(turned(BARREL))
    return load_scene(folder)


def paint(headless: HeadlessSession) -> None:
    """Paint the meshes from all sides, then everything in the picture at its own density."""
    paint_sky(headless.painter)
    for camera in mesh_views(headless.scene):
        paint_view(headless.painter, camera, VIEW)
    paint_view(headless.painter, CAMERA, SIZE, refine=True)


def main() -> None:
    target = Path(sys.argv[1] if len(sys.argv) > 1 else "docs/images")
    with TemporaryDirectory() as name:
        scene, world = garden(Path(name)), Path(name) / "garden.world"
        with open_headless_session(Session(), scene) as headless, headless.saving_to(world) as save:
            bare = headless.draw(CAMERA, SIZE, "material")
            paint(headless)
            painted = headless.draw(CAMERA, SIZE, daylight=0.35)
            save()
        texture = mesh_picture(open_source(world, scene, lambda what, share: None), 0)
    panels = [Image.fromarray(np.ascontiguousarray(picture[..., :3])) for picture in (bare, painted, texture)]
    panels[2] = panels[2].resize((SIZE[1], SIZE[1]), Image.Resampling.LANCZOS)
    sheet = Image.new("RGB", (sum(panel.width for panel in panels) + 2 * GAP, SIZE[1]), "white")
    left = 0
    for panel in panels:
        sheet.paste(panel, (left, 0))
        left += panel.width + GAP
    with atomic_write(target / "meshes.jpg") as temporary:
        sheet.save(temporary, format="JPEG", quality=88)


if __name__ == "__main__":
    main()
