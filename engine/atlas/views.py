"""What one view sees of the volume (`GatheredView`), and what a dream gives back to it (`Painting`): plain numpy, for any thread."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scenes.camera import Camera


@dataclass(frozen=True)
class GatheredView:
    """A view at latent resolution: size = (W, H) in pixels, multiples of CELL; arrays are [h, w] = [H/8, W/8].

    chart:    int32, index into the chart table of the surface under the latent pixel's centre
    texel:    int32 [h,w,3], (page, y, x) of the atlas texel there
    material: int16, index into scene.materials, scenes.scene.SKY for the sky
    depth:    float32, view-space z in blocks; inf for the sky
    normal:   float32 [h,w,3], world space; for the sky the direction back to the camera
    density:  float32, the quality that this view would paint the texel with: screen pixels per texel × cosine of incidence,
              less where only part of the texel is seen; 0 where the view may not paint it (grazing angles)
    noise:    float32 [C,h,w], unit normal, a hash of (seed, surface point, scale): the same wall has the same noise
    latents:  float32 [C,h,w], stored latents by nearest texel, 0 where never painted
    steps:    float32, diffusion steps stored there, 0 where never painted
    painted:  float32, the density at which the stored texel was painted, 0 where never; of freed texels, too
    colours:  uint8 [H,W,4], stored colours drawn into the view; alpha 255 = painted, 0 = not
    revision: the volume's revision when this was read
    held:     bool, painted texels that the user froze: they stay whatever comes along
    freed:    bool, texels that are painted, but beside a depth edge that this view doesn't have: their paint is a mixture of both
              sides, so the look says that they are bare, and what is dreamed next is not guided by it. Their colours are there:
              a latent pixel shows parts of other texels, too, which stay; and their structure is taken over
    pixels:   int16 [H,W], the material of each pixel, for borders run through latent pixels
    """

    camera: Camera
    size: tuple[int, int]
    chart: np.ndarray
    texel: np.ndarray
    material: np.ndarray
    depth: np.ndarray
    normal: np.ndarray
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


@dataclass(frozen=True)
class PaintedView:
    """A finished dream of a view: latents float32 [C,h,w], colours uint8 [8h,8w,3], steps: diffusion steps behind it (capture step).

    borders: every latent pixel is of one material, as a dream's are; False: a picture that is thrown at whatever is there.
    kept: bool [h,w], latent pixels in which the dream only remembers what is painted: it stays. None: nowhere.
    dreamed: int [n], the materials that it shows, be it in no whole latent pixel; None: those of the look's latent pixels.
    """

    camera: Camera
    size: tuple[int, int]
    latents: np.ndarray
    colours: np.ndarray
    steps: float
    borders: bool = True
    kept_mask: np.ndarray | None = None
    shown_materials: np.ndarray | None = None
