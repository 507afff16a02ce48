"""Two manners of dreaming one view, side by side: one of them is kept on the surfaces, the other leaves no trace."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from app.actions.image_jobs import lay
from app.actions.paint import ready
from app.fields import Size
from app.files import presets
from app.loop.open_scene import Stage
from app.loop.view_canvas import canvas_from
from app.moving import walk
from base.grid import to_pixels
from diffusion.canvas import Dreamed, DreamSettings
from engine.atlas.views import GatheredView, PaintedView
from engine.gl.time_sliced import Slices
from scenes.camera import Camera

if TYPE_CHECKING:
    from app.explorer.explorer import Explorer

FIRST = "Faithful", presets.PRESETS["Faithful"][1]  # what is compared with as long as nothing else was chosen


@dataclass
class Side:
    """look: nothing painted but what is frozen, as these settings' seed begins; dreamed: None until it is."""

    label: str
    settings: DreamSettings
    look: GatheredView
    dreamed: Dreamed | None = None


class Comparison:
    """Dreams both sides one after the other, as if nothing of the view were painted but what is frozen. The camera stays while it lasts."""

    def __init__(self, stage: Stage, camera: Camera, sides: list[Side]) -> None:
        """sides: left and right, as this camera's view is now."""
        self.stage, self.plan, self.revision, self.camera = stage, stage.plan, stage.volume.revision, camera
        self.sides = sides
        self._ask(0)

    @property
    def done(self) -> bool:
        return all(side.dreamed is not None for side in self.sides)

    @property
    def running(self) -> int | None:
        """The side that is being dreamed."""
        return None if self.done else next(i for i, side in enumerate(self.sides) if side.dreamed is None)

    @property
    def over(self) -> bool:
        """Whether the scene or its paint became another one, or a dream failed or was cancelled: there is nothing to choose."""
        stage = self.stage
        changed = stage.plan is not self.plan or stage.volume.revision != self.revision
        return changed or not (self.done or stage.painter.running)

    def part(self, aspect: float) -> tuple[float, float, float, float]:
        """left, top, width, height (shares) of the sides' pictures that a view of this aspect shows: they see more around it."""
        look = self.sides[0].look
        tall = min(1.0, float(np.tan(np.radians(self.camera.fov) / 2) / np.tan(np.radians(look.camera.fov) / 2)))
        wide = min(1.0, tall * aspect * look.size[1] / look.size[0])
        return (1 - wide) / 2, (1 - tall) / 2, wide, tall

    def _ask(self, number: int) -> None:
        side = self.sides[number]
        canvas = canvas_from(side.look, self.stage.scene, side.settings.steps)
        words = f"comparing: {side.label}"
        self.stage.painter.commission(side.look, canvas, side.settings, words, partial(self._take, number))

    def _take(self, number: int, _look: GatheredView, dreamed: Dreamed) -> None:
        side = self.sides[number]
        side.dreamed = replace(dreamed, image=_with_frozen(side.look, dreamed.image))
        if number + 1 < len(self.sides):
            self._ask(number + 1)


def start(x: Explorer, label: str = "", settings: DreamSettings | None = None) -> None:
    """Compare the settings with others; without any, with those that they were compared with last."""
    if settings is None:
        label, changes = x.other
        settings = presets.apply(x.session.dream, changes)
    x.other = label, presets.changes(settings)
    if x.comparison is not None:
        stop(x)
    if not ready(x):
        return
    if settings == x.session.dream:
        x.say(f"“{label}” equals the current settings; choose others to compare", "warning")
        return
    assert x.stage is not None
    x.desk.stop_travel()
    x.controls.release_mouse()
    both = {"as it is set": x.session.dream, label: settings}
    x.retouch.do(_begin(x, x.stage, x.camera, x.scene_size, both))


def _begin(x: Explorer, stage: Stage, camera: Camera, size: Size, settings: dict[str, DreamSettings]) -> Slices[None]:
    """See the view as each of the settings, by their labels, would begin it; then both are asked for."""
    stage.painter.cancel()
    sides = []
    for label, one in settings.items():
        sides.append(Side(label, one, (yield from _unpainted(stage, camera, size, one))))
    x.walker = walk.Walker.at(camera)
    x.comparison = Comparison(stage, camera, sides)


def keep(x: Explorer, number: int) -> None:
    """Lay one side onto the surfaces in place of what is there, and go on with its settings."""
    comparison, stage = x.comparison, x.stage
    if comparison is None or stage is None or comparison.sides[number].dreamed is None:
        return
    side, x.comparison = comparison.sides[number], None
    dreamed = side.dreamed
    assert dreamed is not None
    stage.painter.cancel()
    masks = stage.volume.seeing(side.look.camera, (2 * side.look.size[0], 2 * side.look.size[1]))
    painting = PaintedView(side.look.camera, side.look.size, dreamed.latents, dreamed.image, dreamed.steps)
    lay(x, stage, side.look, painting, masks)
    x.session = replace(x.session, dream=side.settings)
    x.say(f"Using “{side.label}”")


def stop(x: Explorer) -> None:
    """Neither is kept."""
    if x.comparison is not None:
        x.comparison = None
        if x.stage:
            x.stage.painter.cancel()
            x.stage.painter.forgive()


def follow(x: Explorer) -> None:
    """Once a frame: end what can't be finished, or was left for a camera path."""
    if x.comparison is not None and (x.comparison.over or x.travel.under_way or x.travel.go_to):
        problem = x.stage.painter.problem if x.stage else ""
        stop(x)
        x.say("Comparison cancelled" + (f": {problem}" if problem else ""), "warning")


def _unpainted(stage: Stage, camera: Camera, size: Size, settings: DreamSettings) -> Slices[GatheredView]:
    """The view as these settings would begin it on surfaces that are bare but for what is frozen."""
    painter, volume = stage.painter, stage.volume
    seen = yield from painter.looking(camera, size).remaining_slices()
    if settings.seed != painter.session.dream.seed:
        seed, volume.seed = volume.seed, settings.seed
        again = volume.gathering(seen.camera, seen.size)
        volume.seed = seed
        seen = yield from again.remaining_slices()
    shares = {name: np.where(seen.frozen, getattr(seen, name), 0) for name in ("steps", "painted", "latents")}
    return replace(seen, **shares, colours=np.where(to_pixels(seen.frozen)[..., None], seen.colours, 0))


def _with_frozen(look: GatheredView, image: np.ndarray) -> np.ndarray:
    """uint8 [H,W,3]: what the surfaces would show of a dream of this look, for what is frozen stays whatever is dreamed."""
    stays = to_pixels(look.frozen) & (look.colours[..., 3] == 255)
    return np.where(stays[..., None], look.colours[..., :3], image)
