"""Fits a picture into a view's canvas, which extends a little beyond the view. Numpy only."""

from __future__ import annotations

import numpy as np
from PIL import Image

from app.fields import Size
from engine.atlas.views import GatheredView
from scenes.camera import Camera

FAINT = 12  # alpha up to which a picture has no effect


def find_inner_size(gathered: GatheredView, camera: Camera, size: Size) -> Size:
    """Return the size in pixels of a camera's view inside a larger gathered view."""
    tall = gathered.size[1] * np.tan(np.radians(camera.fov) / 2) / np.tan(np.radians(gathered.camera.fov) / 2)
    return min(gathered.size[0], round(tall * size[0] / size[1])), min(gathered.size[1], round(tall))


def cover(picture: np.ndarray, size: Size) -> np.ndarray:
    """Resize and crop a picture so that its middle fills `size`."""
    height, width = picture.shape[:2]
    scale = max(size[0] / width, size[1] / height)
    w, h = size[0] / scale, size[1] / scale
    left, top = (width - w) / 2, (height - h) / 2
    image = Image.fromarray(picture).resize(size, Image.Resampling.LANCZOS, (left, top, left + w, top + h))
    return np.array(image)


def contain(picture: np.ndarray, size: Size) -> np.ndarray:
    """Resize a picture to fit into `size`, centred, with transparent borders."""
    height, width = picture.shape[:2]
    scale = min(size[0] / width, size[1] / height)
    fitted = cover(picture, (max(1, round(width * scale)), max(1, round(height * scale))))
    return centre(fitted, size)


def centre(inner: np.ndarray, size: Size) -> np.ndarray:
    """Centre a picture on zeros [size[1], size[0]]."""
    whole = np.zeros((size[1], size[0], *inner.shape[2:]), inner.dtype)
    top, left = (whole.shape[0] - inner.shape[0]) // 2, (whole.shape[1] - inner.shape[1]) // 2
    whole[top : top + inner.shape[0], left : left + inner.shape[1]] = inner
    return whole


def fill_transparent(placed: np.ndarray) -> np.ndarray:
    """Fill transparent pixels with the nearest colours, so that the encoder sees no edge. Returns uint8 [H,W,4]."""
    from diffusion.compositing.stored_colours import fill_unknown

    known = placed.copy()
    known[..., 3] = np.where(placed[..., 3] > 127, 255, 0)
    return np.dstack([fill_unknown(known), np.full(known.shape[:2], 255, np.uint8)])


def composite_over(placed: np.ndarray, under: np.ndarray, bare: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Composite a picture over a view. Returns (uint8 [H,W,3], bool [H,W] where the picture changes something).

    placed: uint8 [H,W,4]; under: uint8 [H,W,4], alpha 255 where painted, else 0; bare: uint8 [H,W,3], what unpainted surfaces show.
    A texel is always painted whole. Its parts outside the picture take the colours below, so that the edge doesn't follow the texels.
    """
    alpha = placed[..., 3:] / 255
    below = np.where(under[..., 3:] == 255, under[..., :3], bare)
    return np.rint(alpha * placed[..., :3] + (1 - alpha) * below).astype(np.uint8), placed[..., 3] > FAINT
