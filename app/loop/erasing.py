"""Erases paint at once, so that it is painted again. For loops without undo."""

from __future__ import annotations

import numpy as np

from app.fields import Size
from app.loop.painter import Painter
from engine.atlas.visibility import TexelMasks
from engine.atlas.volume import LatentVolume
from engine.edits.patch import apply_operation
from engine.geometry.pack import PAGE
from scenes.camera import Camera


def view_texels(painter: Painter, camera: Camera, size: Size) -> TexelMasks:
    """Return the texels that a dream of this view would paint, including those behind see-through surfaces. GL thread."""
    framed, (width, height) = painter.requests.frame_view(camera, size)
    return painter.volume.find_visible_texels(framed, (2 * width, 2 * height), through=True)


def all_texels(volume: LatentVolume) -> TexelMasks:
    """All texels of a scene."""
    return dict.fromkeys(volume.atlas, np.ones((PAGE, PAGE), bool))


def erase(painter: Painter, masks: TexelMasks) -> None:
    """Erase these texels, except frozen ones. The running dream is abandoned. GL thread."""
    painter.cancel()
    changed = [patch for patch in apply_operation(painter.volume, masks, "erase") if patch is not None]
    painter.volume.revision += bool(changed)
    painter.reset_failures()
