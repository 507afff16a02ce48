"""Offscreen pictures to draw into, kept by size, and read back without holding Python's lock."""

from __future__ import annotations

import moderngl
import numpy as np

from engine.gl.context import finish

KEPT = 4  # sizes of each kind; a window being resized must not fill the memory


class Targets:
    """Framebuffers by kind and size; the least recently used go."""

    def __init__(self, ctx: moderngl.Context) -> None:
        self.ctx = ctx
        self._frames: dict[tuple[str, tuple[int, int]], moderngl.Framebuffer] = {}

    def get(
        self, kind: str, size: tuple[int, int], formats: tuple[tuple[int, str], ...], depth: bool
    ) -> moderngl.Framebuffer:
        """A framebuffer with a texture of each (components, dtype), nearest filtering, and perhaps a depth buffer."""
        frame = self._frames.pop((kind, size), None)
        if frame is None:
            same = [key for key in self._frames if key[0] == kind]
            if len(same) >= KEPT:
                release(self._frames.pop(same[0]))
            textures = [self.ctx.texture(size, components, dtype=dtype) for components, dtype in formats]
            for texture in textures:
                texture.filter = moderngl.NEAREST, moderngl.NEAREST
            frame = self.ctx.framebuffer(textures, self.ctx.depth_renderbuffer(size) if depth else None)
        self._frames[kind, size] = frame
        return frame

    def release(self) -> None:
        while self._frames:
            release(self._frames.popitem()[1])


def release(frame: moderngl.Framebuffer) -> None:
    """Give a framebuffer back with all that it draws into. Not while it is bound, for moderngl binds what was bound again after each
    reading or making of another, be it gone."""
    if frame.ctx.fbo is frame:
        frame.ctx.detect_framebuffer(0).use()
    for attachment in (*frame.color_attachments, frame.depth_attachment):
        if attachment is not None:
            attachment.release()
    frame.release()


def picture(frame: moderngl.Framebuffer, index: int = 0) -> moderngl.Texture:
    """The texture that the frame draws into."""
    texture = frame.color_attachments[index]
    assert isinstance(texture, moderngl.Texture)
    return texture


def read(ctx: moderngl.Context, texture: moderngl.Texture) -> np.ndarray:
    """[H,W,components] of a texture, row 0 first; uint8 or float32."""
    finish(ctx)
    width, height = texture.size
    dtype = np.uint8 if texture.dtype == "f1" else np.float32
    return np.frombuffer(texture.read(), dtype=dtype).reshape(height, width, texture.components)
