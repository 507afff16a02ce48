"""The desk: everything that a request may ask for, and who does it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.server.jobs import Job, JobQueue
from app.server.lane import Lane
from app.server.limits import Limits
from app.server.pictures import PictureStore
from app.server.studio import Studio, Wish
from app.server.worlds import Worlds
from app.session import ModelChoice
from base.settings import to_json


@dataclass
class Desk:
    """One server's parts. Its threads: the model's lane and the lane of GL."""

    limits: Limits
    jobs: JobQueue
    store: PictureStore
    studio: Studio
    worlds: Worlds

    @property
    def default_dream(self) -> dict[str, Any]:
        return to_json(self.studio.defaults.dream)

    def about(self) -> dict[str, Any]:
        loading = self.studio.loading
        ready = loading.done() and loading.exception() is None
        error = str(loading.exception()) if loading.done() and not ready else ""
        settings = to_json(self.studio.defaults)
        return {"model": self.studio.model.id if ready else "", "ready": ready, "error": error, "defaults": settings}

    def submit(self, kind: str, about: str, work: Callable[[Job], dict[str, Any]]) -> Job:
        """A job of the model's lane. Raises QueueFull."""
        return self.jobs.submit(self.studio.lane, kind, about[:200], work)

    def generate(self, wish: Wish) -> Job:
        """Raises QueueFull, and InputError for what can be seen beforehand."""
        self.studio.refuse(wish)
        return self.submit("generate", wish.settings.prompt, lambda job: self.studio.generate(job, wish))

    def submit_world(self, kind: str, id: str, work: Callable[[Job], dict[str, Any]]) -> Job:
        """A job of GL's lane. Raises QueueFull."""
        return self.jobs.submit(self.worlds.lane, kind, id, work)

    def close(self) -> None:
        """End all jobs, save the open world, end the threads."""
        self.jobs.close()
        self.worlds.lane.submit(self.worlds.close)
        self.worlds.lane.close()
        self.studio.lane.close()


def open_desk(choice: ModelChoice, folder: Path, pictures: Path, limits: Limits) -> Desk:
    """folder: for scenes and worlds, which stay; pictures: for pictures, which are forgotten. Begins to load the model."""
    store = PictureStore(pictures, limits.stored, limits.stored_bytes)
    studio = Studio(choice, store, Lane("model"))
    return Desk(limits, JobQueue(limits.jobs), store, studio, Worlds(studio, folder, Lane("gl"), limits.places))


@contextmanager
def ready_desk(choice: ModelChoice, folder: Path, pictures: Path, jobs: int) -> Iterator[Desk]:
    """A desk whose model is loaded, closed afterwards. jobs: that may wait or run. Raises InputError."""
    desk = open_desk(choice, folder, pictures, Limits(jobs=jobs))
    try:
        if (error := desk.studio.loading.exception()) is not None:
            raise error
        yield desk
    finally:
        desk.close()
