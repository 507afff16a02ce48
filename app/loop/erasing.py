"""Erases paint at once, so that it is painted again, and brings it back. For loops without strokes."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

import numpy as np

from app.fields import Size
from app.loop.painter import Painter
from engine.atlas.visibility import TexelMasks
from engine.atlas.volume import LatentVolume
from engine.edits.patch import TilePatch, apply_operation, apply_patch
from engine.geometry.pack import PAGE
from scenes.camera import Camera

ERASED_BYTES = 256 << 20


def view_texels(painter: Painter, camera: Camera, size: Size) -> TexelMasks:
    """Return the texels that a dream of this view would paint, including those behind see-through surfaces. GL thread."""
    framed, (width, height) = painter.requests.frame_view(camera, size)
    return painter.volume.find_visible_texels(framed, (2 * width, 2 * height), through=True)


def all_texels(volume: LatentVolume) -> TexelMasks:
    """All texels of a scene."""
    return dict.fromkeys(volume.atlas, np.ones((PAGE, PAGE), bool))


def erase(painter: Painter, masks: TexelMasks) -> list[TilePatch]:
    """Erase these texels, except frozen ones; return what `restore` needs. The running dream is abandoned. GL thread."""
    painter.cancel()
    erased = [patch for patch in apply_operation(painter.volume, masks, "erase") if patch is not None]
    painter.volume.revision += bool(erased)
    painter.reset_failures()
    return erased


def restore(painter: Painter, erased: Iterable[TilePatch]) -> None:
    """Bring erased paint back, in place of what was painted there since. The running dream is abandoned. GL thread."""
    painter.cancel()
    for patch in erased:
        apply_patch(painter.volume, patch)
    painter.volume.revision += 1
    painter.reset_failures()


class Erasures:
    """What was erased last, up to `limit` bytes; the oldest is forgotten first, the last never."""

    def __init__(self, limit: int = ERASED_BYTES) -> None:
        self.limit = limit
        self._items: deque[list[TilePatch]] = deque()

    def __len__(self) -> int:
        return len(self._items)

    def add(self, erased: list[TilePatch]) -> None:
        """Remember it, unless nothing was erased."""
        if erased:
            self._items.append(erased)
        while len(self._items) > 1 and sum(patch.bytes for item in self._items for patch in item) > self.limit:
            self._items.popleft()

    def pop(self) -> list[TilePatch]:
        """Return what was erased last, and forget it."""
        return self._items.pop()
