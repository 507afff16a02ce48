"""World files of the open scene: their paths, and loading them a few milliseconds per frame."""

from __future__ import annotations

import hashlib
import weakref
from collections.abc import Callable
from itertools import count
from pathlib import Path

from app.files.journals import Journals
from app.loop.painted_prompts import PromptLog
from app.loop.world_journals import SUFFIX, journal_of
from app.services.background_io import BackgroundIO
from app.session import Session
from app.state.app_state import AppState, is_builtin
from base.errors import InputError
from engine.atlas.volume import LatentVolume
from engine.storage.versions import list_versions
from engine.storage.world import StoredWorld, open_world, read_world
from engine.storage.world_io import WorldReader


class WorldFiles:
    """The world files of the scenes. Call `update` once a frame; the other methods return at once.

    loading: whether a world is being read, from the request until all of it is painted.
    """

    def __init__(self, state: AppState, io: BackgroundIO, journals: Journals, on_replaced: Callable[[], None]) -> None:
        """on_replaced: called when the paint of the open scene has been replaced by that of a file."""
        self._state, self._io, self._journals, self._on_replaced = state, io, journals, on_replaced
        self.loading = False
        self._restoring: tuple[WorldReader, Path] | None = None
        self._prompts = PromptLog()  # prompts of the world being loaded
        self._refused: set[Path] = set()  # unreadable worlds, which must not be overwritten
        self._instead: dict[Path, Path] = {}  # home → the file used in its place
        self._homes: dict[tuple[Path, str], Path] = {}  # (base, latent space) → home
        self._saved: tuple[weakref.ref[LatentVolume], int] | None = None  # the volume and revision that a file contains

    def update(self) -> None:
        """Load for a few milliseconds. Raises InputError if the file is damaged."""
        if self._restoring is not None:
            self._restore(self._restoring)

    def close(self) -> None:
        """Close the file that is being read."""
        if self._restoring is not None:
            self._restoring[0].close()

    @property
    def home(self) -> Path:
        """`base`, or a file beside it if that holds paint of other latents than the model's."""
        base, model = self.base, self._state.model
        if model is None:
            return base
        if (base, model.space) not in self._homes:
            # in the file and in a journal left by a crash
            own = {latents_of(path) for path in (base, journal_of(base, self._state.folders.data))} <= {"", model.space}
            self._homes[base, model.space] = base if own else base.with_stem(f"{base.stem}-{model.space}")
        return self._homes[base, model.space]

    def look_again(self) -> None:
        """Determine `home` again: another model's paint may have been saved meanwhile."""
        self._homes.clear()

    @property
    def base(self) -> Path:
        """The session's world file, or this scene's own in the data folder."""
        return home_of(self._state.session, self._state.saved_scene.name, self._state.folders.data)

    @property
    def file(self) -> Path:
        """Where worlds are saved: `home`, or a file next to it if another program uses `home` or it can't be read."""
        home = self.home
        if not self._journals.guest and home not in self._refused:
            return home
        if home not in self._instead:
            names = (home.with_stem(f"{home.stem}-{n}") for n in count(2))
            self._instead[home] = next(path for path in names if not path.exists())
        return self._instead[home]

    def list_versions(self) -> list[Path]:
        """Earlier versions of this scene's world file, newest first."""
        return list_versions(self.home, self._state.folders.data)

    def mark_saved(self, volume: LatentVolume, revision: int) -> None:
        """Record that a world file has all of this volume's paint, as of this revision."""
        self._saved = weakref.ref(volume), revision

    def is_saved(self, volume: LatentVolume) -> bool:
        """Whether a world file has all of this volume's paint."""
        return self._saved is not None and self._saved[0]() is volume and self._saved[1] == volume.revision

    def load(self, path: Path | None = None, refused: Callable[[InputError], None] | None = None) -> None:
        """Replace the paint by that of a world file (by default the scene's own).

        refused: called if the world can't be read; by default, `BackgroundIO.poll` raises the error."""
        open_scene, path = self._state.ready_scene(), path or self._find_saved()
        if open_scene is None or (model := open_scene.painter.client.model) is None:
            return
        charts = open_scene.plan.charts
        fits = {"scene": open_scene.scene, "charts": charts, "model": model.space, "channels": model.channels}

        def work() -> StoredWorld | InputError:
            try:
                return open_world(path, **fits)
            except InputError as error:
                return InputError(
                    error.where, error.field, error.problem
                )  # a copy without the traceback, which would keep the volume alive

        def done(world: StoredWorld | InputError) -> None:
            self.loading = False
            if isinstance(world, InputError):
                if refused is None:
                    self._refused.add(path)
                    raise world
                refused(world)
            elif self._state.open_scene is not open_scene or open_scene.plan.charts is not charts:
                self._state.notify("The scene changed while loading; load the world again", "warning")
            else:
                open_scene.painter.interrupt()
                self.loading, self._restoring = True, (WorldReader(open_scene.volume, world), path)
                self._saved, self._prompts = None, PromptLog.from_json(world.extras.get("prompts"))

        self.loading = True
        self._io.submit(work, done)

    def _find_saved(self) -> Path:
        """The world file, else the one at `home`, which another program may have saved, else one of an older version there."""
        wanted = (self.file, self.home)
        found = (place for path in wanted for place in (path, path.with_suffix(".safetensors")) if place.exists())
        return next(found, self.home)

    def _restore(self, restored: tuple[WorldReader, Path]) -> None:
        (reader, path), open_scene = restored, self._state.open_scene
        try:
            if open_scene is None or open_scene.volume is not reader.volume:
                reader.close()
            elif open_scene.painter.client.laying or not reader.read_for():
                return
            else:
                open_scene.painter.reset_failures()
                open_scene.painter.client.prompts = self._prompts
                self._on_replaced()
                if path.is_file():
                    self.mark_saved(open_scene.volume, open_scene.volume.revision)
                    self._state.notify(f"World loaded: {path.name}")
                else:  # a journal, which is deleted at a clean end
                    self._state.notify("Paint restored")
        except InputError:
            reader.close()
            self.loading, self._restoring = False, None
            raise
        self.loading, self._restoring = False, None


def home_of(session: Session, name: str, data: Path) -> Path:
    """The world file of a session: the one it names, or the own one of its scene `name` in the data folder."""
    chosen = session.scene
    if session.world is not None:
        return session.world
    if not is_builtin(chosen):  # scenes of the same name may be in many places
        origin = "|".join(str(Path(part).resolve()) for part in (chosen.ref, chosen.map, chosen.materials) if part)
        name += f"-{hashlib.sha256(origin.encode()).hexdigest()[:8]}"
    return data / "worlds" / f"{name}{SUFFIX}"


def latents_of(path: Path) -> str:
    """Return the latent space (`Model.space`) of a world file or a journal's folder; "" if it is missing or can't be read."""
    try:
        return read_world(path).header.model if path.exists() else ""
    except InputError:
        return ""
