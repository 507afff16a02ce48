"""Renders the U-Net for the Network panel while it is shown, and frees the memory afterwards."""

from __future__ import annotations

import moderngl

from engine.gl.context import wait_for_gl
from engine.unet_view.drawing import UnetDrawing, UnetView
from engine.unet_view.layout import Anatomy

PATIENCE = 240  # frames after which an unused picture is freed


class UnetRenderer:
    """Draws a U-Net in space. Call `update` once a frame. drawn: how many pictures, so far."""

    def __init__(self, ctx: moderngl.Context, patience: int = PATIENCE) -> None:
        self.ctx, self.patience = ctx, patience
        self._drawing: UnetDrawing | None = None
        self._unseen = self.drawn = 0

    def draw(self, anatomy: Anatomy, view: UnetView, now: float | None) -> moderngl.Texture:
        """Like `UnetDrawing.draw`, but waits for GL, so that showing the texture doesn't."""
        self._unseen = 0
        self.drawn += 1
        self._drawing = self._drawing or UnetDrawing(self.ctx)
        texture = self._drawing.draw(anatomy, view, now)
        wait_for_gl(self.ctx)  # otherwise drawing the panels would wait for GL while holding Python's lock
        return texture

    def update(self) -> None:
        """Free the picture if it was not drawn lately. Call once a frame."""
        self._unseen += 1
        if self._unseen > self.patience:
            self.release()

    def release(self) -> None:
        if self._drawing is not None:
            self._drawing.release()
        self._drawing = None
