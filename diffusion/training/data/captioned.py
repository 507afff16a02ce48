"""Read a folder of your own pictures with captions: a .txt file beside each picture, or one metadata.jsonl."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from base.errors import InputError
from base.reading import is_file, is_folder, read_text
from diffusion.text2image.caption_files import LONGEST, METADATA, caption_of, metadata_lines

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff", ".ppm", ".avif")
MOST_TEXT = 1 << 16  # bytes of a .txt


@dataclass(frozen=True)
class CaptionedPicture:
    """A picture file and its caption."""

    path: Path
    caption: str


def is_own_folder(folder: str | Path) -> bool:
    """Whether a folder holds the user's own pictures or captions, and none drawn by `training data`."""
    if not is_folder(folder):
        return False
    files = _files(Path(folder))
    drawn = any(file.name.startswith("pictures-") and file.suffix == ".safetensors" for file in files)
    return not drawn and any(
        _is_picture(file) or file.suffix.lower() == ".txt" or file.name == METADATA for file in files
    )


def read_captioned(folder: str | Path) -> tuple[CaptionedPicture, ...]:
    """Read the captions of a folder's pictures, sorted by file name. The pictures themselves are not opened.

    Captions come from METADATA (`{"file_name": …, "text": …}` on each line) if it exists, otherwise from .txt files of the same name.
    Raises InputError, naming file and line, for a picture without a caption and a caption without a picture.
    """
    folder = Path(folder)
    found = tuple(_from_metadata(folder) if is_file(folder / METADATA) else _from_texts(folder))
    if not found:
        raise InputError(folder, "", f"holds no pictures; allowed are {', '.join(SUFFIXES)}")
    return tuple(sorted(found, key=lambda one: one.path))


def _from_texts(folder: Path) -> Iterator[CaptionedPicture]:
    files = _files(folder)
    pictures = [file for file in files if _is_picture(file)]
    texts = {file.stem: file for file in files if file.suffix.lower() == ".txt"}
    for stem in texts.keys() - {picture.stem for picture in pictures}:
        raise InputError(texts[stem], "", f"is a caption without a picture; there is no {stem}.png or .jpg beside it")
    for picture in pictures:
        if picture.stem not in texts:
            raise InputError(picture, "", f"has no caption; write what it shows into {picture.stem}.txt or {METADATA}")
        text = texts[picture.stem]
        yield CaptionedPicture(picture, _check(read_text(text, f"the caption of {picture.name}", MOST_TEXT), text, ""))


def _from_metadata(folder: Path) -> Iterator[CaptionedPicture]:
    path, lines = folder / METADATA, {}
    for number, entry in metadata_lines(path):
        where, name = f"line {number}", entry.get("file_name") if isinstance(entry, dict) else None
        if not isinstance(name, str) or not name:
            raise InputError(path, where, 'has no "file_name"; it must be an object with it and a caption, "text"')
        picture = folder / name
        if Path(name).is_absolute() or ".." in Path(name).parts:
            raise InputError(path, where, f'"file_name" is {name!r}; it must lie in this folder')
        if not _is_picture(picture):
            raise InputError(path, where, f'"file_name" is {name!r}; a picture ends in {", ".join(SUFFIXES)}')
        if not is_file(picture):
            raise InputError(path, where, f"is a caption without a picture; there is no {name}")
        if picture in lines:
            raise InputError(path, where, f"names {name} again, after line {lines[picture]}")
        lines[picture] = number
        yield CaptionedPicture(picture, _check(caption_of(path, number, entry), path, where))
    for file in _files(folder):
        if _is_picture(file) and file not in lines:
            raise InputError(file, "", f"has no caption; {METADATA} does not name it")


def _check(caption: str, where: Path, field: str) -> str:
    """The caption on one line. Raises InputError for an empty one and one that is too long."""
    caption = " ".join(caption.split())
    if not caption:
        raise InputError(where, field, "has an empty caption; it must say what the picture shows")
    if len(caption) > LONGEST:
        raise InputError(where, field, f"has a caption of {len(caption)} characters; {LONGEST} are allowed")
    return caption


def _is_picture(file: Path) -> bool:
    return file.suffix.lower() in SUFFIXES


def _files(folder: Path) -> list[Path]:
    """The folder's files, sorted, without hidden ones. Raises InputError."""
    try:
        return sorted(file for file in folder.iterdir() if file.name[0] != "." and not file.is_dir())
    except OSError as error:
        raise InputError(folder, "", f"can't be listed ({error.strerror or error})") from error
