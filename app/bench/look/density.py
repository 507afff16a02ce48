"""Compare the density of the paint at each pixel of a view with the density that the view needs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.atlas import policy
from engine.atlas.needs import view_needs
from engine.atlas.page import DENSITY, STEPS
from engine.atlas.visibility import locate_pixels
from engine.atlas.volume import LatentVolume
from engine.geometry.pack import PAGE
from engine.gl.time_sliced import TimeSlicedTask
from scenes.camera import Camera

TOO_COARSE = 0.5  # share of the density that a pixel needs; paint below it visibly lacks detail


@dataclass(frozen=True)
class PixelPaint:
    """Paint under the pixels of a view; arrays of one shape. steps: float, diffusion steps, 0 = unpainted; stored, need: float,
    pixels per texel, as painted and as required by `engine.atlas.needs`; need is 0 in the sky, which has one density everywhere."""

    steps: np.ndarray
    stored: np.ndarray
    need: np.ndarray

    @property
    def bare(self) -> np.ndarray:
        """bool: unpainted."""
        return self.steps <= 0

    @property
    def coarse(self) -> np.ndarray:
        """bool: painted at less than TOO_COARSE of the density that is needed and that a texel can hold."""
        return ~self.bare & (self.stored < TOO_COARSE * np.minimum(self.need, policy.CELL_DENSITY))

    @property
    def beyond(self) -> np.ndarray:
        """bool: even the finest paint that a texel can hold is less than TOO_COARSE of what is needed."""
        return TOO_COARSE * self.need > policy.CELL_DENSITY

    def shares(self) -> dict[str, float]:
        """Shares of the pixels, 0..1."""
        return {
            "bare": float(self.bare.mean()),
            "under_dense": float(self.coarse.mean()),
            "beyond_the_atlas": float(self.beyond.mean()),
        }


def read_pixels(volume: LatentVolume, camera: Camera, size: tuple[int, int]) -> PixelPaint:
    """Read the paint in a view of `size` (width, height); arrays are [H,W]. GL thread."""
    charts = volume.charts
    chart = TimeSlicedTask(volume.ctx, volume.draw_charts_slices(camera, size)).run_to_end()
    page, row, column = np.moveaxis(locate_pixels(charts, camera, chart), -1, 0)
    steps, stored, need = (np.zeros(chart.shape, np.float32) for _ in range(3))
    for number in np.unique(page).tolist():
        here = page == number
        y, x = row[here], column[here]
        shown = np.zeros((PAGE, PAGE), bool)
        shown[y, x] = True
        needs = view_needs(charts, camera, size, {number: shown})
        wanted = np.zeros((PAGE, PAGE), np.float32)
        wanted[charts.y[needs.chart] + needs.j, charts.x[needs.chart] + needs.i] = needs.density
        need[here] = wanted[y, x]
        if number in volume.atlas:
            state = volume.atlas[number].read_state()[y, x]
            steps[here], stored[here] = state[:, STEPS], state[:, DENSITY]
    return PixelPaint(steps, stored, need)
