"""The state of a comparison of two settings, or two models, on one view."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from app.files import presets
from app.loop.messages import ModelInfo
from app.loop.open_scene import OpenScene
from app.loop.view_canvas import canvas_from
from app.session import ModelChoice
from diffusion.canvas import Dreamed
from diffusion.settings import DreamSettings
from engine.atlas.views import GatheredView
from scenes.camera import Camera

FIRST = "Faithful", presets.PRESETS["Faithful"][1]  # the default to compare with


@dataclass(frozen=True)
class Beside:
    """A model that is loaded beside the window's own, for a comparison."""

    choice: ModelChoice
    model: ModelInfo


@dataclass
class Side:
    """gathered: the view without paint, except frozen paint, with the noise of these settings' seed; dreamed: None until finished.

    id: of the dream's request; beside: the model that dreams it, if it isn't the window's.
    """

    label: str
    settings: DreamSettings
    gathered: GatheredView
    dreamed: Dreamed | None = None
    id: int = -1
    beside: Beside | None = None


class Comparison:
    """Dreams all sides one after the other, as if only frozen paint were in the view. The camera is fixed meanwhile.

    material: the only one that changes, or None for the whole view; first: 0 compares settings, otherwise the sides are variations:
    the seeds that follow the session's from `first` on. step_through: whether both are shown step by step.
    """

    def __init__(
        self, open_scene: OpenScene, camera: Camera, sides: list[Side], material: int | None = None, first: int = 0
    ) -> None:
        """sides: views from this camera; in a comparison of settings, left and right."""
        self.material, self.first, self.step_through = material, first, False
        self.open_scene, self.plan, self.revision, self.camera = (
            open_scene,
            open_scene.plan,
            open_scene.volume.revision,
            camera,
        )
        self.sides = sides
        self._ask(0)

    @property
    def of_models(self) -> bool:
        """Whether the sides differ in their models."""
        return any(side.beside is not None for side in self.sides)

    @property
    def done(self) -> bool:
        return all(side.dreamed is not None for side in self.sides)

    @property
    def running(self) -> int | None:
        """The index of the side that is being dreamed."""
        return None if self.done else next(i for i, side in enumerate(self.sides) if side.dreamed is None)

    @property
    def over(self) -> bool:
        """Whether the comparison has become invalid: the scene or its paint changed, or a dream failed or was cancelled."""
        open_scene = self.open_scene
        changed = open_scene.plan is not self.plan or open_scene.volume.revision != self.revision
        return changed or not (self.done or open_scene.painter.client.running)

    def part(self, aspect: float) -> tuple[float, float, float, float]:
        """Return the part of the sides' pictures inside a view of this aspect ratio: left, top, width, height as shares 0..1."""
        gathered = self.sides[0].gathered
        tall = min(1.0, float(np.tan(np.radians(self.camera.fov) / 2) / np.tan(np.radians(gathered.camera.fov) / 2)))
        wide = min(1.0, tall * aspect * gathered.size[1] / gathered.size[0])
        return (1 - wide) / 2, (1 - tall) / 2, wide, tall

    def _ask(self, number: int) -> None:
        side = self.sides[number]
        canvas = canvas_from(side.gathered, self.open_scene.scene, side.settings.steps)
        words = f"{'variation' if self.first else 'comparing'}: {side.label}"
        take, name = partial(self._take, number), side.label if self.of_models else ""
        submit = self.open_scene.painter.submit_job
        side.id = submit(side.gathered, canvas, side.settings, words, take, side.beside is not None, name).id

    def _take(self, number: int, _look: GatheredView, dreamed: Dreamed) -> None:
        side = self.sides[number]
        side.dreamed = replace(dreamed, image=_with_frozen(side.gathered, dreamed.image))
        if number + 1 < len(self.sides):
            self._ask(number + 1)


def _with_frozen(gathered: GatheredView, image: np.ndarray) -> np.ndarray:
    """Return uint8 [H,W,3]: a dream with the frozen paint, which stays, on top."""
    stays = gathered.colours[..., 3] == 255
    return np.where(stays[..., None], gathered.colours[..., :3], image)
