"""The state of single pictures: the form, work in progress, the gallery, and pictures over the scene."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from app.files.gallery.entry import Entry, is_match
from app.files.gallery.gallery import Listing
from app.loop.messages import Message, PictureFailed, PictureMade, PicturePreview, PictureRequest
from app.state.mask_editor import MaskEditor
from app.state.picture_form import PictureForm
from diffusion.text2image.recipe import GenerateSettings
from diffusion.training.run_log import RunLog

KEPT = 400  # small pictures in memory, 30 MB
KEPT_SHEETS = 48  # of a training run, at most 110 MB
_IDS = itertools.count()


@dataclass(frozen=True)
class Progress:
    """running: pictures that wait or are being made, in order; made: of these, how many are done; preview: of the running one;
    last: the last finished picture, uint8 [H,W,3]."""

    running: tuple[PictureRequest, ...] = ()
    made: int = 0
    preview: PicturePreview | None = None
    last: np.ndarray | None = None

    @property
    def busy(self) -> bool:
        return bool(self.running)

    @property
    def share(self) -> float:
        """0..1, of all pictures that were asked for."""
        total = self.made + len(self.running)
        step = self.preview.step / self.preview.steps if self.preview else 0.0
        return (self.made + step) / total if self.running else 0.0

    @property
    def picture(self) -> np.ndarray | None:
        """The running picture's preview, else the last finished picture."""
        return self.preview.image if self.preview is not None and self.preview.image is not None else self.last

    def ask(self, requests: Iterable[PictureRequest]) -> Progress:
        return replace(self, running=(*self.running, *requests), made=self.made if self.running else 0)

    def cancelled(self) -> Progress:
        return Progress(last=self.last)

    def take(self, message: Message) -> Progress:
        """Handle a worker's message. Unrelated ones change nothing."""
        if isinstance(message, PicturePreview) and self.running and message.id == self.running[0].id:
            image = self.preview.image if message.image is None and self.preview else message.image
            return replace(self, preview=replace(message, image=image))
        if isinstance(message, PictureMade | PictureFailed) and message.request in self.running:
            left = tuple(request for request in self.running if request is not message.request)
            last = message.image if isinstance(message, PictureMade) else self.last
            return Progress(left, self.made + 1, None, last)
        return self


def requests_of(form: PictureForm) -> tuple[PictureRequest, ...]:
    """A request for each picture of a form."""
    return tuple(PictureRequest(next(_IDS), settings, form.every) for settings in form.pictures)


def request_of(settings: GenerateSettings, source: Path) -> PictureRequest:
    """A request to enlarge the picture of a file, as its settings with an upscale say."""
    return PictureRequest(next(_IDS), settings, source=source)


@dataclass(frozen=True)
class ShownPictures:
    """Pictures over the scene, uint8 [H,W,3 or 4] of one size, with their captions. wipe: of two, one over the other with a line to
    drag, instead of side by side."""

    pictures: tuple[np.ndarray, ...]
    captions: tuple[str, ...]
    wipe: bool = True


@dataclass
class GalleryView:
    """The gallery as its panel shows it. listing: None until it was read; query: searched for; chosen: names, the last clicked last;
    deleted: names that undo brings back, the last deleted last; watched_at: when the panel was last drawn."""

    listing: Listing | None = None
    query: str = ""
    pinned_only: bool = False
    chosen: tuple[str, ...] = ()
    deleted: tuple[str, ...] = ()
    watched_at: float = -np.inf
    _found: tuple[object, tuple[Entry, ...]] = (None, ())

    @property
    def entries(self) -> tuple[Entry, ...]:
        return () if self.listing is None else self.listing.entries

    @property
    def found(self) -> tuple[Entry, ...]:
        """The entries that match the search, newest first; the same tuple while nothing changes."""
        key = self.listing, self.query, self.pinned_only
        if self._found[0] != key:
            found = (e for e in self.entries if is_match(e, self.query) and (e.pinned or not self.pinned_only))
            self._found = key, tuple(found)
        return self._found[1]

    @property
    def chosen_entries(self) -> tuple[Entry, ...]:
        """The chosen pictures that are still there."""
        by_name = {entry.name: entry for entry in self.entries if entry.name in self.chosen}
        return tuple(by_name[name] for name in self.chosen if name in by_name)

    def choose(self, name: str, further: bool = False) -> None:
        """Select a picture. further: add it to the last selected one, or remove it."""
        if not further:
            self.chosen = (name,)
        elif name in self.chosen:
            self.chosen = tuple(other for other in self.chosen if other != name)
        else:
            self.chosen = (*self.chosen[-1:], name)


class SmallPictures:
    """Small copies of picture files for panels: what is asked for is read in the background. A file that can't be read has none."""

    def __init__(self, most: int = KEPT) -> None:
        self.most = most
        self._known: dict[Path, np.ndarray | None] = {}  # the one that was used last comes last
        self.wanted: dict[Path, None] = {}

    def get(self, path: Path) -> np.ndarray | None:
        """uint8 [h,w,3], or None until it is read."""
        if path not in self._known:
            self.wanted[path] = None
            return None
        self._known[path] = picture = self._known.pop(path)
        return picture

    def put(self, path: Path, picture: np.ndarray | None) -> None:
        self._known[path] = picture
        while len(self._known) > self.most:
            self._known.pop(next(iter(self._known)))


@dataclass
class PictureWork:
    """form: what the Picture panel asks for; progress: what is being made; gallery: as shown; small: copies for panels;
    seen, editor, run: what lies over the scene, at most one of them; shelved: the editor that was closed last, with all its steps;
    sheets: those of the run."""

    form: PictureForm = field(default_factory=PictureForm)
    progress: Progress = field(default_factory=Progress)
    gallery: GalleryView = field(default_factory=GalleryView)
    small: SmallPictures = field(default_factory=SmallPictures)
    seen: ShownPictures | None = None
    editor: MaskEditor | None = None
    shelved: MaskEditor | None = None
    run: RunLog | None = None
    sheets: SmallPictures = field(default_factory=lambda: SmallPictures(KEPT_SHEETS))

    @property
    def over_scene(self) -> bool:
        return self.seen is not None or self.editor is not None or self.run is not None

    def close(self) -> None:
        """Uncover the scene. The mask editor is kept in case its picture is opened again."""
        self.shelved = self.editor or self.shelved
        self.seen = self.editor = self.run = None
        self.sheets = SmallPictures(KEPT_SHEETS)
