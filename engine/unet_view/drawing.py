"""Draws the U-Net by GL: maps as planes, connections as strokes, and the moving data flow over that still picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import moderngl
import numpy as np

from engine.gl.shaders import get_program, set_uniforms
from engine.gl.targets import colour_texture
from engine.unet_view.flow import Stream, active_block
from engine.unet_view.geometry import (
    TINTS,
    Marks,
    Tints,
    connection_rows,
    drop_rows,
    frame_rows,
    make_map_sheet,
    plane_rows,
)
from engine.unet_view.layers import PictureLayers
from engine.unet_view.layout import Anatomy
from scenes.camera import Camera

PLANE = "3f4 2f4 4f4 f4 4f4/i", ("place", "extent", "rect", "veil", "rim")
STROKE = "3f4 3f4 2f4 4f4/i", ("head", "tail", "radius", "ink")
INSET = 2.5  # pixels: width of a plane's anti-aliased edge, which must not hide anything
NEARER, FARTHER = (
    0.03,
    0.01,
)  # sides of a map: strokes are drawn nearer than what they lie on, occluders farther than what they occlude
_FLIP = np.diag([1.0, -1.0, 1.0, 1.0])


@dataclass(frozen=True)
class UnetView:
    """What to draw. marks: (block, strength 0..1) to highlight; scale: pixels per point."""

    camera: Camera
    size: tuple[int, int]
    tints: Tints = TINTS
    marks: Marks = ()
    scale: float = 1.0


class UnetDrawing:
    """Caches its pictures and redraws only what changed. GL thread."""

    def __init__(self, ctx: moderngl.Context) -> None:
        self.ctx = ctx
        self._maps = get_program(ctx, "unet_view/map_instances", "unet_view/map")
        self._occluder = get_program(ctx, "unet_view/map_instances", "unet_view/depth_only")
        self._lines = get_program(ctx, "unet_view/stroke_instances", "unet_view/stroke")
        self._ground = get_program(ctx, "vertex/full_target", "unet_view/background")
        self._behind = ctx.vertex_array(self._ground, [])
        self._layers: PictureLayers | None = None
        self._known: tuple[Anatomy, Stream, moderngl.Texture, list[np.ndarray]] | None = None
        self._ground_of: Any = None
        self._still_of: Any = None
        self._live_of: Any = None

    def draw(self, anatomy: Anatomy, view: UnetView, now: float | None = None) -> moderngl.Texture:
        """Return an opaque RGBA texture, row 0 at the top. now: 0..1, progress of the call whose data flow is shown; None: no flow."""
        layers = self._resize(view.size)
        if self._known is None or self._known[0] is not anatomy:
            self._upload(anatomy)
        if self._ground_of != view.tints:
            self._ground_of, self._still_of = view.tints, None
            self._draw_behind(layers, view)
        if self._still_of != view:
            self._still_of, self._live_of = view, None
            self._draw_still(layers, view)
        if now is None:
            return colour_texture(layers.still)
        if self._live_of != now:
            self._live_of = now
            self._draw_live(layers, view, now)
        return colour_texture(layers.live)

    def release(self) -> None:
        """Free the GPU memory; the next `draw` allocates it again."""
        if self._layers is not None:
            self._layers.release()
        if self._known is not None:
            self._known[2].release()
        self._layers = self._known = self._ground_of = self._still_of = self._live_of = None

    def _resize(self, size: tuple[int, int]) -> PictureLayers:
        if self._layers is None or self._layers.size != size:
            if self._layers is not None:
                self._layers.release()
            self._layers, self._ground_of = PictureLayers(self.ctx, size), None
        return self._layers

    def _upload(self, anatomy: Anatomy) -> None:
        """Upload the maps of another U-Net or another call."""
        whole, places = make_map_sheet(anatomy)
        texture = self.ctx.texture(whole.shape[::-1], 1, whole, alignment=1)
        texture.repeat_x = texture.repeat_y = False
        self._known, self._still_of = (anatomy, Stream.of(anatomy), texture, places), None

    def _draw_behind(self, layers: PictureLayers, view: UnetView) -> None:
        layers.behind.use()
        self.ctx.disable(moderngl.BLEND | moderngl.CULL_FACE | moderngl.DEPTH_TEST)
        set_uniforms(self._ground, ground=view.tints.ground, glow=view.tints.glow, size=_float_size(view.size))
        self._behind.render(moderngl.TRIANGLES, vertices=3)

    def _draw_still(self, layers: PictureLayers, view: UnetView) -> None:
        assert self._known is not None
        anatomy, _, texture, places = self._known
        camera = view.camera
        rows = plane_rows(anatomy, places, camera, view.tints, view.marks, view.scale)
        still = layers.start_still()
        self._test_depth()
        # depth first, without colours: stacks are many planes deep, and this avoids drawing hidden ones
        pixel = camera.far / camera.focal(view.size)  # largest side of a pixel in space
        behind = tuple(FARTHER * camera.axes[2])
        set_uniforms(self._occluder, matrix=_matrix(view), inset=INSET * pixel, shift=behind)
        self._instances(self._occluder, ("3f4 2f4 9x4/i", ("place", "extent")), rows)
        texture.use(0)
        set_uniforms(
            self._maps, matrix=_matrix(view), inset=0.0, shift=(0.0, 0.0, 0.0), atlas=0, ground=view.tints.ground
        )
        self._instances(self._maps, PLANE, rows)
        still.depth_mask = False
        self._strokes(view, connection_rows(anatomy, view.tints, view.marks, view.scale))

    def _draw_live(self, layers: PictureLayers, view: UnetView, now: float) -> None:
        assert self._known is not None
        anatomy, stream, _, _ = self._known
        layers.start_live()
        self._test_depth()
        working = frame_rows(anatomy.slabs[active_block(anatomy, now)], view.tints, view.scale)
        self._strokes(view, np.concatenate([working, drop_rows(anatomy, stream, view.tints, now, view.scale)]))

    def _test_depth(self) -> None:
        self.ctx.disable(moderngl.CULL_FACE)
        self.ctx.enable(moderngl.BLEND | moderngl.DEPTH_TEST)
        self.ctx.blend_func = moderngl.DEFAULT_BLENDING  # pyright: ignore[reportAttributeAccessIssue]
        self.ctx.depth_func = "<="

    def _strokes(self, view: UnetView, strokes: np.ndarray) -> None:
        shift = tuple(-NEARER * view.camera.axes[2])
        set_uniforms(self._lines, matrix=_matrix(view), size=_float_size(view.size), shift=shift)
        self._instances(self._lines, STROKE, strokes)

    def _instances(self, shader: moderngl.Program, kind: tuple[str, tuple[str, ...]], rows: np.ndarray) -> None:
        buffer = self.ctx.buffer(np.ascontiguousarray(rows))
        array = self.ctx.vertex_array(shader, [(buffer, kind[0], *kind[1])])
        array.render(moderngl.TRIANGLE_STRIP, vertices=4, instances=len(rows))
        array.release()
        buffer.release()


def _matrix(view: UnetView) -> bytes:
    return (_FLIP @ view.camera.matrix(view.size)).T.astype(np.float32).tobytes()


def _float_size(size: tuple[int, int]) -> tuple[float, float]:
    return float(size[0]), float(size[1])
