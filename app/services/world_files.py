"""The file of what is painted: where it lies, writing it, reading it back a few milliseconds a frame."""

from __future__ import annotations

import hashlib
import weakref
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from app.actions.open_scene import builtin
from app.loop.world_journals import SUFFIX
from base.errors import InputError
from engine.atlas.volume import LatentVolume
from engine.storage.world import StoredWorld, open_world
from engine.storage.world_io import Restoring

if TYPE_CHECKING:
    from app.explorer.explorer import Explorer


class Worlds:
    """The worlds of the explorer's scenes. `step` once a frame; the others return at once."""

    def __init__(self, explorer: Explorer) -> None:
        self.explorer = explorer
        self.loading = False  # a world, from the wish until all of it is painted
        self._restoring: tuple[Restoring, Path] | None = None
        self._refused: set[Path] = set()  # worlds that can't be read here, and so are not written over
        self._instead: dict[Path, Path] = {}  # where is saved what can't be saved to its home
        self._held: tuple[weakref.ref[LatentVolume], int] | None = None  # what a world file has, and at which revision

    def step(self) -> None:
        """A few milliseconds of reading a world back. Raises InputError when it turns out to be damaged."""
        if self._restoring is not None:
            self._restore()

    def close(self) -> None:
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
    def file(self) -> Path:
        """Where worlds are saved: `home`, or beside it where that belongs to another program or can't be read."""
        home = self.home
        if not self.explorer.autosave.guest and home not in self._refused:
            return home
        if home not in self._instead:
            names = (home.with_stem(f"{home.stem}-{n}") for n in count(2))
            self._instead[home] = next(path for path in names if not path.exists())
        return self._instead[home]

    def save(self, then: Callable[[], None] | None = None) -> None:
        """Write the world file; `then` runs when it is written."""
        stage = self.explorer.ready_stage()
        if stage is None:
            return
        path, held = self.file, (weakref.ref(stage.volume), stage.volume.revision)

        def done() -> None:
            self._held = held
            self.explorer.say(f"World saved: {path}")
            if then:
                then()

        self.explorer.autosave.save(path, done)

    def holds(self, volume: LatentVolume) -> bool:
        """Whether a world file has all that is painted there."""
        return self._held is not None and self._held[0]() is volume and self._held[1] == volume.revision

    def load(self, path: Path | None = None, refused: Callable[[InputError], None] | None = None) -> None:
        """Read a world (the scene's own by default) in place of what is painted. refused: told why it can't be, if that is so."""
        stage, path = self.explorer.ready_stage(), path or self._saved_world()
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
                return InputError(error.where, error.field, error.problem)  # for that one knows the call that gets it

        def done(world: StoredWorld | InputError) -> None:
            self.loading = False
            if isinstance(world, InputError):
                if refused is None:
                    self._refused.add(path)
                    raise world
                refused(world)
            elif self.explorer.stage is not stage or stage.plan.charts is not charts:
                self.explorer.say("The scene changed while loading; load the world again", "warning")
            else:
                stage.painter.interrupt()
                self.loading, self._restoring = True, (Restoring(stage.volume, world), path)
                self._held = None

        self.loading = True
        self.explorer.desk.send(work, done)

    def _saved_world(self) -> Path:
        """The world file, or what lies in its home, which another program may have saved; or what an older one left there."""
        wanted = (self.file, self.home)
        found = (place for path in wanted for place in (path, path.with_suffix(".safetensors")) if place.exists())
        return next(found, self.home)

    def _restore(self) -> None:
        assert self._restoring is not None
        (restoring, path), stage = self._restoring, self.explorer.stage
        try:
            if stage is None or stage.volume is not restoring.volume:
                restoring.close()
            elif stage.painter.laying or not restoring.step():
                return
            else:
                stage.painter.forgive()
                self.explorer.retouch.forget()
                self.explorer.remodel.forget_paint()
                self.explorer.screen.forget()
                if path.is_file():
                    self._held = weakref.ref(stage.volume), stage.volume.revision
                    self.explorer.say(f"World loaded: {path.name}")
                else:  # a journal, which goes at a clean end
                    self.explorer.say("Paint restored")
        except InputError:
            restoring.close()
            self.loading, self._restoring = False, None
            raise
        self.loading, self._restoring = False, None
