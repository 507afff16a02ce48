"""`rayverie gallery`: lists, searches, pins, enlarges, deletes, restores and exports the pictures of the gallery."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from rich import box
from rich.console import Console
from rich.filesize import decimal
from rich.table import Table

from app.commands import GalleryCommand
from app.files.gallery.entry import Entry, as_json, is_match, select
from app.files.gallery.gallery import Gallery, Listing, gallery_folder
from app.terminal import escape_json, open_console
from app.upscaling import refuse_upscaling
from base.errors import InputError, escape_controls
from base.files import expand_user
from base.outputs import Output, is_marked_png, refuse_outputs
from base.reading import is_folder

NAMES = "names"
LISTED = (("list", "--search"), ("list", "--pinned"), ("bin", "--search"), ("search", "--pinned"))  # that filter lists


class Action(NamedTuple):
    """run: (gallery, its listing, the command); words: what they are, "" where there are none."""

    run: Callable[[Gallery, Listing, GalleryCommand], None]
    words: str


def run(command: GalleryCommand) -> int:
    if command.action not in ACTIONS:
        raise InputError("rayverie gallery", "ACTION", f"is missing; it must be one of {', '.join(ACTIONS)}")
    if command.folder is not None and not is_folder(expand_user(command.folder)):
        raise InputError(command.folder, "", "is no folder; --folder names the one of a gallery")
    action, gallery = ACTIONS[command.action], Gallery(command.folder or gallery_folder())
    _refuse_filters(command, action)
    filtered = command.search is not None or command.pinned
    if bool(action.words) != bool(command.words) and not (filtered and action.words == NAMES):
        problem = f"is missing; give {action.words}" if action.words else f"is {command.words[0]}; none is needed"
        raise InputError(f"rayverie gallery {command.action}", "NAME", problem)
    if command.out is not None and command.action != "export":
        raise InputError("--out", "", f"has no effect on `gallery {command.action}`; it is for `gallery export`")
    if command.action != "upscale" and (command.upscale, command.upscaler) != (GalleryCommand().upscale, None):
        flag = "--upscale" if command.upscaler is None else "--upscaler"
        raise InputError(flag, "", f"has no effect on `gallery {command.action}`; it is for `gallery upscale`")
    if command.json and command.action not in ("list", "search", "bin"):
        raise InputError("--json", "", f"has no effect on `gallery {command.action}`; it is for lists")
    listing = gallery.list_bin() if command.action in ("bin", "restore") else gallery.list()
    console = open_console(errors=True)
    for problem in listing.problems:
        console.print(escape_controls(problem), style="yellow", soft_wrap=True)
    action.run(gallery, listing, command)
    return 0


def _refuse_filters(command: GalleryCommand, action: Action) -> None:
    """Refuse --search and --pinned where they have no effect. Raises InputError."""
    filters = (("--search", command.search is not None), ("--pinned", command.pinned))
    for flag, given in filters:
        if given and action.words != NAMES and (command.action, flag) not in LISTED:
            raise InputError(flag, "", f"has no effect on `gallery {command.action}`")
    if command.pinned and command.action in ("delete", "pin", "restore"):
        raise InputError("--pinned", "", f"has nothing to {command.action}; pinned pictures stay in the gallery")
    if command.search is not None and not command.search.split():
        raise InputError("--search", "", "is empty; give words of the prompts")


def _chosen(listing: Listing, command: GalleryCommand) -> list[Entry]:
    """The pictures that names, --search and --pinned mean together. Raises InputError if there are none."""
    entries = select(listing.entries, command.words) if command.words else listing.entries
    found = _filter(entries, command.search or "", command.pinned)
    if not found:
        flag = "--search" if command.search else "--pinned"
        raise InputError(flag, "", "finds no picture" + (" of these names" if command.words else " in the gallery"))
    return found


def _filter(entries: Iterable[Entry], query: str, pinned: bool) -> list[Entry]:
    """Entries that match a query; pinned: only those that are pinned."""
    return [entry for entry in entries if is_match(entry, query) and (entry.pinned or not pinned)]


def _list(gallery: Gallery, listing: Listing, command: GalleryCommand) -> None:
    query = " ".join(command.words) if command.action == "search" else command.search or ""
    found = _filter(listing.entries, query, command.pinned)
    if command.json:
        print(escape_json(json.dumps([as_json(entry) for entry in found], indent=2)))
    else:
        _show(open_console(), found)


def _show(console: Console, entries: list[Entry]) -> None:
    if not entries:
        console.print("No pictures.", highlight=False)
        return
    table = Table("name", "made", "size", "", "prompt", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.columns[0].no_wrap = True
    for entry in entries:
        made = datetime.fromtimestamp(entry.changed / 1e9).strftime("%Y-%m-%d %H:%M")
        size, pin = f"{entry.size[0]}x{entry.size[1]}", "pinned" if entry.pinned else ""
        table.add_row(entry.name, made, size, pin, escape_controls(entry.prompt or "(no settings)"))
    console.print(table, markup=False)
    many = "1 picture" if len(entries) == 1 else f"{len(entries)} pictures"
    console.print(f"{many}, {decimal(sum(entry.bytes for entry in entries))}.", highlight=False)


def _each(change: Callable[[Gallery, Entry], None], done: str) -> Callable[..., None]:
    """An action on each chosen picture; all are looked up first, so that a wrong name changes nothing."""

    def run(gallery: Gallery, listing: Listing, command: GalleryCommand) -> None:
        for entry in _chosen(listing, command):
            change(gallery, entry)
            open_console(errors=True).print(f"{entry.name} is {done}.", soft_wrap=True, highlight=False)

    return run


def _delete(gallery: Gallery, listing: Listing, command: GalleryCommand) -> None:
    """Pinned pictures that are named are refused before anything is deleted; those that a search or a range finds stay."""
    console, chosen = open_console(errors=True), _chosen(listing, command)
    pinned = [entry for entry in chosen if entry.pinned]
    named = [entry for entry in pinned if any(".." not in word and word in entry.name for word in command.words)]
    if named or len(pinned) == len(chosen):
        raise InputError((named or pinned)[0].name, "", "is pinned; unpin it before you delete it")
    for entry in chosen:
        if entry.pinned:
            console.print(f"{entry.name} stays: it is pinned.", soft_wrap=True, highlight=False)
        else:
            gallery.delete(entry.name)
            console.print(f"{entry.name} is in the bin.", soft_wrap=True, highlight=False)


def _export(gallery: Gallery, listing: Listing, command: GalleryCommand) -> None:
    entries = _chosen(listing, command)
    out = command.out or Path("out/gallery")
    single = out.suffix.lower() == ".png"
    if single and len(entries) > 1:
        raise InputError("--out", "", f"is {out}, one file for {len(entries)} pictures; name a folder")
    targets = [out if single else out / f"{entry.name}.png" for entry in entries]
    ours = None if single else is_marked_png
    refuse_outputs([Output("--out", target, ours) for target in targets], [("NAME", entry.path) for entry in entries])
    for entry, target in zip(entries, targets, strict=True):
        gallery.export(entry.name, target)
    what = targets[0] if len(targets) == 1 else f"{out} with {len(targets)} pictures"
    open_console(errors=True).print(f"{what} is ready.", soft_wrap=True, highlight=False)


def _upscale(gallery: Gallery, listing: Listing, command: GalleryCommand) -> None:
    entries = _chosen(listing, command)
    refuse_upscaling(command.upscale, command.upscaler)
    from diffusion.loaders.running import find_device
    from diffusion.text2image.upscaled import upscale_png

    for entry in entries:
        image, recipe = upscale_png(entry.path, command.upscale, command.upscaler, find_device("auto"))
        added = gallery.add(image, recipe)
        sizes = " is now there as ".join(f"{width}x{height}" for width, height in (entry.size, added.size))
        open_console(errors=True).print(f"{entry.name}, {sizes}: {added.name}.", soft_wrap=True, highlight=False)


def _empty(gallery: Gallery, listing: Listing, command: GalleryCommand) -> None:
    count = gallery.empty_bin()
    open_console(errors=True).print(f"The bin is empty; {count} pictures were in it.", highlight=False)


ACTIONS: Mapping[str, Action] = {
    "list": Action(_list, ""),
    "search": Action(_list, "words of a prompt"),
    "pin": Action(_each(lambda gallery, entry: gallery.pin(entry.name), "pinned"), NAMES),
    "unpin": Action(_each(lambda gallery, entry: gallery.pin(entry.name, False), "no longer pinned"), NAMES),
    "upscale": Action(_upscale, NAMES),
    "delete": Action(_delete, NAMES),
    "export": Action(_export, NAMES),
    "bin": Action(_list, ""),
    "restore": Action(_each(lambda gallery, entry: gallery.restore(entry.name), "back in the gallery"), NAMES),
    "empty-bin": Action(_empty, ""),
}
