"""How well a view is dreamed: a sketch while one moves, all steps at rest."""

from __future__ import annotations

from dataclasses import dataclass

from app.fields import Size
from app.loop.view_framing import fitting
from app.session import Session
from engine.atlas import policy
from scenes.camera import Camera


@dataclass(frozen=True)
class Level:
    """height: of the view, pixels; around: how much more is dreamed, as a share of the view."""

    words: str
    steps: int
    height: int
    around: float = 0.0


@dataclass(frozen=True)
class View:
    """What decides whether a view has to be looked at again."""

    camera: Camera
    size: Size
    level: Level
    seed: int
    revision: int


def level_of(session: Session, native: int, size: Size, resting: bool) -> Level:
    """native: the side in pixels that the model was trained at; size: of the view."""
    steps, (height, around) = session.dream.steps, fitting(size, session.paint.canvas or native, session.paint.around)
    if resting:
        return Level("dreaming this view", steps, height, around)
    few = min(steps, session.live.moving_steps)
    words = "sketching" if few < steps else "dreaming while moving"
    return Level(words, few, max(height - 2 * policy.MARGIN, 1))
