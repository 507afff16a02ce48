"""What a view needs: for each texel that it shows, the density at which an eye would see no lack of detail."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.atlas import policy
from engine.atlas.page import DENSITY, EDGE_CONTAMINATED, FROZEN, STEPS
from engine.atlas.pages import Atlas
from engine.atlas.visibility import TexelMasks
from engine.geometry.charts import Charts
from engine.geometry.pack import PAGE
from engine.gl.time_sliced import Slices, TimeSlicedTask
from scenes.camera import Camera


@dataclass(frozen=True)
class TexelNeeds:
    """Texels that should be painted. chart: int32 [n]; i, j: int32 [n], the texel of the chart; density: float32 [n], pixels per
    texel; distance: float32 [n], blocks from the nearest eye."""

    chart: np.ndarray
    i: np.ndarray
    j: np.ndarray
    density: np.ndarray
    distance: np.ndarray

    def __len__(self) -> int:
        return len(self.chart)

    def only(self, which: np.ndarray) -> TexelNeeds:
        """Those of a mask or an index."""
        return TexelNeeds(self.chart[which], self.i[which], self.j[which], self.density[which], self.distance[which])


def view_needs(
    charts: Charts, camera: Camera, size: tuple[int, int], shown: TexelMasks, times: float = 1.0
) -> TexelNeeds:
    """What a view of `size` (width, height) pixels needs of the texels that it shows (page → bool [PAGE,PAGE]). Of blocks only: sheets
    show neither the sky nor meshes.

    times: paint pixels along a side for one of the view.

    A surface at a slant is wide across it and short along it: the density between both, the root of their product, is needed. `policy`
    counts the shorter one, so that a view that paints a surface at a slant never satisfies a view that shows it straight on.
    """
    chart, i, j = _locate(charts, shown)
    ray = charts.points(chart, i + 0.5, j + 0.5) - camera.position
    length = np.linalg.norm(ray, axis=-1)
    cosine = np.abs((ray * charts.normal[chart]).sum(-1)) / np.maximum(length, 1e-9)
    depth = np.maximum(ray @ camera.axes[2], camera.near)
    density = times * camera.focal(size) / depth * charts.texel * np.sqrt(np.maximum(cosine, policy.GRAZING))
    return TexelNeeds(chart, i, j, density.astype(np.float32), length.astype(np.float32))


def whole_needs(charts: Charts, eye: tuple[float, float, float], density: float = policy.CELL_DENSITY) -> TexelNeeds:
    """Every texel of a scene's blocks at one density; distance: from `eye`."""
    page = {number: charts.owner_map(number) >= 0 for number in range(charts.pages)}
    chart, i, j = _locate(charts, page)
    distance = np.linalg.norm(charts.points(chart, i + 0.5, j + 0.5) - eye, axis=-1).astype(np.float32)
    return TexelNeeds(chart, i, j, np.full(len(chart), density, np.float32), distance)


def lacking(atlas: Atlas, charts: Charts, needs: TexelNeeds, full_steps: float) -> np.ndarray:
    """Return bool [n]: the needs that stored paint doesn't meet. Frozen texels and those that need no more lack nothing. GL thread."""
    return TimeSlicedTask(atlas.ctx, lacking_slices(atlas, charts, needs, full_steps)).run_to_end()


def lacking_slices(atlas: Atlas, charts: Charts, needs: TexelNeeds, full_steps: float) -> Slices[np.ndarray]:
    """`lacking` in slices, one for each page."""
    page, x, y = charts.page[needs.chart], charts.x[needs.chart] + needs.i, charts.y[needs.chart] + needs.j
    out = np.ones(len(needs), bool)
    for number in np.unique(page):
        if int(number) not in atlas:
            continue
        here = np.flatnonzero(page == number)
        state = atlas[int(number)].read_state()[y[here], x[here]]
        steps = np.where(state[:, FROZEN] == EDGE_CONTAMINATED, 0, state[:, STEPS])
        met = policy.is_final(steps, state[:, DENSITY], full_steps, needs.density[here])
        out[here] = ~(met | ((state[:, FROZEN] > 0) & (state[:, STEPS] > 0)))
        yield
    return out


def join_needs(charts: Charts, parts: list[TexelNeeds]) -> TexelNeeds:
    """The needs of several views: for each texel the highest density and the least distance."""
    if not parts:
        none = np.zeros(0, np.int32)
        return TexelNeeds(none, none, none, none.astype(np.float32), none.astype(np.float32))
    chart, i, j, density, distance = (
        np.concatenate([getattr(part, name) for part in parts]) for name in ("chart", "i", "j", "density", "distance")
    )
    place = (charts.page[chart].astype(np.int64) * PAGE + charts.y[chart] + j) * PAGE + charts.x[chart] + i
    _, first, which = np.unique(place, return_index=True, return_inverse=True)
    most, least = np.zeros(len(first), np.float32), np.full(len(first), np.inf, np.float32)
    np.maximum.at(most, which, density)
    np.minimum.at(least, which, distance)
    return TexelNeeds(chart[first], i[first], j[first], most, least)


def _locate(charts: Charts, texels: TexelMasks) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return chart, i and j, int32 [n], of the texels of blocks, given by page."""
    found = []
    for number, mask in texels.items():
        y, x = np.nonzero(mask)
        chart = charts.owner_map(number)[y, x]
        solid = (chart >= 0) & charts.of_blocks[chart]
        chart = chart[solid]
        found.append(np.stack([chart, x[solid] - charts.x[chart], y[solid] - charts.y[chart]]))
    chart, i, j = np.concatenate(found, axis=1) if found else np.zeros((3, 0), int)
    return chart.astype(np.int32), i.astype(np.int32), j.astype(np.int32)
