"""The backend of all protocols: jobs, pictures and worlds, and the threads that do the work."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.server.jobs import Job, JobQueue
from app.server.lane import Lane
from app.server.limits import Limits
from app.server.picture_maker import PictureMaker, Wish
from app.server.pictures import PictureStore
from app.server.worlds import Worlds
from app.session import ModelChoice
from base.settings import to_json


@dataclass
class Backend:
    """The parts of a server. It has two threads: the model's lane and the GL lane."""

    limits: Limits
    jobs: JobQueue
    store: PictureStore
    maker: PictureMaker
    worlds: Worlds

    @property
    def default_dream(self) -> dict[str, Any]:
        return to_json(self.maker.defaults.dream)

    def about(self) -> dict[str, Any]:
        loading = self.maker.loading
        ready = loading.done() and loading.exception() is None
        error = str(loading.exception()) if loading.done() and not ready else ""
        settings = to_json(self.maker.defaults)
        return {"model": self.maker.model.id if ready else "", "ready": ready, "error": error, "defaults": settings}

    def submit(self, kind: str, about: str, work: Callable[[Job], dict[str, Any]]) -> Job:
        """A job of the model's lane. Raises QueueFull."""
        return self.jobs.submit(self.maker.lane, kind, about[:200], work)

    def generate(self, wish: Wish) -> Job:
        """Submit a job that generates pictures. Raises QueueFull, and InputError for problems that can be found before."""
        self.maker.refuse(wish)
        return self.submit("generate", wish.settings.prompt, lambda job: self.maker.generate(job, wish))

    def submit_world(self, kind: str, id: str, work: Callable[[Job], dict[str, Any]]) -> Job:
        """A job of GL's lane. Raises QueueFull."""
        return self.jobs.submit(self.worlds.lane, kind, id, work)

    def close(self) -> None:
        """End all jobs, save the open world, end the threads."""
        self.jobs.close()
        self.worlds.lane.submit(self.worlds.close)
        self.worlds.lane.close()
        self.maker.lane.close()


def open_backend(choice: ModelChoice, folder: Path, pictures: Path, limits: Limits) -> Backend:
    """Create a backend and start to load the model. folder: for scenes and worlds, which stay; pictures: temporary folder."""
    store = PictureStore(pictures, limits.stored, limits.stored_bytes)
    maker = PictureMaker(choice, store, Lane("model"))
    return Backend(limits, JobQueue(limits.jobs), store, maker, Worlds(maker, folder, Lane("gl"), limits.places))


@contextmanager
def open_ready_backend(choice: ModelChoice, folder: Path, pictures: Path, jobs: int) -> Iterator[Backend]:
    """A backend whose model is loaded, closed afterwards. jobs: that may wait or run. Raises InputError."""
    backend = open_backend(choice, folder, pictures, Limits(jobs=jobs))
    try:
        if (error := backend.maker.loading.exception()) is not None:
            raise error
        yield backend
    finally:
        backend.close()
