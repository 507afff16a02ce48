"""A stroke: a change to painted texels, as an entry of the undo history."""

from __future__ import annotations

from collections.abc import Callable

from engine.edits.orphaned_paint import OrphanedPaint
from engine.edits.patch import PagePatch, TilePatch

LIMIT = 256 * 2**20  # bytes kept for undoing strokes, dozens of views; the oldest strokes are forgotten first


class Stroke:
    """One change by hand. Two strokes are equal only if they are the same object.

    charts: fingerprint of the charts that the stroke was made on; patches: the texels as they were before the stroke or, once it
    is undone, after it; sweep: erases orphaned paint together with the stroke and returns it; swept: what `sweep` returned, None
    while the stroke is undone; lost: the stroke was forgotten and can no longer be undone.
    """

    def __init__(self, charts: str) -> None:
        self.charts, self.lost = charts, False
        self.patches: list[TilePatch | PagePatch] = []
        self.sweep: Callable[[], tuple[OrphanedPaint, ...]] = tuple
        self.swept: tuple[OrphanedPaint, ...] | None = ()

    @property
    def bytes(self) -> int:
        return sum(part.bytes for part in (*self.patches, *(self.swept or ())))

    def forget(self) -> None:
        """Free what undoing needs."""
        self.patches, self.swept, self.lost = [], None, True
