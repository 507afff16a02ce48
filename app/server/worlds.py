"""Scenes and painted worlds by id, in the server's own folder. The GL thread has one world open at a time."""

from __future__ import annotations

import json
import re
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from PIL import Image

from app.loop.answers import dream_of
from app.loop.autopilot import SIZE, Autopilot, drain, measure_view, viewpoints
from app.loop.erasing import all_texels, erase, view_texels
from app.loop.headless_session import HeadlessSession, open_headless_session
from app.loop.paint_now import paint_view
from app.server.jobs import Job, Stopped
from app.server.lane import Lane
from app.server.picture_maker import PictureMaker, Reporter, refuse_tags
from app.server.pictures import png_of
from app.session import PaintSettings, SceneChoice, Session
from base.errors import InputError
from base.files import atomic_write
from base.reading import read_json
from base.settings import from_json, to_json
from diffusion.canvas import Cancelled, Dreamed
from diffusion.settings import DreamSettings
from engine.render.video import open_output
from scenes.camera import Camera
from scenes.load import BUILTIN, load_scene
from scenes.paths import sample_path
from scenes.scene import CameraPath, Scene

ID = re.compile(r"[0-9a-f]{16}")
UNDO = 8  # states of a world that are kept


@dataclass(frozen=True)
class WorldNote:
    """How a world was created. scene: a built-in name or an id."""

    scene: str = BUILTIN[0]
    dream: DreamSettings = field(default_factory=DreamSettings)
    paint: PaintSettings = field(default_factory=PaintSettings)


