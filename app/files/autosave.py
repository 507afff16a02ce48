"""What is lost if the program is killed: nothing older than half a minute. Session, place, the scene's edits and the world,
kept until a clean end.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from app.files.desk import writer
from app.session import describe, restore
from scenes.camera import Camera
from scenes.errors import InputError
from scenes.files import atomic_write
from scenes.load import load_scene, save_scene
from scenes.scene import Scene

if TYPE_CHECKING:
    from app.explorer.explorer import Explorer

PERIOD = 20.0  # s between two savings
PATIENCE = 40.0  # s more that a saving waits for a moment of rest: copying the world costs a few frames


class Autosave:
    """One file pair for each scene, and a folder if it was edited, in FOLDER/autosave.

    `restore` at the start, `tend` every frame, `forget` at a clean end.
    """

    def __init__(self, explorer: Explorer) -> None:
        self.explorer = explorer
        self._saved_at = explorer.clock()
        self._saved: tuple[Any, ...] | None = None
        self._awaited: Path | None = None  # the world to be read once the stage follows the scene

    @property
    def world(self) -> Path:
        return self.explorer.folders.data / "autosave" / f"{self.explorer.scene.name}.safetensors"

    @property
    def state(self) -> Path:
        return self.world.with_suffix(".json")

    @property
    def scene(self) -> Path:
        return self.world.with_suffix("")

    def tend(self, now: float) -> None:
        """Save when it is time, something changed, and nobody moves or dreams (or it waited long enough)."""
        x = self.explorer
        if x.stage is None or x.stage.painter.model is None or x.desk.busy or x.remodel.followed is not x.scene:
            return
        if self._awaited is not None:
            world, self._awaited = self._awaited, None
            x.desk.load_world(world)
        if now - self._saved_at < PERIOD:
            return
        shows = (x.stage, x.stage.volume.revision, x.session, x.camera, x.scene)
        resting = x.walker.still and x.stage.painter.running is None
        if shows == self._saved or not (resting or now - self._saved_at > PERIOD + PATIENCE):
            return
        painted = self._saved is None or self._saved[:2] != shows[:2]
        self._saved, self._saved_at = shows, now
        self.save(painted)

    def save(self, painted: bool = True) -> None:
        """Write beside the frames. painted: the world too, not only settings and place."""
        x = self.explorer
        assert x.stage is not None
        write_world = writer(x.stage, self.world) if painted and len(x.stage.volume.atlas) else None
        state = {"session": describe(x.session), "pose": x.camera.pose.tolist(), "fov": x.camera.fov}
        path, folder, edited = self.state, self.scene, x.scene if x.scene != x.opened else None

        def work() -> None:
            if edited is not None:
                save_scene(edited, folder)
            else:
                shutil.rmtree(folder, ignore_errors=True)
            if write_world:
                write_world()
            with atomic_write(path) as temporary:
                temporary.write_text(json.dumps(state), encoding="utf-8")

        x.desk.send(work, lambda _: None)

    def restore(self) -> None:
        """After a crash or a kill: bring back place, settings that weren't given anew, and the world. The model must be ready."""
        x = self.explorer
        if not self.state.exists():
            return
        try:
            data = json.loads(self.state.read_text(encoding="utf-8"))
            session, _ = restore(data["session"], str(self.state))
            camera = Camera.from_pose(np.asarray(data["pose"], dtype=float).reshape(4, 4), float(data["fov"]))
        except (OSError, ValueError, KeyError, TypeError, InputError) as error:
            x.log.add(f"What was saved before the program was stopped can't be read: {error}", "warning")
            return
        fresh = type(x.session)()
        parts = ("dream", "paint", "live", "view")
        untouched = {name: getattr(session, name) for name in parts if getattr(x.session, name) == getattr(fresh, name)}
        x.session = replace(x.session, **untouched)
        x.travel.go_to = camera
        if self.scene.is_dir():
            x.desk.send(partial(load_scene, self.scene), self._take_scene)
        elif self.world.exists():
            x.desk.load_world(self.world)
        x.say("Back to where you were before the program was stopped")

    def _take_scene(self, scene: Scene) -> None:
        """The edited scene is read: the stage will follow it, and then comes its world."""
        self.explorer.scene = scene
        self._awaited = self.world if self.world.exists() else None

    def forget(self) -> None:
        """A clean end: what was not saved was not wanted."""
        for path in (self.world, self.state):
            path.unlink(missing_ok=True)
        shutil.rmtree(self.scene, ignore_errors=True)
