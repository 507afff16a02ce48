"""Gathers views and sheets, and requests dreams of them with the session's settings."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from app.fields import Size
from app.loop.dream_client import DreamClient
from app.loop.messages import ModelInfo
from app.loop.quality_levels import Level, level_of
from app.loop.view_canvas import canvas_from
from app.loop.view_framing import canvas_size, widen_camera
from app.session import Session
from engine.atlas import policy
from engine.atlas.views import GatheredSheet, GatheredView, Part
from engine.geometry.sheet import Sheet
from engine.gl.time_sliced import TimeSlicedTask
from scenes.camera import Camera
from scenes.prompt_masks import find_dreamed_materials

Gathering = TimeSlicedTask[GatheredView]


class DreamRequests:
    """Gathers what a dream starts from and submits requests to the client. session: its settings apply to the next dream."""

    def __init__(self, client: DreamClient, session: Session) -> None:
        self.client, self.session = client, session
        self._seed = session.dream.seed

    @property
    def model(self) -> ModelInfo:
        """The loaded model. Raises RuntimeError before it is loaded."""
        if self.client.model is None:
            raise RuntimeError("the model is not loaded yet")
        return self.client.model

    def follow_seed(self) -> None:
        """Pass on a seed that was just chosen; until then a loaded world keeps its own."""
        if self.session.dream.seed != self._seed:
            self.client.volume.seed = self._seed = self.session.dream.seed

    def gather(self, camera: Camera, size: Size, level: Level | None = None) -> GatheredView:
        """Gather what a dream of this view would start from. level: None as at rest. The model must be ready."""
        return self.gather_task(camera, size, level).run_to_end()

    def gather_task(self, camera: Camera, size: Size, level: Level | None = None, part: Part = Part.SOLID) -> Gathering:
        """`gather` as a task. part: SOLID, or BEHIND see-through surfaces."""
        self.follow_seed()
        return self.client.volume.gather_task(*self.frame_view(camera, size, level), part=part)

    def frame_view(self, camera: Camera, size: Size, level: Level | None = None) -> tuple[Camera, Size]:
        """The camera and canvas size of a dream for a view; both include a margin around the view."""
        model = self.model
        level = level or level_of(self.session, model, size, resting=True)
        canvas = canvas_size(size, level.height, model.multiple, level.around)
        return widen_camera(camera, level.height, canvas[1]), canvas

    def begin_sheet(self, sheet: Sheet, words: str = "painting surfaces") -> None:
        """Gather a sheet, and request a dream of it if something on it lacks paint. words: for the status."""
        steps = self.session.dream.steps

        def judge(gathered: GatheredSheet) -> None:
            if (policy.missing_share(gathered, steps) > 0).any():
                self.submit(gathered, Level(words, steps, sheet.size[1]))

        self.follow_seed()
        self.client.problem = ""
        self.client.tasks.begin(self.client.volume.gather_sheet_task(sheet), judge)

    def submit(self, gathered: GatheredView | GatheredSheet, level: Level) -> None:
        """Request a dream of a view or a sheet."""
        settings = level.settings(self.session.dream)
        canvas = canvas_from(gathered, self.client.scene, level.steps)
        guide = canvas.guide
        if guide is None or isinstance(gathered, GatheredSheet):
            (self.client.submit_next if self.client.running else self.client.submit)(gathered, canvas, settings, level)
            return

        def send(update_mask: np.ndarray) -> None:
            if gathered.revision == self.client.volume.revision:
                self.client.submit(
                    gathered, replace(canvas, guide=replace(guide, update_mask=update_mask)), settings, level
                )

        dreamed = find_dreamed_materials(gathered.material, self.client.scene)
        work = self.client.volume.write_mask_task(gathered, level.steps, canvas.change == 0, dreamed)
        self.client.tasks.begin(work, send)