class Worlds:
    """All methods that take a job run in the GL lane; the others in any thread."""

    def __init__(self, maker: PictureMaker, folder: Path, lane: Lane, most: int = 200) -> None:
        """most: scenes that may be kept, and worlds."""
        self._maker, self.lane, self._most = maker, lane, most
        self._scenes, self._worlds = folder / "scenes", folder / "worlds"
        for place in (self._scenes, self._worlds):
            place.mkdir(parents=True, exist_ok=True)
        self._open: tuple[str, HeadlessSession, Callable[[], None]] | None = None
        self._stack = ExitStack()
        self._job: Job | None = None

    # scenes

    def scenes(self) -> list[str]:
        """The built-in names, then the ids of what was sent."""
        return [*BUILTIN, *sorted(place.name for place in self._scenes.iterdir() if ID.fullmatch(place.name))]

    def scene(self, name: str) -> Scene:
        """Load a scene. Raises InputError."""
        if name not in self.scenes():
            raise InputError("request", "scene", f"is {name!r}; allowed are {', '.join(BUILTIN)} and ids of scenes")
        return load_scene(name if name in BUILTIN else self._scenes / name)

    def add_scene(self, map: Path, materials: str) -> str:
        """Keep a scene; returns its id. map: a PNG; materials: the text of a materials.yaml. Raises InputError."""
        self._refuse_more("scene", len(self.scenes()) - len(BUILTIN))
        id = secrets.token_hex(8)
        with TemporaryDirectory(dir=self._scenes, prefix=".") as folder:  # a scene gets its id only when it is complete
            files = Path(folder) / id
            files.mkdir()
            shutil.copyfile(map, files / "map.png")
            (files / "materials.yaml").write_text(materials, encoding="utf-8")
            scene = load_scene(files)
            refuse_tags(scene.background.prompt, *(material.prompt for material in scene.materials))
            files.rename(self._scenes / id)
        return id

    def _refuse_more(self, what: str, count: int) -> None:
        if count >= self._most:
            raise InputError("request", what, f"is one more than allowed; there are {count} {what}s, delete some first")

    def drop_scene(self, id: str) -> bool:
        """Delete a scene that was sent; False where it is none."""
        if not ID.fullmatch(id) or not (self._scenes / id).is_dir():
            return False
        if any(self.note(world).scene == id for world in self.worlds()):
            raise InputError("request", "scene", "has a world; delete that first")
        shutil.rmtree(self._scenes / id)
        return True

    # worlds

    def worlds(self) -> list[str]:
        """The ids of all worlds."""
        return sorted(file.stem for file in self._worlds.glob("*.json") if ID.fullmatch(file.stem))

    def create(self, note: WorldNote) -> str:
        """A new, bare world of a scene; returns its id. Raises InputError."""
        self._refuse_more("world", len(self.worlds()))
        self.scene(note.scene)
        id = secrets.token_hex(8)
        with atomic_write(self._worlds / f"{id}.json") as temporary:
            temporary.write_text(json.dumps(to_json(note)))
        return id

    def has(self, id: str) -> bool:
        return bool(ID.fullmatch(id)) and (self._worlds / f"{id}.json").is_file()

    def note(self, id: str) -> WorldNote:
        """Return the note of a world. Raises InputError if it was deleted."""
        file = self._worlds / f"{id}.json"
        if not file.is_file():
            raise InputError("world", id, "is gone; it was deleted")
        return from_json(WorldNote, read_json(file, "a world's settings"), file.name)[0]

    def file(self, id: str) -> Path:
        """Return the world file. It exists once something was painted and saved."""
        return self._worlds / f"{id}.world"

    def camera(self, id: str, path: str, seconds: float) -> Camera:
        """A camera on a path of the world's scene. Raises InputError."""
        return sample_path(self.path(id, path), seconds)

    def path(self, id: str, name: str) -> CameraPath:
        paths = self.scene(self.note(id).scene).paths
        if name not in paths:
            raise InputError("request", "path", f"is {name!r}; allowed are {', '.join(sorted(paths))}")
        return paths[name]

    def drop(self, job: Job, id: str) -> dict[str, Any]:
        """Delete a world with all it has."""
        self._close(id)
        for file in [*self._worlds.glob(f"{id}.*")]:
            file.unlink(missing_ok=True)
        return {}

    def dream(self, job: Job, id: str, camera: Camera | None, views: int, until: float) -> dict[str, Any]:
        """Paint one view, or without a camera view after view, as `rayverie dream` does. Can be undone."""
        self.note(id)
        self._close(id)  # saves it
        self._remember(id)
        with self._use(job, id) as (headless, save):
            painter, before = headless.painter, headless.painter.client.dreams
            pilot = Autopilot(viewpoints(headless.scene), partial(measure_view, painter))
            total = 1 if camera is not None else views
            for number in range(total):
                job.check()
                job.report(number, total)
                if camera is not None:
                    self._flush(headless, camera, SIZE)
                else:
                    if not number:
                        drain(pilot.survey())
                    if pilot.coverage >= until or not self._next(pilot):
                        break
                    assert pilot.current is not None
                    self._flush(headless, pilot.current.camera, SIZE)
                    pilot.mark_done()
                save()
            job.report(total, total)
            found: dict[str, Any] = {"dreams": painter.client.dreams - before}
            return found if camera is not None else {**found, "coverage": round(pilot.coverage, 4)}

    def erase(self, job: Job, id: str, camera: Camera | None, again: bool) -> dict[str, Any]:
        """Erase what a view shows, or without a camera everything. again: repaint the view. Can be undone."""
        self.note(id)
        self._close(id)  # saves it
        self._remember(id)
        with self._use(job, id) as (headless, save):
            painter, before = headless.painter, headless.painter.client.dreams
            erase(painter, all_texels(painter.volume) if camera is None else view_texels(painter, camera, SIZE))
            if again and camera is not None:
                self._flush(headless, camera, SIZE)
            save()
            return {"dreams": painter.client.dreams - before}

    def view(
        self, job: Job, id: str, camera: Camera, size: tuple[int, int], mode: str, daylight: float
    ) -> dict[str, Any]:
        """Render one view to a picture. It dreams nothing."""
        with self._use(job, id) as (headless, _):
            pixels = headless.draw(camera, size, mode, daylight)
        picture = Image.fromarray(pixels[..., :3].copy())
        name = self._maker.store.add(lambda file: file.write_bytes(png_of(picture)))
        return {"pictures": [{"id": name, "url": f"/v1/pictures/{name}", "size": list(size)}]}

    def film(
        self, job: Job, id: str, path: str, size: tuple[int, int], fps: float, frames: int, mode: str, daylight: float
    ) -> dict[str, Any]:
        """Render a path to an mp4. It dreams nothing."""
        way = self.path(id, path)
        with self._use(job, id) as (headless, _):

            def write(file: Path) -> None:
                with open_output(file, size, fps, {}) as output:
                    for number in range(frames):
                        job.check()
                        output.write(headless.draw(sample_path(way, number / fps), size, mode, daylight))
                        job.report(number + 1, frames)
                file.with_suffix(".json").unlink(missing_ok=True)

            name = self._maker.store.add(write, ".mp4")
        return {"films": [{"id": name, "url": f"/v1/pictures/{name}", "size": list(size), "frames": frames}]}

    def undo(self, job: Job, id: str) -> dict[str, Any]:
        """Go back to before the last dream. Raises InputError where none is left."""
        states = self._states(id)
        if not states:
            raise InputError("world", id, "has nothing to undo")
        self._close(id)
        if states[-1].stat().st_size:
            states[-1].replace(self.file(id))
        else:
            self.file(id).unlink(missing_ok=True)
            states[-1].unlink()
        return {"left": len(states) - 1}

    def close(self) -> None:
        """Save and close the open world. In the GL lane."""
        if self._open is not None:
            self._close(self._open[0])

    # what is open

    @contextmanager
    def _use(self, job: Job, id: str) -> Iterator[tuple[HeadlessSession, Callable[[], None]]]:
        """(the open world, a function that saves it) while a job uses it."""
        self._job = job
        try:
            yield self._open_world(id)
        finally:
            self._job = None

    def _open_world(self, id: str) -> tuple[HeadlessSession, Callable[[], None]]:
        if self._open is not None and self._open[0] == id:
            return self._open[1:]
        self.close()
        note, model = self.note(id), self._maker.model
        session = Session(
            scene=SceneChoice(note.scene),
            model=self._maker.choice,
            dream=note.dream,
            paint=note.paint,
            world=self.file(id),
        )
        with ExitStack() as stack:
            headless = stack.enter_context(
                open_headless_session(session, self.scene(note.scene), model, dream=self._dream)
            )
            save = stack.enter_context(headless.saving_to(self.file(id)))
            self._stack = stack.pop_all()
        self._open = (id, headless, save)
        return headless, save

    def _close(self, id: str) -> None:
        if self._open is not None and self._open[0] == id:
            self._open = None
            self._stack.close()

    def _flush(self, headless: HeadlessSession, camera: Camera, size: tuple[int, int]) -> None:
        try:
            paint_view(headless.painter, camera, size)
        except Stopped:
            headless.painter.cancel()
            raise

    @staticmethod
    def _next(pilot: Autopilot) -> bool:
        drain(pilot.choose())
        return pilot.current is not None

    def _dream(self, model: Any, canvas: Any, settings: Any, **hooks: Any) -> Dreamed:
        """Run `dream_of` in the model's lane, where other jobs run between dreams."""
        job = self._job
        assert job is not None
        on_step = Reporter(job, model, lambda _: (job.step, job.steps))

        def work() -> Dreamed:
            return dream_of(model, canvas, settings, on_step=on_step, cancelled=job.cancelled)

        try:
            return self._maker.lane.call(work)
        except Cancelled:
            raise Stopped from None

    # undo

    def _states(self, id: str) -> list[Path]:
        """Earlier states of the world file, oldest first; an empty one stands for a bare world."""
        return sorted(self._worlds.glob(f"{id}.before-*"))

    def newest(self, id: str) -> str:
        """The name of the state that `undo` would go back to; "" without one."""
        return states[-1].name if (states := self._states(id)) else ""

    def _remember(self, id: str) -> None:
        states = self._states(id)
        number = int(states[-1].name.rpartition("-")[2]) + 1 if states else 0
        with atomic_write(self._worlds / f"{id}.before-{number:06}") as temporary:
            if self.file(id).is_file():
                shutil.copyfile(self.file(id), temporary)
        for old in states[: max(0, len(states) + 1 - UNDO)]:
            old.unlink()
