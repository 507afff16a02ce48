"""Draws the scene behind the panels into a texture, only when it would look different."""

from __future__ import annotations

from typing import Any

import moderngl
import numpy as np

from app.fields import Size
from app.loop.open_scene import OpenScene
from app.session import ViewSettings
from engine.gl.context import wait_for_gl
from engine.gl.targets import release_framebuffer
from engine.gl.time_sliced import TimeSlicedTask, split_into_bands
from engine.render.renderer import DrawOptions
from engine.render.smooth import SmoothDrawing
from scenes.camera import Camera

PIECE = 0.006  # seconds per frame for updating a still picture; a larger share would make such frames stand out
CALM = 6.0  # times PIECE while nobody touches anything
TURN = 4  # while frames have other work, one in so many updates a still picture


class Viewport:
    """Keeps the last picture, so that a still view leaves the processor to dreams.

    When the camera moves, a brush paints or the display mode changes, the next frame shows it. What a dream, an undo or an edit
    changes in a still picture appears some frames later: it is drawn into a second picture, some bands a frame, and drawn anew if
    the surfaces change meanwhile. Smooth edges are drawn the same way. Only the first paint of all is shown at once.

    drawn: how many pictures were drawn within one frame, so far."""

    def __init__(self, ctx: moderngl.Context) -> None:
        self.ctx = ctx
        self._canvas: moderngl.Framebuffer | None = None
        self._beside: moderngl.Framebuffer | None = None
        self._smooth = SmoothDrawing(ctx)
        self._shows: tuple[Any, ...] | None = None
        self._revision = 0  # of the volume that is shown
        self._is_smooth = False  # whether the edges of what is shown are
        self._work: tuple[TimeSlicedTask[None], int] | None = None  # on the picture beside, and of which revision it is
        self._waited = 0  # frames since a still picture was worked on
        self.drawn = 0

    def draw(
        self,
        open_scene: OpenScene,
        camera: Camera,
        size: Size,
        view: ViewSettings,
        full_steps: int,
        mark_frozen: bool = False,
        painting: bool = False,
        other_work: bool = False,
        calm: bool = False,
    ) -> moderngl.Texture:
        """The scene seen by a camera, as an opaque texture with row 0 at the bottom. mark_frozen: mark what is frozen; painting:
        whether the brush is changing the surfaces now; other_work: whether this frame has spent time on paint already; calm: whether
        frames may take longer, as nobody touches anything."""
        if self._canvas is None or self._beside is None or self._canvas.size != size:
            self._canvas, self._beside = (framebuffer(self.ctx, size, old) for old in (self._canvas, self._beside))
            self._shows = self._work = None
        revision = open_scene.volume.revision
        shows = (open_scene.renderer, open_scene.scene, camera, view.mode, view.daylight, full_steps, mark_frozen)

        open_scene.renderer.full_steps = float(full_steps)
        options: DrawOptions = {"mark_frozen": mark_frozen, "daylight": view.daylight}
        at_once = painting or not self._revision  # the first paint of all is waited for
        if shows != self._shows or (at_once and revision != self._revision):
            self._shows, self._revision, self._work = shows, revision, None
            self._is_smooth = not self._smooth.can_smooth(size, view.mode)
            open_scene.renderer.draw(self._canvas, camera, size, view.mode, **options)
            # otherwise drawing with the picture waits for it while holding Python's lock, and the model stands still
            wait_for_gl(self.ctx)
            self.drawn += 1
        elif revision != self._revision or not self._is_smooth:
            if self._work is None:
                where = open_scene.renderer, self._beside, camera, size, view.mode, split_into_bands
                self._work = TimeSlicedTask(self.ctx, self._smooth.draw_slices(*where, **options)), revision
            self._waited = (
                self._waited + 1 if other_work and not calm else TURN
            )  # calm frames are few, and may take longer
            if self._waited < TURN:
                return self._canvas.color_attachments[0]  # type: ignore[return-value]
            self._waited = 0
            if self._work[0].run_for(CALM * PIECE if calm else PIECE):
                self._canvas, self._beside = self._beside, self._canvas
                self._revision, self._work, self._is_smooth = self._work[1], None, True
        return self._canvas.color_attachments[0]  # type: ignore[return-value]

    @property
    def working(self) -> bool:
        """Whether a picture is being drawn over several frames."""
        return self._work is not None

    def is_settled(self, revision: int) -> bool:
        """Whether the volume's revision is shown, with smooth edges where there are any."""
        return self._revision == revision and self._is_smooth

    def read_picture(self) -> np.ndarray | None:
        """Return the last picture, uint8 [H,W,3], row 0 at the top; None before the first."""
        return None if self._canvas is None or self._shows is None else pixels(self._canvas).copy()

    def forget(self) -> None:
        """Redraw next time, as the volume was replaced by one that may have the same revision."""
        self._shows = self._work = None


def framebuffer(ctx: moderngl.Context, size: Size, old: moderngl.Framebuffer | None = None) -> moderngl.Framebuffer:
    """A framebuffer with colour and depth of this size; releases the old one."""
    if old is not None:
        release_framebuffer(old)
    colour = ctx.texture(size, 4)
    colour.swizzle = "RGB1"  # opaque behind the panels, whatever blending left in alpha
    colour.filter = (moderngl.NEAREST, moderngl.NEAREST)
    return ctx.framebuffer([colour], ctx.depth_renderbuffer(size))


def pixels(target: moderngl.Framebuffer) -> np.ndarray:
    """Read a framebuffer as uint8 [H,W,3], row 0 at the top.

    Reads RGBA, because reading RGB is eight times slower, and returns a view of it, because copying would take a frame's time.
    """
    width, height = target.size
    wait_for_gl(target.ctx)
    data = np.frombuffer(target.read(components=4, alignment=1), np.uint8).reshape(height, width, 4)
    return data[::-1, :, :3]


def collect(ctx: moderngl.Context) -> int:
    """Release the GL objects that Python has freed, on whatever thread. Returns how many.

    moderngl's own `gc` fails on objects that were released by hand before: they are queued a second time, without content.
    """
    count = 0
    while ctx.objects:
        release = getattr(ctx.objects.popleft(), "release", None)
        if release is not None:
            release()
            count += 1
    return count
