"""Owns the journals of the open scene and of scenes left before, which are kept until the open one is on disk."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from pathlib import Path
from tempfile import mkdtemp

from app.loop.world_journals import journal_of, open_journal
from base.errors import InputError
from engine.storage.journal import Journal
from engine.storage.world_io import WorldWriter


class Journals:
    """writer: of the open journal, None before the first; guest: whether it is a temporary one, as another program is painting
    this world or its journal can't be written."""

    def __init__(self) -> None:
        self.writer: WorldWriter | None = None
        self.guest = False
        self._whose: Hashable = None
        self._left: dict[Path, WorldWriter] = {}  # by folder

    def open(
        self, whose: Hashable, home: Callable[[], Path], data: Path, refused: Callable[[InputError], None]
    ) -> WorldWriter:
        """The writer of the journal of the world file `home()`. whose: a key that identifies the world;
        data: the folder of all journals; refused: called with the reason if there is only a temporary journal."""
        if self.writer is not None and whose == self._whose:
            return self.writer
        if self.writer is not None:
            self.writer.cancel_round()
            self._left[self.writer.journal.folder] = self.writer
        self._whose, self.guest, world = whose, False, home()
        self.writer = self._left.pop(journal_of(world, data), None)  # set when returning to a scene that was just left
        if self.writer is None:
            self.writer = WorldWriter(self._journal(world, data, refused))
        return self.writer

    def forget_left(self) -> None:
        """Delete the journals of scenes left before."""
        while self._left:
            self._left.popitem()[1].close(discard=True)

    def close(self, discard: bool) -> None:
        """Close all journals; discard: and delete them."""
        for writer in (*self._left.values(), *([self.writer] if self.writer else [])):
            writer.close(discard=discard)
        self.writer, self._left, self._whose = None, {}, None

    def _journal(self, world: Path, data: Path, refused: Callable[[InputError], None]) -> Journal:
        try:
            return open_journal(world, data)
        except InputError as error:
            self.guest = True
            refused(error)
            return Journal(mkdtemp(prefix="rayverie-"))  # used for saving to other files
