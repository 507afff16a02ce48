"""Offscreen render targets, reused by size, and reading them back without holding the interpreter lock."""

from __future__ import annotations

import moderngl
import numpy as np

from engine.gl.context import wait_for_gl

SIZES_KEPT = 4  # sizes of each kind: resizing a window must not fill the memory


class RenderTargets:
    """Framebuffers by kind and size; the least recently used ones are released."""

    def __init__(self, ctx: moderngl.Context) -> None:
        self.ctx = ctx
        self._frames: dict[tuple[str, tuple[int, int]], moderngl.Framebuffer] = {}

    def get(
        self, kind: str, size: tuple[int, int], formats: tuple[tuple[int, str], ...], depth: bool
    ) -> moderngl.Framebuffer:
        """Return a framebuffer with one texture per (components, dtype), for `texel_at`, and optionally a depth buffer."""
        frame = self._frames.pop((kind, size), None)
        if frame is None:
            same_kind = [key for key in self._frames if key[0] == kind]
            if len(same_kind) >= SIZES_KEPT:
                release_framebuffer(self._frames.pop(same_kind[0]))
            textures = [self.ctx.texture(size, components, dtype=dtype) for components, dtype in formats]
            for texture in textures:
                read_by_texel(texture)
            frame = self.ctx.framebuffer(textures, self.ctx.depth_renderbuffer(size) if depth else None)
        self._frames[kind, size] = frame
        return frame

    def release(self) -> None:
        while self._frames:
            release_framebuffer(self._frames.popitem()[1])


def read_by_texel(texture: moderngl.Texture) -> moderngl.Texture:
    """Filter by nearest texel and clamp at the edges, as `texel_at` of shaders/common/texel.glsl needs; return the texture."""
    texture.filter = moderngl.NEAREST, moderngl.NEAREST
    texture.repeat_x = texture.repeat_y = False
    return texture


def release_framebuffer(frame: moderngl.Framebuffer) -> None:
    """Release a framebuffer and its attachments. If it is bound, bind the default one first: after reading or creating another
    framebuffer moderngl binds the previous one again, even if it was released."""
    if frame.ctx.fbo is frame:
        frame.ctx.detect_framebuffer(0).use()
    for attachment in (*frame.color_attachments, frame.depth_attachment):
        if attachment is not None:
            attachment.release()
    frame.release()


def colour_texture(frame: moderngl.Framebuffer, index: int = 0) -> moderngl.Texture:
    """Return the colour texture that the framebuffer draws into."""
    texture = frame.color_attachments[index]
    assert isinstance(texture, moderngl.Texture)
    return texture


def read_texture(ctx: moderngl.Context, texture: moderngl.Texture) -> np.ndarray:
    """Read a texture: [H,W,components], row 0 first, uint8 or float32."""
    wait_for_gl(ctx)
    width, height = texture.size
    dtype = np.uint8 if texture.dtype == "f1" else np.float32
    return np.frombuffer(texture.read(), dtype=dtype).reshape(height, width, texture.components)
