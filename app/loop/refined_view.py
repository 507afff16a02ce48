"""A view whose parts are being refined, its progress, and the status texts of a painter."""

from __future__ import annotations

from dataclasses import dataclass

from app.loop.dream_client import DreamClient
from app.loop.quality_levels import View
from app.loop.refining import Piece, Refiner
from engine.atlas.views import GatheredSheet
from engine.geometry.sheet import Sheet
from scenes.camera import Camera


@dataclass(frozen=True)
class RefinedView:
    """A view that is being refined. parts: most important first; taken: number of parts examined; began: when it started."""

    view: View
    refiner: Refiner
    parts: tuple[Piece, ...]
    began: float
    taken: int = 0

    @property
    def left(self) -> tuple[Piece, ...]:
        """The parts still to be examined, the next first."""
        return self.parts[self.taken :]

    @property
    def label(self) -> str:
        return f"{self.refiner.part_name} {self.taken} of {len(self.parts)}"

    def seconds_left(self, share: float, now: float, ahead: int = 0) -> float | None:
        """Return the seconds left at the present pace; None before one part is done.

        share: finished share of the present part; ahead: number of parts taken beyond it
        """
        work, taken = [part.work for part in self.parts], self.taken - ahead
        done = sum(work[: taken - 1]) + share * work[taken - 1] if taken > 1 else 0.0
        return (now - self.began) * (sum(work) / done - 1) if done else None


def may_look_ahead(client: DreamClient, refined: RefinedView, camera: Camera) -> bool:
    """Whether the next sheet can be gathered now, because the worker is dreaming sheets that don't touch it.

    The worker then dreams it beside them, or continues with it while the first one is being laid.
    """
    if not client.can_follow or not refined.left or camera != refined.view.camera:
        return False
    following = refined.left[0].what
    return isinstance(following, Sheet) and all(
        isinstance(one, GatheredSheet) and not one.sheet.touches(following) for one in client.unlaid
    )


def describe_activity(client: DreamClient, auto: bool, refined: RefinedView | None, settled: bool) -> str:
    """A short text about what a painter does. auto: whether it paints by itself; settled: whether nothing is left to do here."""
    if client.problem:
        what = "the model can't be loaded" if client.model is None else "the dream failed"
        return f"{what}: {client.problem}"
    if client.model is None:
        return client.status
    if not client.model.dreams:
        return "no model is loaded"
    if client.running and client.progress:
        return f"{client.level.words}: {client.progress.words(client.clock())}"
    if not auto:
        return "painting is paused"
    if refined and (refined.left or client.tasks):
        return f"refining this view, {refined.label}"
    return "this view is finished" if settled and not client.tasks else "checking this view"


def seconds_left(client: DreamClient, refined: RefinedView | None) -> float | None:
    """Of all parts of the view that is refined, or of the running dream; None if neither goes on, or it is unknown."""
    if client.running and refined and not client.has_job:
        return refined.seconds_left(client.share, client.clock(), client.ahead)
    return client.seconds_left
