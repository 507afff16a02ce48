"""Films a camera path in the window: dreams each frame until it is finished, draws it, and writes it on a thread."""

from __future__ import annotations

import math
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import moderngl
import numpy as np

from app.fields import Size
from app.loop.open_scene import OpenScene
from engine.gl.context import wait_for_gl
from engine.gl.targets import release_framebuffer
from engine.gl.time_sliced import TimeSlicedTask, split_into_bands
from engine.render.smooth import SmoothDrawing
from engine.render.video import open_output
from scenes.camera import Camera
from scenes.paths import sample_path
from scenes.scene import CameraPath

PIECE = 0.012  # seconds of a frame of the window for drawing the film's frame


class Film:
    """Call `update` once a frame of the window, on the GL thread. It never waits for a dream or for the encoder."""

    def __init__(
        self, open_scene: OpenScene, path: CameraPath, out: Path, size: Size, fps: float, metadata: dict[str, Any]
    ) -> None:
        self.open_scene, self.path, self.out, self.size, self.fps = open_scene, path, out, size, fps
        self.frames = max(1, math.floor(path.seconds * fps + 1e-6))
        self.index = 0
        self._writer = open_output(out, size, fps, metadata)
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="film")
        self._written: Future[None] | None = None
        ctx: moderngl.Context = open_scene.ctx
        self._target = ctx.framebuffer([ctx.texture(size, 4)], ctx.depth_renderbuffer(size))
        self._smooth = SmoothDrawing(ctx)
        self._drawing: TimeSlicedTask[None] | None = None  # the current frame, once it lacks nothing
        self._renderer = open_scene.renderer  # which draws it

    @property
    def camera(self) -> Camera:
        return sample_path(self.path, self.index / self.fps)

    @property
    def done(self) -> bool:
        return self.index >= self.frames

    def update(self, mode: str, daylight: float = 0.0) -> None:
        """Request missing paint of the current film frame; once it is complete, draw and write it. Raises errors of the writer."""
        if self.done or (self._written is not None and not self._written.done()):
            return
        if self._written is not None:
            self._written.result()
        painter = self.open_scene.painter
        if self._drawing is None or self._renderer is not self.open_scene.renderer:
            if painter.client.model is None or painter.client.busy or painter.consider(self.camera, self.size):
                return
            self._drawing, self._renderer = None, self.open_scene.renderer
            where = self._renderer, self._target, self.camera, self.size, mode, split_into_bands
            slices = self._smooth.draw_slices(*where, top_first=True, daylight=daylight)
            self._drawing = TimeSlicedTask(self.open_scene.ctx, slices)
        if not self._drawing.run_for(PIECE):
            return
        self._drawing = None
        wait_for_gl(self.open_scene.ctx)
        picture = np.frombuffer(self._target.read(components=4), np.uint8).reshape(self.size[1], self.size[0], 4)
        self._written = self._executor.submit(self._writer.write, picture)
        self.index += 1

    def finish(self) -> None:
        """Finish the file if every frame is in it, else delete it. Any thread; waits for the encoder."""
        abandoned = None if self.done else InterruptedError("the film was stopped")
        self._executor.shutdown(wait=True)
        self._writer.__exit__(type(abandoned) if abandoned else None, abandoned, None)

    def release(self) -> None:
        """Release the GL objects."""
        self._smooth.release()
        release_framebuffer(self._target)
