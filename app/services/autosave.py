"""Saves automatically, so that a crash loses at most the running dream.

Session, place, scene edits and paint are kept in the journal of this scene's world until a clean end.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Mapping
from concurrent.futures import Future, wait
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from app.files.journals import Journals
from app.files.scene_archive import pack_scene, unpack_scene
from app.loop.open_scene import OpenScene
from app.loop.world_journals import holds_newer_paint, make_description
from app.services.background_io import BackgroundIO
from app.services.kept_session import KeptSession, read_kept, with_kept
from app.services.scene_rebuild import SceneRebuild
from app.services.world_files import WorldFiles
from app.session import describe_paint_settings
from app.state.app_state import AppState
from base.errors import InputError
from engine.storage.world import TileKey, WorldIndex
from engine.storage.world_io import WorldWriter

PERIOD = 20.0  # s between two saves of settings and place; paint does not wait
PATIENCE = 10.0  # s before a failed save is tried again


class Autosave:
    """Call `restore` at the start, `update` once a frame, `save` on the user's request and `close` at a clean end."""

    def __init__(
        self, state: AppState, io: BackgroundIO, journals: Journals, worlds: WorldFiles, rebuild: SceneRebuild
    ) -> None:
        self._state, self._io, self._journals, self._worlds, self._rebuild = state, io, journals, worlds, rebuild
        self._shown = self._saved = ()  # contents of the running and of the last finished save
        self._saved_at = self._not_before = -PERIOD
        self._failed = False  # whether the user was warned
        self._wishes: list[tuple[Path, Callable[[], None]]] = []  # world files to write after the running save
        self._packing: list[tuple[Future[None], Callable[[], None]]] = []
        self._asked = False  # whether `restore` ran; until then nothing may overwrite the journal
        self._awaited: Path | None = None  # the journal to read once the edited scene is open

    @property
    def guest(self) -> bool:
        """Whether automatic saving is off, as another program paints this world or the journal can't be written."""
        return self._journals.guest

    @property
    def tile_count(self) -> int:
        """Number of painted tiles in the journal."""
        return self._writer.tile_count if self._writer else 0

    @property
    def busy(self) -> bool:
        """Whether something is being written."""
        return bool(self._wishes or self._packing) or (self._writer is not None and self._writer.volume is not None)

    @property
    def settled(self) -> bool:
        """Whether all paint is on disk."""
        open_scene, writer = self._state.open_scene, self._writer
        return (
            open_scene is not None
            and writer is not None
            and not writer.has_unsaved(open_scene.volume)
            and not self.busy
        )

    def update(self, now: float) -> None:
        """Save for a few milliseconds if something changed. An error is raised once; the session goes on."""
        open_scene = self._state.open_scene
        self._deliver()
        if (
            open_scene is None
            or not self._asked
            or self._rebuild.shown is not self._state.scene
            or self._worlds.loading
        ):
            return
        if self._awaited is not None:
            if not self._io.busy:
                awaited, self._awaited = self._awaited, None
                self._worlds.load(awaited, refused=self._set_aside)
            return
        if now < self._not_before and not self._wishes:
            return
        try:
            self._work(open_scene, self._open(), now)
        except InputError as error:
            self._not_before, asked, self._wishes = now + PATIENCE, bool(self._wishes), []
            if asked or not self._failed:
                self._failed = True
                folder = self._writer.journal.folder if self._writer else error.where
                raise InputError("What is painted", "", f"isn't on disk: {folder} {error.problem}") from error

    def save(self, then: Callable[[], None] | None = None) -> None:
        """Write all paint up to now to the world file in the background, then call `then`."""
        open_scene = self._state.ready_scene()
        if open_scene is None:
            return
        path, volume, revision = self._worlds.file, weakref.ref(open_scene.volume), open_scene.volume.revision

        def done() -> None:
            if (saved := volume()) is not None:
                self._worlds.mark_saved(saved, revision)
            self._state.notify(f"World saved: {path}")
            if then:
                then()

        self._wishes.append((path, done))
        if self._writer is not None:
            self._writer.cancel_round()  # a save that began earlier may lack the last dream

    def restore(self) -> bool:
        """After a crash, restore the place, the paint and the settings that this run didn't set. The model must be ready.

        Returns False if there is nothing to restore.
        """
        state, journal = self._state, self._open().journal
        self._asked = True
        if self.guest or not holds_newer_paint(
            journal, state.session.world, lambda words: state.notify(words, "warning")
        ):
            return False
        try:
            left = read_kept(journal.folder)
        except InputError as error:
            self._set_aside(error)
            return False
        state.session = with_kept(state.session, left.session)
        state.travel.go_to = left.camera
        self._awaited = journal.folder
        if left.scene is not None:
            unpack = partial(unpack_scene, state.scene.name, left.scene)
            self._io.submit(unpack, lambda scene: setattr(state, "scene", scene))
        state.notify("Restored the scene that was open when Rayverie was interrupted")
        return True

    def restore_for_model(self) -> bool:
        """After switching to other latents: restore their paint if a crash kept it from the world file.

        Returns False if there is none.
        """
        state = self._state
        journal = self._open().journal
        if self.guest or not holds_newer_paint(
            journal, self._worlds.home, lambda words: state.notify(words, "warning")
        ):
            return False
        self._awaited = journal.folder
        return True

    def close(self, world: Path | None = None) -> None:
        """End cleanly: write `world` and all requested world files, and delete the journal.

        Raises InputError if that fails. The journal then stays, and the next start restores its paint.
        """
        open_scene, writer = self._state.open_scene, self._writer
        paths = {path for path, _ in self._wishes} | ({world} if world else set())
        coming = self._worlds.loading or self._awaited is not None  # a world is only partly loaded
        whole = False
        try:
            wait([future for future, _ in self._packing])
            self._deliver()
            if paths and open_scene and writer and not coming:
                writer.write_all(open_scene.volume, partial(self._capture, open_scene))
                for path in paths:
                    writer.pack_file(path, self._state.folders.data).result()
            whole = not coming
        finally:
            self._journals.close(discard=whole)

    def _work(self, open_scene: OpenScene, writer: WorldWriter, now: float) -> None:
        volume = open_scene.volume
        if writer.volume is not volume:  # nothing is being saved, or the volume was replaced
            shows = (self._state.session, self._state.camera, self._state.scene)
            due = writer.has_unsaved(volume) or (shows != self._saved and now - self._saved_at >= PERIOD)
            if not self._wishes and (self.guest or not due):
                return
            writer.start_round(volume)
            self._shown = shows
        if writer.write_for(partial(self._capture, open_scene)):
            self._saved, self._saved_at, self._failed = self._shown, now, False
            self._journals.forget_left()
            self._packing += [(writer.pack_file(path, self._state.folders.data), then) for path, then in self._wishes]
            self._wishes = []

    @property
    def _writer(self) -> WorldWriter | None:
        return self._journals.writer

    def _open(self) -> WorldWriter:
        """The writer of this world's journal. Opening another scene or world changes it."""
        state = self._state

        def refused(error: InputError) -> None:
            words = "autosave is off, and worlds are saved elsewhere"
            state.notify(f"{str(error).rstrip('.')}: {words}", "warning")

        latents = state.model.space if state.model is not None else ""
        whose = state.session.world, state.session.scene, state.saved_scene.name, latents
        return self._journals.open(whose, lambda: self._worlds.home, state.folders.data, refused)

    def _capture(self, open_scene: OpenScene) -> Callable[[Mapping[TileKey, str]], WorldIndex]:
        state, model = self._state, open_scene.painter.client.model
        assert model is not None  # paint is saved after `restore`, which follows the model
        kept = KeptSession(state.session, state.camera)
        prompts = open_scene.painter.client.prompts
        edited = state.scene if state.unsaved or state.scene != state.saved_scene else None

        def extras() -> dict[str, Any]:
            packed = None if edited is None else pack_scene(edited)
            painted = {"prompts": prompts.to_json(), "settings": describe_paint_settings(kept.session)}
            return replace(kept, scene=packed).to_json() | painted

        return make_description(open_scene.scene, open_scene.plan.charts, model.space, open_scene.volume, extras)()

    def _deliver(self) -> None:
        while self._packing and self._packing[0][0].done():
            future, then = self._packing.pop(0)
            future.result()
            then()

    def _set_aside(self, error: Exception) -> None:
        """Move a journal that can't be used here to another name."""
        if self._writer is None:
            return
        aside = self._writer.journal.set_aside()
        words = f"The autosaved scene can't be restored; it was moved to {aside}: {error}"
        self._state.notify(words, "warning")
