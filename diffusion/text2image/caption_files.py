"""Read banks of captions: a text file, a folder of captions as in training sets, or a bank with vectors."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from base.errors import InputError
from base.reading import is_file, is_folder, parse_json, read_text
from diffusion.text2image.prompt_matching import BANK, Embed, PromptBank

MOST = 20_000  # most captions of a bank
LONGEST = 1000  # most characters of a caption
METADATA = "metadata.jsonl"
KEYS = ("text", "caption", "prompt")  # fields of a METADATA line; the first one present counts
WHAT = "a bank of prompts: a text file with one on each line, a folder with captions, or a .safetensors bank"


def read_captions(path: str | Path) -> tuple[str, ...]:
    """Read the distinct captions of a bank, in order: at least one, at most MOST. Raises InputError.

    A text file has one on each line; empty lines and lines that start with # are skipped. A folder has a METADATA file
    (`{"text": …}` on each line), or else a .txt file for each picture. A .safetensors file is a bank that `PromptBank.save` wrote.
    """
    path = Path(path)
    if path.suffix == ".safetensors":
        return PromptBank.load(path).captions
    if is_folder(path):
        lines = _metadata(path / METADATA) if is_file(path / METADATA) else _folder(path)
    else:
        lines = _metadata(path) if path.suffix == ".jsonl" else _lines(path)
    found: dict[str, None] = {}
    for line in lines:
        caption = " ".join(line.split())
        if len(caption) > LONGEST:
            raise InputError(path, "", f"has a caption of {len(caption)} characters; {LONGEST} are allowed")
        if caption:
            found[caption] = None
        if len(found) > MOST:
            raise InputError(path, "", f"has more than {MOST} captions")
    if not found:
        raise InputError(path, "", f"has no captions; it must be {WHAT}")
    return tuple(found)


def open_bank(path: str | Path | None, embed: Embed) -> PromptBank:
    """Open a bank; None is the embedded model's. Captions without vectors are embedded, about fifty a second. Raises InputError."""
    if path is None:
        return PromptBank.load(BANK)
    if Path(path).suffix == ".safetensors":
        bank, width = PromptBank.load(path), embed(["a wall"]).shape[1]
        if bank.width != width:
            raise InputError(path, "", f"has vectors of {bank.width} numbers; this text encoder makes {width}")
        return bank
    return PromptBank.build(read_captions(path), embed)


def _lines(path: Path) -> Iterable[str]:
    lines = (line.strip() for line in read_text(path, WHAT).splitlines())
    return (line for line in lines if not line.startswith("#"))


def _folder(folder: Path) -> Iterable[str]:
    try:
        files = sorted(file for file in folder.iterdir() if file.suffix.lower() == ".txt" and file.name[0] != ".")
    except OSError as error:
        raise InputError(folder, "", f"can't be listed ({error.strerror or error})") from error
    return (read_text(file, "the caption of a picture", 1 << 16) for file in files[: MOST + 1])


def metadata_lines(path: Path) -> Iterator[tuple[int, Any]]:
    """The number and the JSON value of each line of a METADATA file that isn't empty. Raises InputError."""
    for number, line in enumerate(read_text(path, "captions, one JSON object on each line").splitlines(), 1):
        if line.strip():
            yield number, parse_json(line, path, "a JSON object", f"line {number}")


def caption_of(path: Path, number: int, entry: Any) -> str:
    """The caption in the value of a METADATA file's line. Raises InputError."""
    found = next((entry[key] for key in KEYS if key in entry), None) if isinstance(entry, dict) else None
    if not isinstance(found, str):
        raise InputError(
            path, f"line {number}", f"has no caption; it must be an object with {' or '.join(KEYS)}, a text"
        )
    return found


def _metadata(path: Path) -> Iterable[str]:
    return (caption_of(path, number, entry) for number, entry in metadata_lines(path))
