"""Records the open scene, so that the next start reopens it after a crash, even if it was never saved."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from app.commands import Explore, suit_to_model
from app.files.scene_archive import unpack_scene
from app.loop.world_journals import journal_of
from app.services.background_io import BackgroundIO
from app.services.world_files import WorldFiles
from app.session import ModelChoice, SceneChoice, Session, open_scene
from app.state.app_state import AppState
from base.errors import InputError
from base.files import atomic_write
from base.reading import read_json
from base.settings import from_json, to_json
from engine.storage.world import read_world
from scenes.scene import Scene

FILE = "open.json"


class CrashRecovery:
    """Call `update` once a frame and `forget` after a clean end."""

    def __init__(self, state: AppState, io: BackgroundIO, worlds: WorldFiles) -> None:
        self._state, self._io, self._worlds = state, io, worlds
        self._noted: tuple[Any, ...] = ()

    def update(self) -> None:
        """Record the open scene for the next start."""
        state = self._state
        key = state.session.scene, state.saved_scene.name, self._worlds.home, state.session.model
        if state.open_scene is None or key == self._noted:
            return
        self._noted, path = key, state.folders.data / FILE
        data = {"scene": to_json(key[0]), "name": key[1], "world": str(key[2]), "model": to_json(key[3])}

        def write() -> None:
            # autosave reports if nothing can be written here
            with suppress(InputError), atomic_write(path) as temporary:
                temporary.write_text(json.dumps(data), encoding="utf-8")

        self._io.submit(write)

    def forget(self) -> None:
        with suppress(OSError):
            (self._state.folders.data / FILE).unlink(missing_ok=True)


def resume_session(data: Path, session: Session, scene: Scene) -> tuple[Session, Scene]:
    """The session and scene to start with: those of a crashed run, unless this run names a scene or a world.

    data: `Folders.data`. If the scene can no longer be opened, the returned scene's notes say so.
    """
    file = data / FILE
    if session.scene != SceneChoice() or session.world is not None or not file.exists():
        return session, scene
    try:
        left = read_json(file, "what was open", 1 << 20, names=True)
        session = _with_model(session, left.get("model"), str(file))
        choice, _ = from_json(SceneChoice, left["scene"], str(file))
        if choice != SceneChoice():
            return replace(session, scene=choice), open_scene(choice)
        kept = journal_of(Path(left["world"]), data)
        extras = read_world(kept).extras if kept.exists() else {}
        return session, unpack_scene(left["name"], extras["scene"]) if "scene" in extras else scene
    except (InputError, OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        note = f"The scene of an interrupted run can't be opened: {error}"
        return session, replace(scene, notes=(*scene.notes, note))


def _with_model(session: Session, kept: object, where: str) -> Session:
    """Return the session with the model of the crashed run and its settings, unless this run names others. Raises InputError."""
    if not isinstance(kept, dict) or session.model != ModelChoice():
        return session
    model, _ = from_json(ModelChoice, kept, where)
    if session.dream == suit_to_model(Explore(), None).dream:
        session = replace(session, dream=suit_to_model(Explore(), model.ref, bool(model.lora)).dream)
    return replace(session, model=model)
