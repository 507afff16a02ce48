"""A brick wall behind two panes of glass, and a camera in front of all three."""

from __future__ import annotations

import numpy as np

from scenes.camera import Camera
from scenes.scene import Background, Material, Scene

GRASS, BRICK, GLASS, AMBER = range(4)
FRONT = Camera.look_at((6.0, 1.6, 11.0), (6.0, 1.5, 0.0), fov=50)


def panes_scene(*opacities: float) -> Scene:
    """opacities: of the glass in the middle and of the amber pane before it; without the second there is none."""
    plan = np.ones((12, 12), np.uint8)
    plan[2, 1:11] = 1 + BRICK
    plan[5, 2:10] = 1 + GLASS
    if len(opacities) > 1:
        plan[8, 2:10] = 1 + AMBER
    glass, amber = (*opacities, 1.0)[:2]
    materials = (
        Material("grass", (0, 255, 0), "grass", 0.5, (90, 140, 70)),
        Material("brick", (255, 0, 0), "brick wall", 3.0, (160, 80, 60)),
        Material("glass", (0, 0, 255), "glass", 3.0, (60, 100, 160), "", 0.5, glass, material_under="grass"),
        Material("amber", (255, 255, 0), "amber", 2.0, (200, 160, 60), "", 0.5, amber, material_under="grass"),
    )
    return Scene("panes", plan, materials, Background("sky"), voxels_per_block=2)
