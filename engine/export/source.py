"""What an export is made of: a scene, its geometry, its paint and where each chart lies in the textures."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from base.grid import CELL
from engine.export.bare import BareLook
from engine.export.collider import collider_boxes, obstacle_boxes
from engine.export.layout import Layout, Page, lay_out
from engine.export.paint import Paint, read_paint
from engine.export.textures import page_picture
from engine.geometry.charts import Charts, build_charts
from scenes.camera import Camera
from scenes.extrude import Blocks, extrude_scene
from scenes.obstacles import find_obstacles
from scenes.scene import SKY, Scene

Advance = Callable[[str, float], None]
"""Told what is done now and which share of it, 0..1, is finished."""
Enlarge = Callable[[np.ndarray], np.ndarray]
"""A picture uint8 [H,W,4] → the same with a whole number of pixels for one, along both sides."""


@dataclass(frozen=True)
class Source:
    scene: Scene
    blocks: Blocks
    charts: Charts
    paint: Paint
    layout: Layout
    bare: BareLook
    boxes: np.ndarray  # engine.export.collider, of blocks
    obstacles: np.ndarray  # and of meshes
    enlarge: Enlarge | None = None  # what pages with paint are enlarged by

    @staticmethod
    def of(scene: Scene, blocks: Blocks, charts: Charts, paint: Paint, enlarge: Enlarge | None = None) -> Source:
        look, layout = BareLook(scene, blocks, charts), lay_out(charts, paint)
        boxes, obstacles = collider_boxes(blocks), obstacle_boxes(find_obstacles(scene))
        return Source(scene, blocks, charts, paint, layout, look, boxes, obstacles, enlarge)

    def pictures(self, advance: Advance) -> Iterator[tuple[Page, np.ndarray]]:
        """The pages of the layout in order, each with its picture uint8 [H,W,4]; made one after the other, for they are large.

        A picture is that of the page, or larger by a whole factor.
        """
        pages = self.layout.pages
        for number, page in enumerate(pages):
            picture = page_picture(page, self.layout, self.charts, self.paint, self.bare)
            if self.enlarge is not None and (self.layout.scale[page.charts] == CELL).any():
                picture = self.enlarge(picture)
            yield page, picture
            advance("textures", (number + 1) / len(pages))

    def name(self, material: int) -> str:
        return "sky" if material == SKY else self.scene.materials[material].name

    @property
    def centre(self) -> np.ndarray:
        """float64 [3]: the middle of the scene's ground."""
        x, _, z = self.blocks.size
        return np.array([x / 2, 0.0, z / 2])

    @property
    def spawn(self) -> Camera:
        """Where a visitor starts: the first view of the scene's walk, else of another path, else over the scene's edge."""
        paths = self.scene.paths
        path = paths.get("walk") or paths.get("tour") or next(iter(paths.values()), None)
        if path is not None:
            return path.keyframes[0].camera
        x, y, z = self.blocks.size
        return Camera.look_at((x / 2, y + 2.0, z + 2.0), (x / 2, y / 2, z / 2))


def open_source(world: Path, scene: Scene, advance: Advance, enlarge: Enlarge | None = None) -> Source:
    """Everything that an export of a world file needs. enlarge: what pages with paint are enlarged by, if by anything.

    Raises InputError when the world is damaged or not of this scene.
    """
    charts = build_charts(blocks := extrude_scene(scene), scene)
    paint = read_paint(world, scene, charts, lambda share: advance("reading", share))
    return Source.of(scene, blocks, charts, paint, enlarge)
