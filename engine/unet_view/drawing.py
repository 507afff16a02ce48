"""The U-Net drawn by GL: maps as planes, connections as strokes, and over that still picture what flows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import moderngl
import numpy as np

from engine.gl.shaders import program, set_uniforms
from engine.gl.targets import picture
from engine.unet_view.flow import Stream, at_work
from engine.unet_view.geometry import TINTS, Marks, Tints, connections, flowing, frame, planes, sheet
from engine.unet_view.layers import Layers
from engine.unet_view.layout import Anatomy
from scenes.camera import Camera

PLANE = "3f4 2f4 4f4 f4 4f4/i", ("place", "extent", "rect", "veil", "rim")
STROKE = "3f4 3f4 2f4 4f4/i", ("head", "tail", "radius", "ink")
INSET = 2.5  # pixels; beyond is a plane's smooth edge, which hides nothing
NEARER, FARTHER = 0.03, 0.01  # sides of a map: strokes than what they lie on; what hides than what is seen
_FLIP = np.diag([1.0, -1.0, 1.0, 1.0])


@dataclass(frozen=True)
class View:
    """What one sees. marks: (block, how strongly it is marked); scale: pixels of a point."""

    camera: Camera
    size: tuple[int, int]
    tints: Tints = TINTS
    marks: Marks = ()
    scale: float = 1.0


class UnetDrawing:
    """Keeps its pictures and draws anew only what has changed."""

    def __init__(self, ctx: moderngl.Context) -> None:
        self.ctx = ctx
        self._maps = program(ctx, "unet_planes", "unet_map")
        self._hiding = program(ctx, "unet_planes", "depth_only")
        self._lines = program(ctx, "unet_strokes", "unet_stroke")
        self._ground = program(ctx, "whole_picture", "unet_ground")
        self._behind = ctx.vertex_array(self._ground, [])
        self._layers: Layers | None = None
        self._known: tuple[Anatomy, Stream, moderngl.Texture, list[np.ndarray]] | None = None
        self._ground_of: Any = None
        self._still_of: Any = None
        self._live_of: Any = None

    def draw(self, anatomy: Anatomy, view: View, now: float | None = None) -> moderngl.Texture:
        """RGBA, row 0 at the top, opaque. now: 0..1, how far the call is whose flow is shown; None for none."""
        layers = self._room(view.size)
        if self._known is None or self._known[0] is not anatomy:
            self._learn(anatomy)
        if self._ground_of != view.tints:
            self._ground_of, self._still_of = view.tints, None
            self._draw_behind(layers, view)
        if self._still_of != view:
            self._still_of, self._live_of = view, None
            self._draw_still(layers, view)
        if now is None:
            return picture(layers.still)
        if self._live_of != now:
            self._live_of = now
            self._draw_live(layers, view, now)
        return picture(layers.live)

    def forget(self) -> None:
        """Give the memory back."""
        if self._layers is not None:
            self._layers.release()
        if self._known is not None:
            self._known[2].release()
        self._layers = self._known = self._ground_of = self._still_of = self._live_of = None

    def _room(self, size: tuple[int, int]) -> Layers:
        if self._layers is None or self._layers.size != size:
            if self._layers is not None:
                self._layers.release()
            self._layers, self._ground_of = Layers(self.ctx, size), None
        return self._layers

    def _learn(self, anatomy: Anatomy) -> None:
        """Another U-Net, or another look into it."""
        whole, places = sheet(anatomy)
        texture = self.ctx.texture(whole.shape[::-1], 1, whole, alignment=1)
        texture.repeat_x = texture.repeat_y = False
        self._known, self._still_of = (anatomy, Stream.of(anatomy), texture, places), None

    def _draw_behind(self, layers: Layers, view: View) -> None:
        layers.behind.use()
        self.ctx.disable(moderngl.BLEND | moderngl.CULL_FACE | moderngl.DEPTH_TEST)
        set_uniforms(self._ground, ground=view.tints.ground, glow=view.tints.glow, size=_floats(view.size))
        self._behind.render(moderngl.TRIANGLES, vertices=3)

    def _draw_still(self, layers: Layers, view: View) -> None:
        assert self._known is not None
        anatomy, _, texture, places = self._known
        camera = view.camera
        rows = planes(anatomy, places, camera, view.tints, view.marks, view.scale)
        still = layers.begin_still()
        self._test_depth()
        # what hides first, without colours, for a stack is many planes deep
        pixel = camera.far / camera.focal(view.size)  # the side of one, at most
        behind = tuple(FARTHER * camera.axes[2])
        set_uniforms(self._hiding, matrix=_matrix(view), inset=INSET * pixel, shift=behind)
        self._instances(self._hiding, ("3f4 2f4 9x4/i", ("place", "extent")), rows)
        texture.use(0)
        set_uniforms(
            self._maps, matrix=_matrix(view), inset=0.0, shift=(0.0, 0.0, 0.0), atlas=0, ground=view.tints.ground
        )
        self._instances(self._maps, PLANE, rows)
        still.depth_mask = False
        self._strokes(view, connections(anatomy, view.tints, view.marks, view.scale))

    def _draw_live(self, layers: Layers, view: View, now: float) -> None:
        assert self._known is not None
        anatomy, stream, _, _ = self._known
        layers.begin_live()
        self._test_depth()
        working = frame(anatomy.slabs[at_work(anatomy, now)], view.tints, view.scale)
        self._strokes(view, np.concatenate([working, flowing(anatomy, stream, view.tints, now, view.scale)]))

    def _test_depth(self) -> None:
        self.ctx.disable(moderngl.CULL_FACE)
        self.ctx.enable(moderngl.BLEND | moderngl.DEPTH_TEST)
        self.ctx.blend_func = moderngl.DEFAULT_BLENDING  # pyright: ignore[reportAttributeAccessIssue]
        self.ctx.depth_func = "<="

    def _strokes(self, view: View, strokes: np.ndarray) -> None:
        shift = tuple(-NEARER * view.camera.axes[2])
        set_uniforms(self._lines, matrix=_matrix(view), size=_floats(view.size), shift=shift)
        self._instances(self._lines, STROKE, strokes)

    def _instances(self, shader: moderngl.Program, kind: tuple[str, tuple[str, ...]], rows: np.ndarray) -> None:
        buffer = self.ctx.buffer(np.ascontiguousarray(rows))
        array = self.ctx.vertex_array(shader, [(buffer, kind[0], *kind[1])])
        array.render(moderngl.TRIANGLE_STRIP, vertices=4, instances=len(rows))
        array.release()
        buffer.release()


def _matrix(view: View) -> bytes:
    return (_FLIP @ view.camera.matrix(view.size)).T.astype(np.float32).tobytes()


def _floats(size: tuple[int, int]) -> tuple[float, float]:
    return float(size[0]), float(size[1])
