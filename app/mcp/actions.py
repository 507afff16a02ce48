"""The actions of a client. Each is a job that is logged and that `undo` can revert."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.log import Log
from app.server.asked import Work, wish_of
from app.server.backend import Backend
from app.server.jobs import Job
from app.server.schemas import GenerateBody, SceneBody
from app.server.worlds import WorldNote
from base.errors import InputError

REMEMBERED = 64  # actions that can be undone


@dataclass(frozen=True)
class Done:
    """A finished action in words, and the function that undoes it in the GL lane."""

    about: str
    undo: Callable[[Job], object]


class Actions:
    """The backend, the log, and the actions that can be undone."""

    def __init__(self, backend: Backend, log: Log) -> None:
        self.backend, self.log = backend, log
        self._done: deque[Done] = deque(maxlen=REMEMBERED)

    def find_world(self, id: str) -> str:
        """The id of a world. Raises InputError for another one."""
        if not self.backend.worlds.has(id):
            raise InputError("request", "world", f"is {id!r}, the id of no world here; list_worlds names them")
        return id

    def generate(self, body: GenerateBody) -> Job:
        """Raises InputError and QueueFull."""
        wish = wish_of(self.backend, body)
        self.backend.maker.refuse(wish)
        return self.pictures("generate", wish.settings.prompt, lambda job: self.backend.maker.generate(job, wish))

    def pictures(self, kind: str, about: str, work: Work) -> Job:
        """Submit a job that makes pictures, which `undo` deletes. Raises QueueFull."""

        def do(job: Job) -> dict[str, Any]:
            made = work(job)
            ids = [picture["id"] for picture in made["pictures"]]
            self._remember(f"{kind} {about}", lambda _: [self.backend.store.drop(id) for id in ids])
            return made

        return self.backend.submit(kind, about, do)

    def add_scene(self, map: Path, body: SceneBody) -> dict[str, Any]:
        """Raises InputError."""
        worlds = self.backend.worlds
        id = worlds.add_scene(map, body.materials)
        self._remember(f"add scene {id}", lambda _: worlds.drop_scene(id))
        return {"id": id, "notes": list(worlds.scene(id).notes)}

    def create_world(self, note: WorldNote) -> dict[str, Any]:
        """Raises InputError."""
        id = self.backend.worlds.create(note)
        self._remember(f"create world {id}", lambda job: self.backend.worlds.drop(job, id))
        return {"id": id, "scene": note.scene}

    def paint(self, kind: str, id: str, work: Work) -> Job:
        """Submit a job that changes a world. `undo` reverts everything it did until it ended or was cancelled. Raises QueueFull."""
        worlds = self.backend.worlds

        def do(job: Job) -> dict[str, Any]:
            before = worlds.newest(id)
            try:
                return work(job)
            finally:
                if worlds.newest(id) != before:
                    self._remember(f"{kind} world {id}", lambda job: worlds.undo(job, id))

        return self.backend.submit_world(kind, self.find_world(id), do)

    def undo(self) -> Job:
        """Undo the last finished action, after the waiting jobs of worlds. Raises QueueFull."""

        def do(job: Job) -> dict[str, Any]:
            if not self._done:
                raise InputError("undo", "", "has nothing to take back; this session has changed nothing")
            last = self._done.pop()
            last.undo(job)
            return {"undone": last.about, "left": len(self._done)}

        return self.backend.submit_world("undo", "", do)

    def _remember(self, about: str, undo: Callable[[Job], object]) -> None:
        self._done.append(Done(about[:200], undo))
