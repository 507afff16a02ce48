"""Checks a command's outputs before its work: they must not replace its inputs or files of another origin."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

from PIL.PngImagePlugin import PngInfo

from base.errors import InputError
from base.files import refuse_unwritable
from base.png import read_texts
from base.reading import open_regular

SOFTWARE = "Rayverie"  # the text of that keyword in PNGs, https://www.w3.org/TR/png-3/#11keywords
MOST_MARK = 4096  # bytes at the start of a text file that are searched for its mark


@dataclass(frozen=True)
class Output:
    """A file that will be written.

    flag: the option that names it or its folder
    ours: whether an existing file was written by this program; None where the user named this very file
    updates: whether an input of the same name is meant to be the same file, as a world is read and saved
    """

    flag: str
    path: Path
    ours: Callable[[Path], bool] | None = None
    updates: bool = False


def refuse_outputs(outputs: Iterable[Output], inputs: Collection[tuple[str, Path]] = ()) -> None:
    """Raise InputError for an output that can't be written, is also an input, is written twice, or is a file of another origin.

    inputs: (flag, file) of all that is read.
    """
    earlier: list[Output] = []
    for output in outputs:
        refuse_unwritable(output.path)
        for flag, path in inputs:
            if not (output.updates and flag == output.flag) and is_same_file(output.path, path):
                raise InputError(output.flag, "", f"would replace {path}, which {flag} reads; choose another name")
        for other in earlier:
            if is_same_file(output.path, other.path):
                raise InputError(output.flag, "", f"would replace {path_of(other)}; choose another name")
        refuse_foreign(output)
        earlier.append(output)


def path_of(output: Output) -> str:
    return f"{output.path}, which {output.flag} writes"


def refuse_foreign(output: Output) -> None:
    """Raise InputError if an output would replace a file that this program did not write."""
    if output.ours is not None and os.path.lexists(output.path) and not output.ours(output.path):
        problem = f"would replace {output.path}, which Rayverie did not write; choose another name or move that file"
        raise InputError(output.flag, "", problem)


def refuse_nameless(flag: str, path: Path, suffixes: Collection[str] = ()) -> None:
    """Raise InputError for a path without a name of its own: ".", "..", "/", or nothing but one of the suffixes."""
    if path.name in ("", ".."):
        raise InputError(flag, "", f"is {str(path)!r}; it must be the name of a file or folder")
    if path.name.lower() in suffixes:
        raise InputError(flag, "", f"is {str(path)!r}, a suffix without a name; it must be like name{path.name}")


def is_same_file(one: Path, other: Path) -> bool:
    """Whether two paths mean one regular file, also one that does not exist yet. Devices are never the same."""
    try:
        return (one.is_file() and other.is_file() and one.samefile(other)) or _is_new_and_same(one, other)
    except (OSError, ValueError):
        return False


def make_mark_test(mark: str) -> Callable[[Path], bool]:
    """Return a function that tests whether a text file has `mark` near its start."""

    def test(path: Path) -> bool:
        try:
            with open_regular(path, "a file") as file:
                return mark.encode() in file.read(MOST_MARK)
        except InputError:
            return False

    return test


def is_marked_png(path: Path) -> bool:
    """Whether this program made a PNG: it contains settings, or the mark of a picture sheet."""
    try:
        texts = read_texts(path)
    except InputError:
        return False
    return "rayverie" in texts or texts.get("Software") == SOFTWARE or '"rayverie":' in texts.get("comment", "")


def png_mark() -> PngInfo:
    """The texts of a PNG without settings, by which `is_marked_png` knows it."""
    info = PngInfo()
    info.add_text("Software", SOFTWARE)
    return info


def _is_new_and_same(one: Path, other: Path) -> bool:
    return not one.exists() and not other.exists() and os.path.realpath(one) == os.path.realpath(other)
