"""Keeps pictures for the panels as GL textures, uploading a numpy array when it changes."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass

import moderngl
import numpy as np


@dataclass
class _Kept:
    image: np.ndarray
    texture: moderngl.Texture
    asked: int  # the frame in which it was last used


class Pictures:
    """One texture for each key. Arrays are compared by identity: a changed picture is a new array.

    uploads: how many arrays became textures, so far
    patience: number of frames after which an unused picture is dropped. Textures aren't released explicitly, as the frame's draw
    lists may still refer to a replaced one; the context collects them after the last reference is gone.
    """

    def __init__(self, ctx: moderngl.Context, patience: int = 240) -> None:
        self._ctx, self.patience = ctx, patience
        self._kept: dict[str, _Kept] = {}
        self._frame = self.uploads = 0

    @property
    def keys(self) -> Set[str]:
        return self._kept.keys()

    def texture(self, key: str, image: np.ndarray, smooth: bool = True) -> moderngl.Texture:
        """The texture of uint8 [h,w,3] or [h,w,4]."""
        kept = self._kept.get(key)
        if kept is not None and kept.image is image:
            kept.asked = self._frame
            return kept.texture
        height, width = image.shape[:2]
        texture = kept.texture if kept is not None and kept.asked != self._frame else None
        if texture is None or texture.size != (width, height) or texture.components != image.shape[2]:
            texture = self._ctx.texture((width, height), image.shape[2], alignment=1)
            texture.repeat_x = texture.repeat_y = False
        self.uploads += 1
        texture.write(np.ascontiguousarray(image), alignment=1)
        texture.filter = (moderngl.LINEAR, moderngl.LINEAR if smooth else moderngl.NEAREST)
        self._kept[key] = _Kept(image, texture, self._frame)
        return texture

    def update(self) -> None:
        """Drop pictures that weren't used lately. Call once a frame."""
        self._frame += 1
        self._kept = {key: kept for key, kept in self._kept.items() if self._frame - kept.asked <= self.patience}

    def release(self) -> None:
        for kept in self._kept.values():
            kept.texture.release()
        self._kept.clear()
