"""Paperwork: files are written and read beside the frames, on a thread of its own; what follows happens on the frame's thread."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from app.actions.open_scene import builtin
from app.fields import Size
from app.files import presets
from app.files.shot import save_shot, save_steps
from app.session import SceneChoice, describe
from app.state.timeline import Record
from scenes.camera import Camera
from scenes.load import save_scene
from scenes.nerfstudio import write_path
from scenes.scene import CameraPath

if TYPE_CHECKING:
    from app.explorer.explorer import Explorer


class Desk:
    """The explorer's files. Every method returns at once; `poll` once a frame, which raises what an errand raised."""

    def __init__(self, explorer: Explorer) -> None:
        self.explorer = explorer
        self.presets: Mapping[str, Mapping[str, Any]] = {}
        self._hand = ThreadPoolExecutor(1, thread_name_prefix="scribe")
        self._errands: list[tuple[Future[Any], Callable[[Any], None]]] = []

    def send(self, work: Callable[[], Any], then: Callable[[Any], None]) -> None:
        """Run `work` beside the frames, and `then` with what it gave, in a later frame."""
        self._errands.append((self._hand.submit(work), then))

    @property
    def busy(self) -> bool:
        return bool(self._errands)

    def poll(self) -> None:
        while self._errands and self._errands[0][0].done():
            future, then = self._errands.pop(0)
            then(future.result())

    def close(self) -> None:
        """Wait for what is being written."""
        self._hand.shutdown(wait=True)

    def save_scene(self, folder: Path | None = None, then: Callable[[], None] | None = None) -> None:
        """The scene as it is now, as a folder that can be opened again; without one where it came from, if that is the user's.
        `then` runs when it is written."""
        explorer, chosen = self.explorer, self.explorer.session.scene
        theirs = builtin(chosen) or chosen.map is not None or chosen.materials is not None
        own = None if theirs else Path(str(chosen.ref))
        target = folder or own or explorer.folders.data / "scenes" / explorer.scene.name
        scene = explorer.scene

        def done(_: Any) -> None:
            if explorer.scene.name == scene.name:
                explorer.opened = replace(scene, name=target.name)
                explorer.scene = replace(explorer.scene, name=target.name)
                explorer.session = replace(explorer.session, scene=SceneChoice(ref=str(target)))
            explorer.say(f"Scene saved: {target}")
            if then:
                then()

        self.send(lambda: save_scene(scene, target), done)

    def save_shot(self, picture: np.ndarray, camera: Camera | None = None) -> None:
        """A picture, uint8 [H,W,3], with the session of this moment in it, and its camera (None: the one of this moment)."""
        explorer = self.explorer
        folder, session, camera = explorer.folders.pictures, explorer.session, camera or explorer.camera
        self.send(
            lambda: save_shot(folder, picture, session, camera, datetime.now()),
            lambda path: explorer.say(f"Picture saved: {path}"),
        )

    def save_preset(self, name: str) -> None:
        """Keep the dream settings under a name."""
        presets.save(self.explorer.folders.config / "presets", name, self.explorer.session.dream)
        self.read_presets()
        self.explorer.say(f"Preset saved: {name}")

    def read_presets(self) -> None:
        """Once the model is there: presets are checked against tables that live beside torch."""
        self.presets = presets.load(self.explorer.folders.config / "presets")

    def export_steps(self, record: Record, suffix: str) -> None:
        """The steps of a dream as GIF, video or folder of pictures, all at the size of the finished one."""
        out, settings = self._name("dream", suffix), describe(self.explorer.session)
        self.send(lambda: save_steps(out, record.pictures, settings), lambda _: self.explorer.say(f"Saved: {out}"))

    def export_path(self) -> None:
        """The keyframes as camera_path.json."""
        path, out = self.explorer.route.path, self._name("path", ".json")
        if path is None:
            self.explorer.say("A camera path needs two keyframes; K adds one", "warning")
        else:
            self.send(lambda: write_path(path, out), lambda _: self.explorer.say(f"Camera path saved: {out}"))

    def film(self, path: CameraPath, size: Size, fps: float) -> None:
        """Film a path from now on; the camera belongs to the film until it is done or stopped."""
        stage = self.explorer.ready_stage()
        if stage is not None:
            self.stop_travel()
            settings = describe(self.explorer.session)
            self.explorer.travel.start_film(stage, path, self._name("film", ".mp4"), size, fps, settings)

    def stop_travel(self) -> None:
        """End playing and filming; a film that is done becomes a file, another leaves none."""
        film = self.explorer.travel.stop()
        if film is not None:
            film.stage.painter.interrupt()
            film.release()
            words = f"Video saved: {film.out}" if film.done else "Recording stopped"
            self.send(film.finish, lambda _: self.explorer.say(words))

    def _name(self, kind: str, suffix: str) -> Path:
        return self.explorer.folders.pictures / datetime.now().strftime(f"{kind}-%Y%m%d-%H%M%S{suffix}")
