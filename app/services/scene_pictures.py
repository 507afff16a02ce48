"""Stores a small picture of each scene that was open, and reads these pictures in the background for the start page."""

from __future__ import annotations

import time
from pathlib import Path

from app.files.scene_pictures import is_scene, load_picture, picture_file, save_picture
from app.services.background_io import BackgroundIO
from app.services.viewport import Viewport
from app.state.app_state import AppState
from app.state.scene_picture import ScenePicture
from base.errors import InputError
from scenes.load import BUILTIN


class ScenePictures:
    """`of` never waits. Call `forget` when the start page opens, so that it shows the current files."""

    def __init__(self, state: AppState, io: BackgroundIO, viewport: Viewport) -> None:
        self._state, self._io, self._viewport = state, io, viewport
        self._known: dict[str, ScenePicture | None] = {}
        self._asked: set[str] = set()

    def of(self, name: str) -> ScenePicture | None:
        """Return the picture of an entry of the recent files; None while it is being read, or if it isn't a scene."""
        if name not in self._asked:
            self._asked.add(name)
            data = self._state.folders.data
            self._io.submit(lambda: _read(data, name), lambda found: self._known.update({name: found}))
        return self._known.get(name)

    def forget(self) -> None:
        self._asked.clear()

    def keep(self) -> None:
        """Save the last picture of the open scene, unless it has no file, or is built-in and unpainted and has one already."""
        name, open_scene = self._state.scene_name, self._state.open_scene
        if not name or open_scene is None or (name in BUILTIN and not len(open_scene.volume.atlas)):
            return
        picture = self._viewport.read_picture()
        if picture is None:
            return
        file = picture_file(self._state.folders.data, name)

        def write() -> None:
            try:
                save_picture(file, picture)
            except InputError:
                return  # the page shows the map instead

        self._io.submit(write)


def _read(data: Path, name: str) -> ScenePicture | None:
    if not is_scene(name):
        return None
    path = Path(name)
    files = [picture_file(data, name)] + ([] if name in BUILTIN else [path / "materials.yaml", path])
    changed = next((file.stat().st_mtime for file in files if file.is_file()), None)
    day = "" if changed is None else time.strftime("%Y-%m-%d %H:%M", time.localtime(changed))
    return ScenePicture(load_picture(data, name), day)
