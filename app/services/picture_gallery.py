"""The gallery for the window: reads and writes on a thread of its own, and keeps the state's view of it up to date."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from app.files.gallery.entry import Entry
from app.files.gallery.gallery import THUMBNAIL, Gallery, Listing, gallery_folder
from app.files.masks import save_mask
from app.loop.messages import PictureMade
from app.services.background_io import BackgroundIO
from app.state.app_state import AppState
from app.state.picture_work import SmallPictures
from base.errors import InputError
from base.pictures import flat, open_picture

AGAIN = 2.0  # seconds between listings of a visible gallery, because other programs add to it, too
RETRY = 10.0  # seconds before a failed write is repeated
SHEET = 880  # longest side of a training run's sheet, in pixels
AT_ONCE = 16  # small pictures read at a time


class PictureGallery:
    """Call `update` once a frame on the main thread. Every other method returns at once; its callback runs in a later frame."""

    def __init__(self, state: AppState) -> None:
        self._state, self._io = state, BackgroundIO()
        self.gallery = Gallery(gallery_folder(state.folders.data))
        self._listed_at, self._listing, self._reading = -np.inf, False, False
        self._logged: set[str] = set()  # problems of files
        self._unsaved: list[PictureMade] = []
        self._tried_at, self._problem = -np.inf, ""

    def update(self, now: float) -> None:
        """Collect what was read and start reading what panels need. Raises the InputError of a failed change."""
        self._io.poll()
        view = self._state.pictures.gallery
        if self._unsaved and not self._io.busy and now - self._tried_at > RETRY:
            self._save()
        if not self._listing and view.watched_at > now - 1 and now - self._listed_at > AGAIN:
            self.list()
        pictures = self._state.pictures
        for small, largest in ((pictures.small, THUMBNAIL), (pictures.sheets, SHEET)):
            if not self._reading and small.wanted:
                paths = list(small.wanted)[-AT_ONCE:]  # the latest requests are visible now
                self._reading = True
                read = partial(self._read_small, paths, view.entries, largest)
                self._io.submit(read, partial(self._take_small, small))

    def list(self) -> None:
        """List the gallery again."""
        self._listing, self._listed_at = True, self._state.clock()
        known = self._state.pictures.gallery.entries
        self._io.submit(partial(self._list, known), self._take_listing)

    def add(self, made: PictureMade) -> None:
        """Store a picture. If writing fails, it is repeated every RETRY seconds."""
        self._unsaved.append(made)
        self._save()

    def pin(self, name: str, pinned: bool) -> None:
        self._change(lambda: self.gallery.pin(name, pinned))

    def delete(self, name: str, then: Callable[[], None]) -> None:
        self._change(lambda: self.gallery.delete(name), then)

    def restore(self, name: str, then: Callable[[], None]) -> None:
        self._change(lambda: self.gallery.restore(name), then)

    def export(self, name: str, target: Path, then: Callable[[], None]) -> None:
        self._change(lambda: self.gallery.export(name, target), then)

    def save_mask(self, mask: np.ndarray, then: Callable[[Path], None], target: Path | None = None) -> None:
        """Write a mask, uint8 [H,W]; without a target, where recipes can name it. then: gets its path."""
        self._io.submit(lambda: save_mask(mask, self.gallery.folder / "masks", target), then)

    def read(self, work: Callable[[], Any], then: Callable[[Any], None]) -> None:
        """Read something else on this thread."""
        self._io.submit(work, then)

    @property
    def busy(self) -> bool:
        return self._io.busy

    def close(self) -> None:
        """Wait for running writes."""
        self._io.close()

    def _save(self) -> None:
        self._tried_at = self._state.clock()
        self._io.submit(self._write_unsaved, self._on_saved)

    def _write_unsaved(self) -> InputError | None:
        """Write unsaved pictures, oldest first. Returns the error, if any."""
        try:
            while self._unsaved:
                self.gallery.add(self._unsaved[0].image, self._unsaved[0].recipe)
                self._unsaved.pop(0)
        except InputError as error:
            return error
        return None

    def _on_saved(self, error: InputError | None) -> None:
        problem = "" if error is None else error.problem
        if problem and problem != self._problem:
            self._state.notify(f"{error} The picture is kept in memory and tried again.", "error")
        self._problem = problem
        self.list()

    def _change(self, change: Callable[[], object], then: Callable[[], None] = lambda: None) -> None:
        def done(_: object) -> None:
            then()
            self.list()

        self._io.submit(change, done)

    def _list(self, known: tuple[Entry, ...]) -> Listing:
        try:
            return self.gallery.list(known)
        except InputError as error:
            return Listing(known, (str(error),))

    def _take_listing(self, listing: Listing) -> None:
        view = self._state.pictures.gallery
        self._listing = False
        if listing != view.listing:
            view.listing = listing
        for problem in listing.problems:
            if problem not in self._logged:
                self._logged.add(problem)
                self._state.log.add(problem, "warning")

    def _read_small(
        self, paths: list[Path], entries: tuple[Entry, ...], largest: int
    ) -> list[tuple[Path, np.ndarray | None]]:
        by_path = {entry.path: entry for entry in entries if largest == THUMBNAIL}
        return [(path, self._small(path, by_path.get(path), largest)) for path in paths]

    def _small(self, path: Path, entry: Entry | None, largest: int) -> np.ndarray | None:
        with suppress(InputError, OSError):
            if entry is not None:
                return self.gallery.thumbnail(entry)
            return np.array(flat(open_picture(path, largest=largest), 255))
        return None

    def _take_small(self, small: SmallPictures, read: list[tuple[Path, np.ndarray | None]]) -> None:
        self._reading = False
        for path, picture in read:
            small.wanted.pop(path, None)
            small.put(path, picture)
