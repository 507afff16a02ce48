"""Actions on pictures of the gallery: view, compare, pin, delete with undo, copy, splat onto the scene; and training runs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from app.actions import image_jobs
from app.actions.context import ActionContext
from app.actions.image_fit import contain
from app.files.gallery.entry import Entry
from app.files.picture import Source, read_picture
from app.state.mask_editor import MaskEditor
from app.state.picture_form import TURNS
from app.state.picture_work import ShownPictures
from base.errors import escape_controls
from diffusion.text2image.metadata import read_png
from diffusion.training.run_log import RunLog, read_run


def view_pictures(context: ActionContext, *entries: Entry) -> None:
    """Show one picture over the scene, an anagram with its turned copies beside it, or compare two."""

    def read() -> ShownPictures:
        pictures = [read_picture(entry.path).picture for entry in entries]
        if len(entries) == 1 and entries[0].further:
            return _turned(entries[0], pictures[0])
        first = pictures[0]
        fitted = [p if p.shape == first.shape else contain(p, (first.shape[1], first.shape[0])) for p in pictures]
        return ShownPictures(tuple(fitted), tuple(_caption(entry) for entry in entries))

    context.services.gallery.read(read, lambda seen: cover_scene(context, seen=seen))


def cover_scene(
    context: ActionContext,
    seen: ShownPictures | None = None,
    editor: MaskEditor | None = None,
    run: RunLog | None = None,
) -> None:
    """Cover the scene with pictures, the mask editor or a training run, replacing an earlier cover."""
    context.release_mouse()
    work = context.state.pictures
    work.close()
    work.seen, work.editor, work.run = seen, editor, run


def open_run(context: ActionContext, folder: Path) -> None:
    """Show a training run over the scene: its sheets of samples as a film, beside its curves."""

    def show(run: RunLog) -> None:
        if context.state.pictures.run is None:
            cover_scene(context, run=run)
        context.state.pictures.run = run

    context.services.gallery.read(lambda: read_run(folder), show)


def close_pictures(context: ActionContext) -> None:
    """Uncover the scene."""
    context.state.pictures.close()


def pin_picture(context: ActionContext, name: str, pinned: bool) -> None:
    context.services.gallery.pin(name, pinned)


def delete_picture(context: ActionContext, name: str) -> None:
    """Move a picture to the bin, from where `undo_delete` brings it back."""
    view = context.state.pictures.gallery

    def done() -> None:
        view.chosen = tuple(other for other in view.chosen if other != name)
        view.deleted = (*view.deleted, name)

    context.services.gallery.delete(name, done)


def undo_delete(context: ActionContext) -> None:
    """Bring back the picture that was deleted last."""
    view = context.state.pictures.gallery
    if view.deleted:
        name, view.deleted = view.deleted[-1], view.deleted[:-1]
        context.services.gallery.restore(name, lambda: view.choose(name))


def copy_picture(context: ActionContext, entry: Entry) -> None:
    """Copy a picture, with its settings, to the pictures' folder."""
    target = context.state.folders.pictures / entry.path.name
    context.services.gallery.export(
        entry.name, target, lambda: context.state.notify(f"Picture saved: {escape_controls(str(target))}")
    )


def splat_file(context: ActionContext, path: Path) -> None:
    """Lay a picture file onto the visible surfaces, as the Image panel does, which shows it then, too."""

    def take(source: Source) -> None:
        context.state.source = source
        image_jobs.splat(context, source.picture, freeze=True)

    context.services.gallery.read(lambda: read_picture(path), take)


def swap_seen(context: ActionContext) -> None:
    """Switch between wiping and showing the two compared pictures side by side."""
    work = context.state.pictures
    if work.seen is not None:
        work.seen = replace(work.seen, wipe=not work.seen.wipe)


def _turned(entry: Entry, picture: np.ndarray) -> ShownPictures:
    """An anagram, and what each of its further prompts shows."""
    from diffusion.denoisers.anagram import turn_picture

    views = read_png(entry.path).settings.view
    turns = [views[min(place, len(views) - 1)] for place in range(len(entry.further))]
    turned = [contain(turn_picture(picture, turn), (picture.shape[1], picture.shape[0])) for turn in turns]
    captions = (f"{words} · {TURNS[turn]}" for words, turn in zip(entry.further, turns, strict=True))
    return ShownPictures((picture, *turned), (_caption(entry), *captions), wipe=False)


def _caption(entry: Entry) -> str:
    seed = "" if entry.seed is None else f" · seed {entry.seed}"
    return f"{entry.prompt or escape_controls(entry.path.name)}{seed}"
