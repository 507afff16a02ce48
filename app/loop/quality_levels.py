"""The quality of a dream: a sketch while the camera moves, all steps at rest."""

from __future__ import annotations

from dataclasses import dataclass, replace

from app.fields import Size
from app.loop.messages import ModelInfo
from app.loop.view_framing import border_width, limit_canvas
from app.session import Session
from diffusion.settings import DreamSettings
from engine.atlas import policy
from engine.atlas.views import GatheredView, Part
from scenes.camera import Camera


@dataclass(frozen=True)
class Level:
    """height: of the view in pixels; around: margin beyond the view, as a share of it; sketch: whether it will be replaced soon."""

    words: str
    steps: int
    height: int
    around: float = 0.0
    sketch: bool = False

    def settings(self, dream: DreamSettings) -> DreamSettings:
        """Return the settings of a dream at this level. Sketches are not blended with their surroundings, because that is slow."""
        return replace(dream, steps=self.steps, match=0.0 if self.sketch else dream.match)

    def coverage(self, gathered: GatheredView, size: Size) -> float:
        """0..1: how much of a view of `size` is painted; gathered: the view with what is dreamed around it."""
        return policy.coverage(gathered, self.steps, border_width(size, self.height, gathered.size))


@dataclass(frozen=True)
class View:
    """A key for a view: while it is unchanged, the view need not be gathered again. part: SOLID, or BEHIND see-through surfaces."""

    camera: Camera
    size: Size
    level: Level
    seed: int
    revision: int
    part: Part = Part.SOLID

    @property
    def whole(self) -> bool:
        """Whether it shows the nearest surfaces, not those behind."""
        return self.part is Part.SOLID

    @property
    def behind(self) -> View:
        """The part of this view behind see-through surfaces."""
        return replace(self, part=Part.BEHIND)

    @property
    def dream_level(self) -> Level:
        """The level, with status words for the part."""
        return self.level if self.whole else replace(self.level, words="dreaming what is seen through")

    def add_to(self, asked: tuple[View, ...]) -> tuple[View, ...]:
        """Return this part together with the requested parts of the same view."""
        return (*(one for one in asked if one != self and one.behind == self.behind), self)

    def follow(self, before: int, after: int) -> View:
        """Return the view at revision `after` if it is at `before`. The change between them must not concern the view."""
        return replace(self, revision=after) if self.revision == before else self


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
