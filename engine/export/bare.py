"""How surfaces look that nobody has painted: the display colours in daylight, as common/daylight.glsl draws them, but without haze."""

from __future__ import annotations

import numpy as np

from base.grid import enlarge
from engine.geometry.charts import Charts
from engine.render.bare_sky import sky_colours
from engine.render.daylight import PAD, SUN, BakedDaylight, atmosphere_uniforms
from scenes.extrude import Blocks
from scenes.scene import Scene

_HASH = np.array([1597334677, 3812015801, 2798796415], dtype=np.uint64)
_WORD = np.uint64(0xFFFFFFFF)  # the shader computes with 32 bits


class BareLook:
    """The daylight of a scene, computed once; then the colours of any chart."""

    def __init__(self, scene: Scene, blocks: Blocks, charts: Charts) -> None:
        self.charts, self.sky = charts, scene.background.display
        self.materials = np.array([m.display for m in scene.materials], dtype=np.float64).reshape(-1, 3) / 255
        self.opacity = np.array([m.opacity for m in scene.materials])
        self.light = BakedDaylight.of(blocks, scene)
        self.air = {name: np.array(colour) for name, colour in atmosphere_uniforms(self.sky).items()}

    def chart(self, chart: int, scale: int) -> np.ndarray:
        """uint8 [h·scale,w·scale,4]: a chart with `scale` pixels along each side of a texel; alpha is the opacity.

        A surface has one colour for each texel, the sky one for each pixel.
        """
        sky = bool(self.charts.sky[chart])
        w, h = self.charts.size[chart] * (scale if sky else 1)
        fine = scale if sky else 1
        j, i = np.mgrid[0.5:h, 0.5:w] / fine
        points = self.charts.points(np.full((h, w), chart), i, j)
        if sky:
            colour, alpha = sky_colours(points, self.sky), 1.0
        else:
            material = int(self.charts.material[chart])
            colour, alpha = self.surface_colour(points, self.charts.normal[chart], material), self.opacity[material]
        out = np.empty((h, w, 4), np.uint8)
        out[..., :3] = np.round(np.clip(colour, 0, 1) * 255)
        out[..., 3] = round(255 * alpha)
        return out if sky else enlarge(out, scale)

    def surface_colour(self, points: np.ndarray, normal: np.ndarray, material: int) -> np.ndarray:
        """float64 [...,3], 0..1 and above: points [...,3] in blocks on surfaces of a material that face `normal` [3] or [...,3], lit."""
        inner = points - normal * (0.5 * self.charts.texel)
        grain = 1 + 0.13 * _grain(inner / self.charts.texel) + 0.10 * _grain(np.floor(inner) + 91)
        ambient, sun = np.moveaxis(self._daylight(points + normal * 0.4), -1, 0)[..., None]
        air = self.air
        sky = air["bounce"] + (air["skylight"] - air["bounce"]) * (normal[..., 1:2] * 0.5 + 0.5)
        falling = air["sunshine"] * np.maximum((normal @ SUN)[..., None], 0.0) * sun + sky * ambient
        return np.sqrt(self.materials[material] ** 2 * grain[..., None] * falling)

    def _daylight(self, points: np.ndarray) -> np.ndarray:
        """float64 [...,2], 0..1: shares of ambient light and of sunlight, linear between the cells as GL samples a 3D texture."""
        cells = self.light.cells
        count = np.array(cells.shape[2::-1])  # along x, y, z
        place = (points + np.array([PAD, 1.0, PAD])) / np.array(self.light.extent) * count - 0.5
        low = np.floor(place)
        part = place - low
        total = np.zeros((*points.shape[:-1], 2))
        for corner in np.ndindex(2, 2, 2):
            x, y, z = np.moveaxis(np.clip(low + corner, 0, count - 1).astype(np.int64), -1, 0)
            weight = np.where(np.array(corner) > 0, part, 1 - part).prod(axis=-1)
            total += weight[..., None] * cells[z, y, x]
        return total / 255


def _grain(cell: np.ndarray) -> np.ndarray:
    """float64 [...], −0.5..0.5: a random number of each cell [...,3], whose coordinates are rounded down."""
    q = (np.floor(cell).astype(np.int64).astype(np.uint64) & _WORD) * _HASH & _WORD
    h = (q[..., 0] ^ q[..., 1] ^ q[..., 2]) * _HASH[0] & _WORD
    return ((h ^ (h >> np.uint64(15))) & np.uint64(0xFFFF)).astype(np.float64) / 65535 - 0.5
