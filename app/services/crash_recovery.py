"""Which scene was open when the program was killed, so that the next start opens it again, also one that was never saved."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.files.packed import unpacked
from app.loop.world_journals import journal_of
from app.session import SceneChoice, Session, open_scene
from base.errors import InputError
from base.files import atomic_write
from base.settings import from_json, to_json
from engine.storage.world import read_world
from scenes.scene import Scene

if TYPE_CHECKING:
    from app.explorer.explorer import Explorer

FILE = "open.json"


class Resume:
    """`tend` every frame; `forget` after a clean end."""

    def __init__(self, explorer: Explorer) -> None:
        self.explorer = explorer
        self._noted: tuple[Any, ...] = ()

    def tend(self) -> None:
        """Note the scene, once it is open, for the next start."""
        x = self.explorer
        key = x.session.scene, x.opened.name, x.worlds.home
        if x.stage is None or key == self._noted:
            return
        self._noted, path = key, x.folders.data / FILE
        data = {"scene": to_json(key[0]), "name": key[1], "world": str(key[2])}

        def write() -> None:
            # where nothing can be written, autosave says so
            with suppress(InputError), atomic_write(path) as temporary:
                temporary.write_text(json.dumps(data), encoding="utf-8")

        x.desk.send(write, lambda _: None)

    def forget(self) -> None:
        with suppress(OSError):
            (self.explorer.folders.data / FILE).unlink(missing_ok=True)


def resumed(data: Path, session: Session, scene: Scene) -> tuple[Session, Scene]:
    """The session and the scene to start with: those that were left by a kill, unless this time some were asked for.

    data: the folder of `Folders.data`. What can't be opened any more is told in the scene's notes.
    """
    file = data / FILE
    if session.scene != SceneChoice() or session.world is not None or not file.exists():
        return session, scene
    try:
        left = json.loads(file.read_text(encoding="utf-8"))
        choice, _ = from_json(SceneChoice, left["scene"], str(file))
        if choice != SceneChoice():
            return replace(session, scene=choice), open_scene(choice)
        kept = journal_of(Path(left["world"]), data)
        extras = read_world(kept).extras if kept.exists() else {}
        return session, unpacked(left["name"], extras["scene"]) if "scene" in extras else scene
    except (InputError, OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        note = f"The scene that was open when the program was stopped can't be opened: {error}"
        return session, replace(scene, notes=(*scene.notes, note))
