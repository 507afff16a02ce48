"""A session without a window: GL, volume, renderer, model and a painter that dreams inline, for one scene."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import moderngl
import numpy as np

from app.fields import Size
from app.loop.absent_model import AbsentWorker
from app.loop.answers import Dream, dream_of, info_of
from app.loop.chosen_model import load_chosen
from app.loop.crew import Crew
from app.loop.inline_worker import InlineWorker
from app.loop.messages import ModelInfo, Worker
from app.loop.model_remarks import model_remarks, scene_loras
from app.loop.painted_prompts import PromptLog
from app.loop.painter import PIECE, Painter
from app.loop.world_journals import holds_newer_paint, make_description, open_journal
from app.session import Session, describe_paint_settings, open_scene
from app.user_folders import data_folder
from base.errors import InputError, escape_controls
from base.files import refuse_unwritable
from base.reading import is_file
from engine.atlas.volume import LatentVolume
from engine.geometry.charts import Charts, build_charts
from engine.gl.context import create_headless_context, wait_for_gl
from engine.render.renderer import DrawOptions, Renderer
from engine.render.smooth import SmoothDrawing
from engine.storage.journal import Journal
from engine.storage.world import open_world
from engine.storage.world_io import Describe, WorldReader, WorldWriter
from scenes.camera import Camera
from scenes.extrude import extrude_scene
from scenes.scene import Scene

PATIENCE = 10.0  # seconds before a failed save is tried again beside frames


class PaintSaver:
    """Saves paint while a scene is being painted. This base class saves nothing."""

    def __call__(self) -> None:
        """Add new paint to the journal now, so that a crash or power cut loses little."""

    def save_slice(self) -> None:
        """Add new paint to the journal for a few milliseconds, for loops that also draw frames."""

    def save(self) -> Future[None] | None:
        """Write the world file with all paint so far, on a thread; None if there is no world file."""
        return None


class WorldSaver(PaintSaver):
    """Saves new paint of a volume in its world's journal. GL thread."""

    def __init__(self, writer: WorldWriter, volume: LatentVolume, describe: Describe, path: Path) -> None:
        self._writer, self._volume, self._describe, self._path = writer, volume, describe, path
        self._warned, self._not_before = False, -math.inf
        self._loaded = volume.revision  # the world file holds this revision

    @property
    def _has_news(self) -> bool:
        return self._volume.revision != self._loaded and self._writer.has_unsaved(self._volume)

    def __call__(self) -> None:
        if self._has_news:
            self._try(lambda: self._writer.write_all(self._volume, self._describe))

    def save_slice(self) -> None:
        if time.monotonic() < self._not_before:
            return
        if self._writer.volume is None and self._has_news:
            self._writer.start_round(self._volume)
        if self._writer.volume is not None:
            self._try(lambda: self._writer.write_for(self._describe))

    def save(self) -> Future[None]:
        self._writer.cancel_round()  # a round that began earlier may lack the last dream
        self._writer.write_all(self._volume, self._describe)
        return self._writer.pack_file(self._path, data_folder())

    def _try(self, write: Callable[[], object]) -> None:
        try:
            write()
        except InputError as error:  # a full disk may have room again later
            if not self._warned:
                print(f"What is painted now isn't kept: {error}", file=sys.stderr)
            self._warned, self._not_before = True, time.monotonic() + PATIENCE


