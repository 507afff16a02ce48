"""`Entry`: what lists and searches know of one picture of the gallery, read from the start of its PNG."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from base.errors import InputError, escape_controls
from base.png import read_head
from base.reading import parse_json

KEY = "rayverie"  # of the PNG's text, see diffusion.text2image.metadata


@dataclass(frozen=True)
class Entry:
    """One picture.

    name: of the file without .png, rising with time; size: (width, height) in pixels; bytes, changed: of the file, changed in ns
    pinned: kept whatever the bounds say
    prompt, negative: "" where the PNG has no settings; further: prompts of anagrams; seed: None likewise; model: name of the weights
    upscale: how many times it was enlarged
    """

    path: Path
    size: tuple[int, int]
    bytes: int
    changed: int
    pinned: bool = False
    prompt: str = ""
    negative: str = ""
    further: tuple[str, ...] = ()
    seed: int | None = None
    model: str = ""
    upscale: int = 1

    @cached_property
    def name(self) -> str:
        return self.path.stem

    @property
    def has_settings(self) -> bool:
        return self.seed is not None


def read_entry(path: Path, pinned: bool = False) -> Entry:
    """The entry of a PNG. Raises InputError for another file, one that is cut off, or one whose settings are no JSON."""
    found, head = path.stat(), read_head(path)
    entry = Entry(path, head.size, found.st_size, found.st_mtime_ns, pinned)
    if KEY not in head.texts:
        return entry
    values = parse_json(head.texts[KEY], path, "settings", KEY, names=True)
    try:
        settings = values["settings"]
        return Entry(
            *(path, head.size, found.st_size, found.st_mtime_ns, pinned),
            prompt=escape_controls(str(settings["prompt"])),
            negative=escape_controls(str(settings.get("negative", ""))),
            further=tuple(escape_controls(str(words)) for words in settings.get("anagram", ())),
            seed=int(settings["dream"]["seed"]),
            model=escape_controls(str(values.get("model_id", ""))),
            upscale=int(settings.get("upscale", 1)),
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        return entry  # a screenshot, or another version's: a picture all the same


def is_match(entry: Entry, query: str) -> bool:
    """Whether every word of a query is part of the prompts, the model's name or the seed. Case doesn't count; "" finds all."""
    seed = "" if entry.seed is None else str(entry.seed)
    text = " ".join((entry.prompt, entry.negative, *entry.further, entry.model, seed)).casefold()
    return all(word in text for word in query.casefold().split())


def as_json(entry: Entry) -> dict[str, object]:
    """JSON values of an entry."""
    return {
        "name": entry.name,
        "path": str(entry.path),
        "size": list(entry.size),
        "bytes": entry.bytes,
        "pinned": entry.pinned,
        "prompt": entry.prompt,
        "negative": entry.negative,
        "seed": entry.seed,
        "model": entry.model,
    }


def select(entries: tuple[Entry, ...], words: tuple[str, ...]) -> list[Entry]:
    """The entries of names and of ranges of names, A..B, each once. A range takes every name from the first that begins with A to the
    last that begins with B, either of which may be left out: names rise with time. Raises InputError for what finds nothing."""
    found: dict[str, Entry] = {}
    for word in words:
        low, dots, high = word.partition("..")
        if not dots or any(entry.name == word for entry in entries):
            chosen = [find(entries, word)]
        else:
            chosen = [one for one in entries if one.name >= low and (one.name < high or one.name.startswith(high))]
        if not chosen:
            raise InputError(word, "", "has no picture of the gallery in it")
        found |= {entry.name: entry for entry in chosen}
    return list(found.values())


def find(entries: tuple[Entry, ...], word: str) -> Entry:
    """The entry of this name, or the only one whose name holds the word. Raises InputError."""
    for found in ([e for e in entries if e.name == word], [e for e in entries if word in e.name]):
        if len(found) == 1:
            return found[0]
    raise InputError(word, "", f"is {'part of several names' if found else 'no picture'} of the gallery")
