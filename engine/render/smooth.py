"""Draws without jagged edges: at twice the size along each side, then the mean of every four pixels."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Unpack

import moderngl

from engine.gl.context import wait_for_gl
from engine.gl.shaders import get_program, set_uniforms
from engine.gl.targets import colour_texture, release_framebuffer
from engine.gl.time_sliced import Box, Slices, scissor
from engine.render.renderer import DrawOptions, Renderer
from scenes.camera import Camera

FACTOR = 2  # pixels drawn for one, along each side; as in the shader
MODES = ("painted", "material")  # pictures of the scene; the others show data, of which a mean would be wrong
_PICTURE = 0  # texture unit


def whole(size: tuple[int, int]) -> Iterable[Box]:
    """The only box of a picture that is drawn at once."""
    return [(0, 0, *size)]


class SmoothDrawing:
    """Holds a framebuffer of FACTOR times the last size. GL thread."""

    def __init__(self, ctx: moderngl.Context) -> None:
        self.ctx = ctx
        self._program = get_program(ctx, "vertex/full_target", "display/halve")
        self._triangle = ctx.vertex_array(self._program, [])
        self._large: moderngl.Framebuffer | None = None

    def can_smooth(self, size: tuple[int, int], mode: str) -> bool:
        """Whether such a picture can be smooth: its mode is one of MODES, and the driver has textures that are large enough."""
        return mode in MODES and FACTOR * max(size) <= self.ctx.info["GL_MAX_TEXTURE_SIZE"]

    def draw_slices(
        self,
        renderer: Renderer,
        target: moderngl.Framebuffer,
        camera: Camera,
        size: tuple[int, int],
        mode: str = "painted",
        split: Callable[[tuple[int, int]], Iterable[Box]] = whole,
        **options: Unpack[DrawOptions],
    ) -> Slices[None]:
        """Fill the target's lower left `size` pixels as `Renderer.draw` does, in slices. split: cuts a picture of a size into
        boxes, one for each slice; they don't change the picture. What can't be smooth is drawn as it is."""
        if not self.can_smooth(size, mode):
            yield from renderer.draw_slices(target, camera, size, split(size), mode, **options)
            return
        large = self._large_framebuffer((FACTOR * size[0], FACTOR * size[1]))
        boxes = split(large.size)
        yield from renderer.draw_slices(large, camera, large.size, boxes, mode, **{**options, "enlarged": FACTOR})
        for box in split(size):
            self._halve(large, target, size, box)
            yield

    def release(self) -> None:
        """Give the GL objects back. It can be used again."""
        if self._large is not None:
            release_framebuffer(self._large)
            self._large = None

    def _large_framebuffer(self, size: tuple[int, int]) -> moderngl.Framebuffer:
        if self._large is None or self._large.size != size:
            self.release()
            texture = self.ctx.texture(size, 4)
            texture.filter = moderngl.LINEAR, moderngl.LINEAR
            texture.repeat_x = texture.repeat_y = False
            self._large = self.ctx.framebuffer([texture], self.ctx.depth_renderbuffer(size))
        return self._large

    def _halve(
        self, large: moderngl.Framebuffer, target: moderngl.Framebuffer, size: tuple[int, int], box: Box
    ) -> None:
        wait_for_gl(self.ctx)  # otherwise sampling waits for the drawing while holding the interpreter lock
        self.ctx.disable(moderngl.BLEND | moderngl.CULL_FACE | moderngl.DEPTH_TEST)
        with scissor(target, box):
            target.viewport = (0, 0, *size)
            colour_texture(large).use(_PICTURE)
            set_uniforms(self._program, picture=_PICTURE)
            self._triangle.render(moderngl.TRIANGLES, vertices=3)
