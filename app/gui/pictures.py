"""Pictures for the panels: numpy arrays as GL textures, uploaded when they change."""

from __future__ import annotations

import moderngl
import numpy as np


class Pictures:
    """One texture for each key. Arrays are compared by identity: a changed picture is a new array."""

    def __init__(self, ctx: moderngl.Context) -> None:
        self._ctx = ctx
        self._kept: dict[str, tuple[np.ndarray, moderngl.Texture]] = {}

    def texture(self, key: str, image: np.ndarray, smooth: bool = True) -> moderngl.Texture:
        """The texture of uint8 [h,w,3] or [h,w,4]."""
        kept = self._kept.get(key)
        if kept is not None and kept[0] is image:
            return kept[1]
        height, width = image.shape[:2]
        pixels = np.ascontiguousarray(image)
        texture = kept[1] if kept is not None else None
        if texture is None or texture.size != (width, height) or texture.components != image.shape[2]:
            if texture is not None:
                texture.release()
            texture = self._ctx.texture((width, height), image.shape[2], alignment=1)
            texture.repeat_x = texture.repeat_y = False
        texture.write(pixels, alignment=1)
        texture.filter = (moderngl.LINEAR, moderngl.LINEAR if smooth else moderngl.NEAREST)
        self._kept[key] = (image, texture)
        return texture

    def release(self) -> None:
        for _, texture in self._kept.values():
            texture.release()
        self._kept.clear()
