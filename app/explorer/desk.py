"""Paperwork: files are written and read beside the frames, on a thread of its own; what follows happens on the frame's thread."""

from __future__ import annotations

import hashlib
import weakref
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from app.explorer.timeline import Record
from app.fields import Size
from app.files import presets
from app.files.shot import save_shot, save_steps
from app.loop.worlds import SUFFIX
from app.session import SceneChoice, describe
from engine.keeping import Restoring
from engine.volume import LatentVolume
from engine.world import StoredWorld, open_world
from scenes.camera import Camera
from scenes.errors import InputError
from scenes.load import BUILTIN, save_scene
from scenes.paths import write_path
from scenes.scene import CameraPath

if TYPE_CHECKING:
    from app.explorer.explorer import Explorer
    from app.loop.stage import Stage


class Desk:
    """The explorer's files. Every method returns at once; `poll` once a frame, which raises what an errand raised."""

    def __init__(self, explorer: Explorer) -> None:
        self.explorer = explorer
        self.presets: Mapping[str, Mapping[str, Any]] = {}
        self._hand = ThreadPoolExecutor(1, thread_name_prefix="scribe")
        self._errands: list[tuple[Future[Any], Callable[[Any], None]]] = []
        self.loading = False  # a world, from the wish until all of it is painted
        self._restoring: tuple[Restoring, Path] | None = None
        self._refused: set[Path] = set()  # worlds that can't be read here, and so are not written over
        self._instead: dict[Path, Path] = {}  # where is saved what can't be saved to its home
        self._held: tuple[weakref.ref[LatentVolume], int] | None = None  # what a world file has, and at which revision

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
        if self._restoring is not None:
            self._restore()

    def close(self) -> None:
        """Wait for what is being written."""
        self._hand.shutdown(wait=True)
        if self._restoring is not None:
            self._restoring[0].close()

    @property
    def home(self) -> Path:
        """The session's world file, or this scene's own in the data folder."""
        explorer, chosen = self.explorer, self.explorer.session.scene
        if explorer.session.world is not None:
            return explorer.session.world
        name = explorer.opened.name
        if not builtin(chosen):  # scenes of one name lie in many places
            origin = "|".join(str(Path(part).resolve()) for part in (chosen.ref, chosen.map, chosen.materials) if part)
            name += f"-{hashlib.sha256(origin.encode()).hexdigest()[:8]}"
        return explorer.folders.data / "worlds" / f"{name}{SUFFIX}"

    @property
    def world_file(self) -> Path:
        """Where worlds are saved: `home`, or beside it where that belongs to another program or can't be read."""
        home = self.home
        if not self.explorer.autosave.guest and home not in self._refused:
            return home
        if home not in self._instead:
            names = (home.with_stem(f"{home.stem}-{n}") for n in count(2))
            self._instead[home] = next(path for path in names if not path.exists())
        return self._instead[home]

    def save_world(self, then: Callable[[], None] | None = None) -> None:
        """Write the world file; `then` runs when it is written."""
        stage = self._stage()
        if stage is None:
            return
        path, held = self.world_file, (weakref.ref(stage.volume), stage.volume.revision)

        def done() -> None:
            self._held = held
            self.explorer.say(f"World saved: {path}")
            if then:
                then()

        self.explorer.autosave.save(path, done)

    def holds(self, volume: LatentVolume) -> bool:
        """Whether a world file has all that is painted there."""
        return self._held is not None and self._held[0]() is volume and self._held[1] == volume.revision

    def load_world(self, path: Path | None = None, refused: Callable[[InputError], None] | None = None) -> None:
        """Read a world (the scene's own by default) in place of what is painted. refused: told why it can't be, if that is so."""
        stage, path = self._stage(), path or self._saved_world()
        if stage is None:
            return
        model = stage.painter.model
        assert model is not None
        charts = stage.plan.charts
        fits = {"scene": stage.scene, "charts": charts, "model": model.space, "channels": model.channels}

        def work() -> StoredWorld | InputError:
            try:
                return open_world(path, **fits)
            except InputError as error:
                return error

        def done(world: StoredWorld | InputError) -> None:
            self.loading = False
            if isinstance(world, InputError):
                if refused is None:
                    self._refused.add(path)
                    raise world
                refused(world)
            elif self.explorer.stage is not stage or stage.plan.charts is not charts:
                self.explorer.say("The scene was changed meanwhile; load the world again", "warning")
            else:
                stage.painter.cancel()
                self.loading, self._restoring = True, (Restoring(stage.volume, world), path)
                self._held = None

        self.loading = True
        self.send(work, done)

    def _saved_world(self) -> Path:
        """The world file, or one that an older program has left in its place."""
        path, old = self.world_file, self.world_file.with_suffix(".safetensors")
        return old if old.exists() and not path.exists() else path

    def _restore(self) -> None:
        """A few milliseconds of it."""
        assert self._restoring is not None
        (restoring, path), stage = self._restoring, self.explorer.stage
        try:
            if stage is None or stage.volume is not restoring.volume:
                restoring.close()
            elif not restoring.step():
                return
            else:
                stage.painter.forgive()
                self.explorer.retouch.forget()
                self.explorer.remodel.forget_paint()
                self.explorer.screen.forget()
                if path.is_file():  # and not a journal, which goes at a clean end
                    self._held = weakref.ref(stage.volume), stage.volume.revision
                self.explorer.say(f"World loaded: {path.name}")
        except InputError:
            restoring.close()
            self.loading, self._restoring = False, None
            raise
        self.loading, self._restoring = False, None

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
        stage = self._stage()
        if stage is not None:
            self.stop_travel()
            settings = describe(self.explorer.session)
            self.explorer.travel.start_film(stage, path, self._name("film", ".mp4"), size, fps, settings)

    def stop_travel(self) -> None:
        """End playing and filming; a film that is done becomes a file, another leaves none."""
        film = self.explorer.travel.stop()
        if film is not None:
            film.stage.painter.cancel()
            film.release()
            words = f"Film saved: {film.out}" if film.done else "The film is stopped"
            self.send(film.finish, lambda _: self.explorer.say(words))

    def _name(self, kind: str, suffix: str) -> Path:
        return self.explorer.folders.pictures / datetime.now().strftime(f"{kind}-%Y%m%d-%H%M%S{suffix}")

    def _stage(self) -> Stage | None:
        """The stage, once its model is ready; until then the user is told to wait."""
        stage = self.explorer.stage
        if stage is None or stage.painter.model is None:
            self.explorer.say("The model is still being loaded", "warning")
            return None
        return stage


def builtin(chosen: SceneChoice) -> bool:
    """Whether this is a scene of the program's own, which is not saved over."""
    return chosen.ref in (None, *BUILTIN) and chosen.map is None and chosen.materials is None
