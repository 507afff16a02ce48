"""The quality of a dream: a sketch while the camera moves, all steps at rest."""

from __future__ import annotations

from dataclasses import dataclass, replace

from app.fields import Size
from app.loop.messages import ModelInfo
from app.loop.view_framing import limit_canvas
from app.session import Session
from diffusion.settings import DreamSettings
from engine.atlas import policy
from scenes.camera import Camera


@dataclass(frozen=True)
class Level:
    """height: of the view, pixels; around: what is dreamed beyond the view, as a share of it; sketch: it is replaced soon."""

    words: str
    steps: int
    height: int
    around: float = 0.0
    sketch: bool = False

    def settings(self, dream: DreamSettings) -> DreamSettings:
        """The settings of a dream at this level. Sketches are not blended with what is around, as it takes long."""
        return replace(dream, steps=self.steps, match=0.0 if self.sketch else dream.match)


@dataclass(frozen=True)
class View:
    """A key for a view: while it is unchanged, the view need not be gathered again."""

    camera: Camera
    size: Size
    level: Level
    seed: int
    revision: int


def level_of(session: Session, model: ModelInfo, size: Size, resting: bool) -> Level:
    """The level for a view of `size`."""
    steps, (height, around) = (
        session.dream.steps,
        limit_canvas(size, session.paint.canvas or model.native, session.paint.around),
    )
    if resting:
        return Level("dreaming this view", steps, height, around)
    few = min(steps, session.live.moving_steps or model.sketch_steps)
    words = "sketching" if few < steps else "dreaming while moving"
    return Level(words, few, max(height - 2 * policy.MARGIN, 1), sketch=few < steps)
