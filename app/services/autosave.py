"""What is lost if the program is killed: at most the dream under way. Session, place, the scene's edits and the paint are kept
in the journal of this scene's world until a clean end.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Future, wait
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from app.files.journals import Journals
from app.files.packed import packed, unpacked
from app.loop.world_journals import describing, left_over
from app.session import describe, restore
from base.errors import InputError
from engine.storage.world import Index, Key, read_world
from engine.storage.world_io import Keeper
from scenes.camera import Camera

if TYPE_CHECKING:
    from app.explorer.explorer import Explorer

PERIOD = 20.0  # s between two savings of settings and place; paint doesn't wait
PATIENCE = 10.0  # s until what failed is tried again


class Autosave:
    """`restore` at the start, `tend` every frame, `save` when the user says so, `close` at a clean end."""

    def __init__(self, explorer: Explorer) -> None:
        self.explorer = explorer
        self._journals = Journals()
        self._shown = self._saved = ()  # what a round began with, and the last one that is on disk
        self._saved_at = self._not_before = -PERIOD
        self._failed = False  # and said so
        self._wishes: list[tuple[Path, Callable[[], None]]] = []  # world files to be written after a round
        self._packing: list[tuple[Future[None], Callable[[], None]]] = []
        self._asked = False  # whether there is anything to restore: until then nothing may take its place
        self._awaited: Path | None = None  # the journal to be read once the stage follows the scene

    @property
    def guest(self) -> bool:
        """Whether nothing is kept by itself, because another program paints this world, or the journal can't be written."""
        return self._journals.guest

    @property
    def busy(self) -> bool:
        """Whether something is being written."""
        return bool(self._wishes or self._packing) or (self._keeper is not None and self._keeper.volume is not None)

    @property
    def settled(self) -> bool:
        """Whether all that was painted is on disk."""
        stage, keeper = self.explorer.stage, self._keeper
        return stage is not None and keeper is not None and not keeper.behind(stage.volume) and not self.busy

    def tend(self, now: float) -> None:
        """A few milliseconds of saving, if something changed. What goes wrong is raised once; the session goes on."""
        x = self.explorer
        self._deliver()
        if x.stage is None or not self._asked or x.remodel.followed is not x.scene or x.worlds.loading:
            return
        if self._awaited is not None:
            if not x.desk.busy:
                awaited, self._awaited = self._awaited, None
                x.worlds.load(awaited, refused=self._set_aside)
            return
        if now < self._not_before and not self._wishes:
            return
        try:
            self._work(self._open(), now)
        except InputError as error:
            self._not_before, asked, self._wishes = now + PATIENCE, bool(self._wishes), []
            if asked or not self._failed:
                self._failed = True
                folder = self._keeper.journal.folder if self._keeper else error.where
                raise InputError("What is painted", "", f"isn't on disk: {folder} {error.problem}") from error

    def save(self, path: Path, then: Callable[[], None]) -> None:
        """Write everything painted up to now to a world file, beside the frames; `then` when it is there."""
        self._wishes.append((path, then))
        if self._keeper is not None:
            self._keeper.abandon()  # a round that began earlier may lack the last dream

    def restore(self) -> bool:
        """After a crash or a kill: bring back place, settings that weren't given anew, and paint. The model must be ready.

        False when nothing is left over.
        """
        x, journal = self.explorer, self._open().journal
        self._asked = True
        if self.guest or not left_over(journal, x.session.world):
            return False
        try:
            left = read_world(journal.folder).extras
            session, _ = restore(left["session"], str(journal.folder))
            camera = Camera.from_pose(np.asarray(left["pose"], dtype=float).reshape(4, 4), float(left["fov"]))
        except (ValueError, KeyError, TypeError, InputError) as error:
            self._set_aside(error)
            return False
        fresh = type(x.session)()
        parts = ("dream", "paint", "live", "view")
        untouched = {name: getattr(session, name) for name in parts if getattr(x.session, name) == getattr(fresh, name)}
        x.session = replace(x.session, **untouched)
        x.travel.go_to = camera
        self._awaited = journal.folder
        if left.get("scene"):
            x.desk.send(partial(unpacked, x.scene.name, left["scene"]), lambda scene: setattr(x, "scene", scene))
        x.say("Restored the scene that was open when Rayverie was interrupted")
        return True

    def close(self, world: Path | None = None) -> None:
        """A clean end: what was wished and `world` is written, and nothing else was wanted.

        Raises InputError when that fails; then the journal stays, and the next start brings its paint back.
        """
        x, stage, keeper = self.explorer, self.explorer.stage, self._keeper
        paths = {path for path, _ in self._wishes} | ({world} if world else set())
        coming = x.worlds.loading or self._awaited is not None  # a world of which only a part is painted yet
        whole = False
        try:
            wait([future for future, _ in self._packing])
            self._deliver()
            if paths and stage and keeper and not coming:
                keeper.finish(stage.volume, self._capture)
                for path in paths:
                    keeper.pack(path).result()
            whole = not coming
        finally:
            self._journals.close(discard=whole)

    def _work(self, keeper: Keeper, now: float) -> None:
        x = self.explorer
        assert x.stage is not None
        volume = x.stage.volume
        if keeper.volume is not volume:  # no round is under way, or one of a volume that is gone
            shows = (x.session, x.camera, x.scene)
            due = keeper.behind(volume) or (shows != self._saved and now - self._saved_at >= PERIOD)
            if not self._wishes and (self.guest or not due):
                return
            keeper.begin(volume)
            self._shown = shows
        if keeper.step(self._capture):
            self._saved, self._saved_at, self._failed = self._shown, now, False
            self._journals.forget_left()
            self._packing += [(keeper.pack(path), then) for path, then in self._wishes]
            self._wishes = []

    @property
    def _keeper(self) -> Keeper | None:
        return self._journals.keeper

    def _open(self) -> Keeper:
        """The keeper of this world's journal, which is another one when another scene or world was opened."""
        x = self.explorer

        def refused(error: InputError) -> None:
            words = "autosave is off, and worlds are saved elsewhere"
            x.say(f"{str(error).rstrip('.')}: {words}", "warning")

        whose = x.session.world, x.session.scene, x.opened.name
        return self._journals.open(whose, lambda: x.worlds.home, x.folders.data, refused)

    def _capture(self) -> Callable[[Mapping[Key, str]], Index]:
        x = self.explorer
        assert x.stage is not None and x.stage.painter.model is not None
        state = {"session": describe(x.session), "pose": x.camera.pose.tolist(), "fov": x.camera.fov}
        edited = x.scene if x.unsaved or x.scene != x.opened else None

        def extras() -> dict[str, Any]:
            return state | ({"scene": packed(edited)} if edited is not None else {})

        return describing(x.stage.scene, x.stage.plan.charts, x.stage.painter.model.space, x.stage.volume, extras)()

    def _deliver(self) -> None:
        while self._packing and self._packing[0][0].done():
            future, then = self._packing.pop(0)
            future.result()
            then()

    def _set_aside(self, error: Exception) -> None:
        """What was kept can't be used here, but is not thrown away."""
        assert self._keeper is not None
        aside = self._keeper.journal.set_aside()
        words = f"The autosaved scene can't be restored; it was moved to {aside}: {error}"
        self.explorer.say(words, "warning")
