"""What a canvas reads from the volume (`GatheredView`, `GatheredSheet`) and what a dream writes back: plain numpy, for any thread."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np

from engine.geometry.charts import Charts
from engine.geometry.sheet import Sheet
from scenes.camera import Camera


class Part(Enum):
    """Which surfaces a view shows, and which of them it may paint.

    ALL: shows and may paint everything. SOLID: shows everything, but paints the sky only where texels are named (`only_texels`).
    SKY: shows and may paint the sky alone, as if nothing stood in front of it. BEHIND: shows everything but see-through surfaces,
    as if these weren't there; only what lies behind one of them counts as paintable. Like SOLID, it doesn't paint the sky.
    """

    ALL = "all"
    SOLID = "solid"
    SKY = "sky"
    BEHIND = "behind"

    @property
    def paints_sky(self) -> bool:
        return self in (Part.ALL, Part.SKY)

    def shown(self, charts: Charts) -> np.ndarray | None:
        """bool [N]: the charts that such a view shows; None: all."""
        return charts.sky if self is Part.SKY else ~charts.see_through if self is Part.BEHIND else None


@dataclass(frozen=True)
class GatheredCells:
    """Latent pixels [h, w] = [H/8, W/8] and what is stored of their surfaces. size = (W, H) in pixels, multiples of CELL.

    material:          int16, index into scene.materials, scenes.scene.SKY for the sky
    density:           float32, the density at which a dream of these pixels would paint the texel: pixels per texel × cosine of
                       incidence, less where only part of the texel is visible; 0 where it may not paint it
    noise:             float32 [C,h,w], unit normal, a hash of (seed, surface point, scale): a wall always has the same noise
    latents:           float32 [C,h,w], stored latents of the nearest texel, 0 where unpainted
    steps:             float32, stored diffusion steps, 0 where unpainted
    stored_density:    float32, density at which the stored texel was painted, 0 where unpainted; also for contaminated texels
    colours:           uint8 [H,W,4], stored colours drawn into the view; alpha 255 where painted, else 0
    revision:          the volume's revision when this view was gathered
    frozen:            bool, painted texels that the user froze: nothing replaces them
    edge_contaminated: bool, texels painted beside a depth edge that this view doesn't have. Their paint mixes both sides of the
                       edge, so latents and steps are 0 here and guide no dream. Their colours are kept: a latent pixel also
                       shows parts of other texels, which stay, and seam blending takes over their structure
    pixel_material:    int16 [H,W], the material of each pixel, since borders run through latent pixels
    side, pixel_side:  int8 [h,w] and [H,W], the side of the voxel (`engine.geometry.sides`), of meshes the one that they face most;
                       -1 for the sky
    """

    size: tuple[int, int]
    material: np.ndarray
    density: np.ndarray
    noise: np.ndarray
    latents: np.ndarray
    steps: np.ndarray
    stored_density: np.ndarray
    colours: np.ndarray
    revision: int
    frozen: np.ndarray
    edge_contaminated: np.ndarray
    pixel_material: np.ndarray
    side: np.ndarray
    pixel_side: np.ndarray


@dataclass(frozen=True)
class GatheredView(GatheredCells):
    """What a camera sees.

    chart:             int32, index into the chart table of the surface under the latent pixel's centre
    texel:             int32 [h,w,3], (page, y, x) of the atlas texel there
    depth:             float32, view-space z in blocks; inf for the sky
    normal:            float32 [h,w,3], world space; for the sky the direction back to the camera
    pixel_depth:       float32 [H,W], view-space z in blocks; any value for the sky
    pixel_mesh:        int32 [H,W], the mesh that each pixel shows, −1 elsewhere; None: the scene has none
    part:              which surfaces the view shows and may paint; scatter and write mask follow it
    """

    camera: Camera
    chart: np.ndarray
    texel: np.ndarray
    depth: np.ndarray
    normal: np.ndarray
    pixel_depth: np.ndarray
    part: Part = Part.ALL
    pixel_mesh: np.ndarray | None = None


@dataclass(frozen=True)
class GatheredSheet(GatheredCells):
    """What a sheet shows: surfaces seen straight on (`engine.atlas.sheets`).

    sheet: its patches; point, pixel_point: float64 [h,w,3] and [H,W,3], the points of the world that its pixels show, blocks;
    patch: int16 [H,W], the patch that each pixel belongs to; span: blocks along a side of a latent pixel.
    """

    sheet: Sheet
    point: np.ndarray
    pixel_point: np.ndarray
    patch: np.ndarray
    span: float


@dataclass(frozen=True)
class PaintedView:
    """A finished dream of a view: latents float32 [C,h,w], colours uint8 [8h,8w,3], steps: diffusion steps behind it.

    borders: True: each latent pixel is of one material, as in a dream; False: a picture to project onto whatever is there.
    kept_mask: bool [h,w], latent pixels where the dream kept existing paint, which stays; None: nowhere.
    shown_materials: int [n], materials that the picture shows, even if in no whole latent pixel; None: those of the gathered
    view's latent pixels.
    """

    camera: Camera
    size: tuple[int, int]
    latents: np.ndarray
    colours: np.ndarray
    steps: float
    borders: bool = True
    kept_mask: np.ndarray | None = None
    shown_materials: np.ndarray | None = None