@dataclass
class HeadlessSession:
    session: Session
    scene: Scene
    charts: Charts
    ctx: moderngl.Context
    model: Any
    volume: LatentVolume
    renderer: Renderer
    painter: Painter
    crew: Crew | None = None

    @cached_property
    def smooth(self) -> SmoothDrawing:
        """What draws finished pictures."""
        return SmoothDrawing(self.ctx)

    def draw(
        self, camera: Camera, size: Size, mode: str = "painted", daylight: float = 0.0, smooth: bool = True
    ) -> np.ndarray:
        """Draw the scene as the window shows it: uint8 [H,W,4], row 0 at the top. smooth: as at rest, else as while the camera moves;
        the other arguments are the renderer's."""
        target = self.target(size)
        options: DrawOptions = {"top_first": True, "daylight": daylight}
        if smooth:
            for _ in self.smooth.draw_slices(self.renderer, target, camera, size, mode, **options):
                pass
        else:
            self.renderer.draw(target, camera, size, mode, **options)
        wait_for_gl(self.ctx)
        return np.frombuffer(target.read(components=4), np.uint8).reshape(size[1], size[0], 4)

    def load(self, path: Path) -> None:
        """Load the paint of a world file. Raises InputError if it isn't of this scene and model."""
        fits = {"scene": self.scene, "charts": self.charts, "model": self.model.space, "channels": self.model.channels}
        world = open_world(path, **fits)
        WorldReader(self.volume, world).read_all()
        self.painter.client.prompts = PromptLog.from_json(world.extras.get("prompts"))

    @contextmanager
    def saving_to(self, path: Path | None) -> Iterator[PaintSaver]:
        """Save the paint when the block ends, even by an error or Ctrl-C. Saves nothing without a path or new paint.

        Yields a `PaintSaver`: call it often. Raises InputError if another program is painting that world, or if it can't be written.
        """
        if path is None:
            yield PaintSaver()
            return
        refuse_unwritable(path)  # before anything is painted for it
        writer, saved = WorldWriter(open_journal(path, data_folder())), False

        def extras() -> dict[str, Any]:
            return {
                "prompts": self.painter.client.prompts.to_json(),
                "settings": describe_paint_settings(self.painter.session),
            }

        def describe() -> Any:  # the scene and its prompts as they are now
            return make_description(self.scene, self.charts, self.model.space, self.volume, extras)()

        try:
            self._restore_interrupted(writer.journal, path)
            before, keeper = self.volume.revision, WorldSaver(writer, self.volume, describe, path)
            try:
                yield keeper
            finally:
                if writer.journal.has_world or self.volume.revision != before or not is_file(path):
                    writer.write_all(self.volume, describe)
                    writer.pack_file(path, data_folder()).result()
                saved = True
                print(f"What was painted is in {escape_controls(str(path))}.", file=sys.stderr)
        finally:
            writer.close(discard=saved)

    def _restore_interrupted(self, journal: Journal, path: Path) -> None:
        """Restore paint from the journal of a run that was killed."""
        if not holds_newer_paint(journal, path, lambda words: print(f"{escape_controls(words)}.", file=sys.stderr)):
            return
        try:
            self.load(journal.folder)
            print(
                f"Restored the paint of {escape_controls(str(path))} from an interrupted run.",
                file=sys.stderr,
            )
        except InputError as error:
            print(
                f"Could not restore the paint of an interrupted run; it was moved to {journal.set_aside()}: {error}",
                file=sys.stderr,
            )

    def target(self, size: Size) -> moderngl.Framebuffer:
        known = getattr(self, "_framebuffer", None)
        if known is None or known.size != size:
            if known is not None:
                known.release()
            known = self.ctx.framebuffer([self.ctx.texture(size, 4)], self.ctx.depth_renderbuffer(size))
            self._framebuffer = known
        return known


@contextmanager
def open_headless_session(
    session: Session,
    scene: Scene | None = None,
    model: Any = None,
    cancelled: Callable[[], bool] = lambda: False,
    dream: Dream = dream_of,
    hire: Callable[[Any], Worker] | None = None,
    crew: Crew | None = None,
) -> Iterator[HeadlessSession]:
    """Open the session's scene, model and world file (if it exists). scene, model: if already loaded; a `ModelInfo` stands
    for one that is not loaded (`app.loop.absent_model`). cancelled: asked before every call of the model; it may raise
    KeyboardInterrupt. dream: runs the model. hire: makes a worker that has a model, for a painter that works beside a loop of
    frames; by default dreams run inline. crew: has the model already, and dreams instead; the caller closes it.

    Raises InputError if one of them can't be used, before slow work where possible.
    """
    scene = scene or open_scene(session.scene)
    ctx = create_headless_context()
    try:
        charts = build_charts(blocks := extrude_scene(scene), scene)
        if crew is not None:
            model, worker = crew.model, crew
        elif isinstance(model, ModelInfo):
            worker: Worker = AbsentWorker(model)
        else:
            model = _ready_model(session, scene, model, previews=hire is not None)
            worker = hire(model) if hire else InlineWorker(model, dream, cancelled=cancelled)
        volume = LatentVolume(ctx, charts, model.channels, session.dream.seed)
        renderer = Renderer(ctx, charts, scene, volume, blocks)
        painter = Painter(volume, worker, scene, session, PIECE if hire else math.inf)
        painter.client.model = model if isinstance(model, ModelInfo) else info_of(model)
        headless = HeadlessSession(session, scene, charts, ctx, model, volume, renderer, painter, crew)
        if session.world is not None and is_file(session.world):
            headless.load(session.world)
        painter.collect()  # the worker's first word is which model it has
        try:
            yield headless
        finally:
            if crew is None:
                worker.close()
    finally:
        ctx.release()


def _ready_model(session: Session, scene: Scene, model: Any, previews: bool) -> Any:
    """The model, or the session's, with the LoRAs that the scene's prompts name. A remark is printed for what has no effect."""
    loras, remarks = scene_loras(session, scene)
    for remark in remarks:
        print(escape_controls(remark), file=sys.stderr)
    model = model or load_chosen(session.model, loras)
    for remark in model_remarks(session, scene, model, previews):
        print(escape_controls(remark), file=sys.stderr)
    return model
