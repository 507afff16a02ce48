"""What a dream is asked for (`Canvas`) and what it gives (`Dreamed`): plain data, the border between diffusion and the rest.

[h,w] are latent pixels, [H,W] = [8h,8w] pixels. All arrays are numpy, on the CPU.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scenes.camera import Camera


@dataclass(frozen=True)
class Region:
    """One material's share of the canvas. mask: float32 [h,w] in 0..1; start, end: the part of the run it is active in, 0..1."""

    prompt: str
    mask: np.ndarray
    negative_prompt: str = ""
    start: float = 0.0
    end: float = 1.0


@dataclass(frozen=True)
class Anagram:
    """A second picture that the whole canvas shows under one of the views of `diffusion.denoisers.anagram.VIEWS`."""

    prompt: str
    view: str = "rotate_180"
    negative_prompt: str = ""


@dataclass(frozen=True)
class Guide:
    """The existing paint that guides a dream: stored latents, colours, or both.

    latents: float32 [C,h,w], any value where `Canvas.change` is 1, or None
    colours: uint8 [H,W,4], alpha 255 where there is paint, or None. They guide the latent pixels of `known_mask`; paint outside
        `update_mask` stays
    known_mask: bool [h,w], latent pixels that have paint to be guided by; None: where `Canvas.change` is below 1
    upscale_ratio: float32 [h,w] ≥ 1, how many times finer the canvas is than the paint there; None: 1 everywhere. Coarse paint
        guides the dream (`DreamSettings.refine`), which keeps its low frequencies
    guide_weight: float32 [h,w] in 0..1, how closely coarse paint is followed; None: 1 everywhere
    update_mask: bool [H,W], pixels that will take the new paint; None: all pixels of latent pixels whose change is above 0
    edge_contaminated: bool [h,w], where the colours are mixed with those of a neighbouring surface. They are dreamed anew and
        only their structure is kept. None: nowhere
    """

    latents: np.ndarray | None = None
    colours: np.ndarray | None = None
    known_mask: np.ndarray | None = None
    upscale_ratio: np.ndarray | None = None
    guide_weight: np.ndarray | None = None
    update_mask: np.ndarray | None = None
    edge_contaminated: np.ndarray | None = None


@dataclass(frozen=True)
class GBuffer:
    """The surface that a camera sees through each latent pixel's centre, and through each pixel.

    camera: its picture is the canvas
    cell_side, side: int8 [h,w] and [H,W], the side that a surface faces: 0..5 = +x −x +y −y +z −z, −1 in the sky
    cell_depth, depth: float32 [h,w] and [H,W], view-space z in blocks; any value in the sky
    opacity: float32 [H,W], 0..1, of the surface; None: all is opaque
    mesh: int32 [H,W], a number for each mesh, whose surface may be curved and faces `side` the most; −1 elsewhere; None: no meshes
    """

    camera: Camera
    cell_side: np.ndarray
    cell_depth: np.ndarray
    side: np.ndarray
    depth: np.ndarray
    opacity: np.ndarray | None = None
    mesh: np.ndarray | None = None


@dataclass(frozen=True)
class FacingGBuffer:
    """Surfaces that are seen straight on, side by side: each latent pixel is a square of its surface, upright on walls, with x to the
    right on floors and ceilings.

    cell_side, side: int8 [h,w] and [H,W], as in `GBuffer`, without the sky
    cell_point, point: float64 [h,w,3] and [H,W,3], the points of the world in the middle of each (latent) pixel, blocks
    patch: int16 [H,W], equal for pixels that continue one another
    span: blocks along a side of a latent pixel
    """

    cell_side: np.ndarray
    cell_point: np.ndarray
    side: np.ndarray
    point: np.ndarray
    patch: np.ndarray
    span: float


@dataclass(frozen=True)
class Surface:
    """The geometry that the canvas shows, as far as it is known.

    depth: float32 [h,w], view-space z in blocks as the reference camera of `diffusion.models.depth` sees it, inf in the sky
    opacity: float32 [h,w], 0..1, of the surface; None: all is opaque
    occluded_source: int32 [h,w], for surfaces that continue behind a nearer one that is kept: the index (row·w + column) of the
        latent pixel whose surface continues here; elsewhere the pixel's own index. The hidden surface is dreamed there, and the
        nearer one stays. None: nowhere
    region_ids: int16 [H,W], the index of the region that each pixel shows, or −1, because borders cut through latent pixels. Each
        region is then decoded separately and keeps its own colours. None: unknown
    gbuffer: the surfaces themselves, for models that know them (`diffusion.models.surface_model`) and for ControlNets. None: unknown
    hints: pictures uint8 [H,W,3] that ControlNets see instead, one for each; the last is also seen by all that follow
    """

    depth: np.ndarray | None = None
    opacity: np.ndarray | None = None
    occluded_source: np.ndarray | None = None
    region_ids: np.ndarray | None = None
    gbuffer: GBuffer | FacingGBuffer | None = None
    hints: tuple[np.ndarray, ...] = ()


@dataclass(frozen=True)
class Canvas:
    """A picture to be dreamed, at latent resolution.

    regions: masks that together cover everything; what no mask covers belongs to the first region
    noise: float32 [C,h,w], unit normal, the surface's own noise
    change: float32 [h,w], 1 = free to change, 0 = keep what the guide says
    guide: the existing paint, or None
    surface: the geometry
    anagrams: further pictures that the canvas shows when it is turned
    """

    regions: tuple[Region, ...]
    noise: np.ndarray
    change: np.ndarray
    guide: Guide | None = None
    surface: Surface = Surface()
    anagrams: tuple[Anagram, ...] = ()

    @property
    def region_labels(self) -> np.ndarray:
        """int [h,w]: the index of the region that covers most of each latent pixel."""
        return np.argmax(np.stack([region.mask for region in self.regions]), 0)


DREAM_PARTS = ("preparing", "steps", "decoding", "blending")
"""What a dream does, in this order; blending is whatever happens to the decoded picture."""


@dataclass(frozen=True)
class Dreamed:
    """The result of a dream.

    latents: float32 [C,h,w]; image: uint8 [H,W,3]; steps: number of steps behind the latents; calls: U-Net calls;
    seconds: time spent, with the keys "unet", "vae", "text" and "total", and of DREAM_PARTS those that the dream had.
    """

    latents: np.ndarray
    image: np.ndarray
    steps: float
    calls: int
    seconds: dict[str, float]


class Cancelled(Exception):
    """The dream was cancelled between two model calls because `cancelled()` returned True."""
