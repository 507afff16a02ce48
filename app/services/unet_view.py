"""The U-Net's picture for the Network panel: drawn while somebody looks at it, and its memory given back afterwards."""

from __future__ import annotations

import moderngl

from engine.gl.context import finish
from engine.unet_view.drawing import UnetDrawing, View
from engine.unet_view.layout import Anatomy

PATIENCE = 240  # frames after which what nobody looks at is forgotten


class UnetPicture:
    def __init__(self, ctx: moderngl.Context, patience: int = PATIENCE) -> None:
        self.ctx, self.patience = ctx, patience
        self._drawing: UnetDrawing | None = None
        self._unseen = 0

    def draw(self, anatomy: Anatomy, view: View, now: float | None) -> moderngl.Texture:
        """As `UnetDrawing.draw`; whoever shows it needn't wait for it."""
        self._unseen = 0
        self._drawing = self._drawing or UnetDrawing(self.ctx)
        texture = self._drawing.draw(anatomy, view, now)
        finish(self.ctx)  # or the panels' drawing waits for it, holding Python's lock
        return texture

    def tend(self) -> None:
        """Once a frame."""
        self._unseen += 1
        if self._unseen > self.patience:
            self.release()

    def release(self) -> None:
        if self._drawing is not None:
            self._drawing.forget()
        self._drawing = None
