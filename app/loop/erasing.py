"""Erases paint at once, so that it is painted again: for loops without undo."""

from __future__ import annotations

from app.loop.painter import Painter
from engine.atlas.visibility import TexelMasks
from engine.edits.patch import apply_operation


def erase(painter: Painter, masks: TexelMasks) -> None:
    """Erase these texels, except frozen ones. The running dream is abandoned. GL thread."""
    painter.cancel()
    changed = [patch for patch in apply_operation(painter.volume, masks, "erase") if patch is not None]
    painter.volume.revision += bool(changed)
    painter.reset_failures()
