"""Everything a program without a window needs of one scene: GL, volume, renderer, model and a painter that dreams inline."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import moderngl
import numpy as np

from app.fields import Size
from app.loop.painter import Painter
from app.loop.worker import InlineWorker
from app.session import Session, open_scene
from engine.charts import Charts, build_charts
from engine.context import finish, headless
from engine.renderer import Renderer
from engine.volume import LatentVolume
from engine.world import load_world, save_world
from scenes.camera import Camera
from scenes.extrude import extrude
from scenes.scene import Scene

SAVE_EVERY = 60.0  # seconds


@dataclass
class Studio:
    session: Session
    scene: Scene
    charts: Charts
    ctx: moderngl.Context
    model: Any
    volume: LatentVolume
    renderer: Renderer
    painter: Painter

    def draw(self, camera: Camera, size: Size, mode: str = "painted") -> np.ndarray:
        """uint8 [H,W,4], row 0 at the top: the scene as the window would show it."""
        target = self.target(size)
        self.renderer.draw(target, camera, size, mode, top_first=True)
        finish(self.ctx)
        return np.frombuffer(target.read(components=4), np.uint8).reshape(size[1], size[0], 4)

    def load(self, path: Path) -> None:
        """Take over what was painted in a world file. Raises InputError if it isn't of this scene and model."""
        world = load_world(
            path, scene=self.scene, charts=self.charts, model=self.model.id, channels=self.model.channels
        )
        self.volume.restore(world)

    def save(self, path: Path) -> None:
        save_world(path, self.volume.snapshot(), scene=self.scene, charts=self.charts, model=self.model.id)

    @contextmanager
    def keeping(self, path: Path | None) -> Iterator[Callable[[], None]]:
        """Whatever ends the block, Ctrl-C too: what it painted is saved. Without a path, or anything new, nothing is.

        Yields a function to be called often, which saves about once a minute: what a power cut ends is not lost either.
        """
        saved, at = self.volume.revision, time.monotonic()

        def sometimes() -> None:
            nonlocal saved, at
            if path is not None and time.monotonic() - at > SAVE_EVERY and self.volume.revision != saved:
                self.save(path)
                saved, at = self.volume.revision, time.monotonic()

        try:
            yield sometimes
        finally:
            if path is not None and (self.volume.revision != saved or not path.exists()):
                self.save(path)
            if path is not None:
                print(f"What was painted is in {path}.", file=sys.stderr)

    def target(self, size: Size) -> moderngl.Framebuffer:
        known = getattr(self, "_framebuffer", None)
        if known is None or known.size != size:
            if known is not None:
                known.release()
            known = self.ctx.framebuffer([self.ctx.texture(size, 4)], self.ctx.depth_renderbuffer(size))
            self._framebuffer = known
        return known


@contextmanager
def open_studio(session: Session, scene: Scene | None = None, model: Any = None) -> Iterator[Studio]:
    """A studio for the session's scene, model and world file (if that exists). scene, model: loaded already, or None.

    Raises InputError for all that can be wrong with them, before anything slow is done where possible.
    """
    from diffusion.model import load_model

    scene = scene or open_scene(session.scene)
    ctx = headless()
    try:
        charts = build_charts(blocks := extrude(scene), scene)
        model = model or load_model(session.model.ref, session.model.device)
        volume = LatentVolume(ctx, charts, model.channels, session.dream.seed)
        renderer = Renderer(ctx, charts, scene, volume, blocks)
        painter = Painter(volume, InlineWorker(model), scene, session)
        studio = Studio(session, scene, charts, ctx, model, volume, renderer, painter)
        if session.world is not None and session.world.exists():
            studio.load(session.world)
        painter.collect()  # the worker's first word is which model it has
        yield studio
    finally:
        ctx.release()
