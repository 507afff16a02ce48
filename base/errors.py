"""The one exception for bad input: a sentence that names the file, the field and what is allowed."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

# Control characters, lone surrogates, and the characters that end a line or turn the direction of a text.
_UNSHOWN = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff]")
MOST_WORDS = 600  # maximum characters of a sentence


class InputError(Exception):
    """The user's input can't be used; the program says so in one sentence and exits with code 2.

    where:   the file or option, e.g. ``materials.yaml`` or ``--size``
    field:   the part of it, e.g. ``materials[2].height``; "" when the whole of it is meant
    problem: what is there and what is allowed, e.g. ``is -3; a height is a number of blocks from 0 to 256``

    The sentence is one line without control characters, whatever the three hold.
    """

    def __init__(self, where: object, field: str, problem: str) -> None:
        self.where, self.field, self.problem = str(where), field, problem
        place = f"{shorten(self.where)}: {shorten(field)}" if field else shorten(self.where)
        super().__init__(f"{place} {shorten(problem, MOST_WORDS)}.")


def escape_controls(text: str) -> str:
    """`text` with its control characters as escapes (``\\x1b``): safe to print, and one line."""
    return _UNSHOWN.sub(lambda found: found[0].encode("unicode_escape", "surrogatepass").decode(), text)


def shorten(text: str, most: int = 300) -> str:
    """Escape a text and shorten it in the middle to at most about `most` characters."""
    text = text if len(text) <= most else f"{text[: most * 2 // 3]} … {text[-most // 3 :]}"
    return escape_controls(text)


def nearest(word: str, known: Iterable[str]) -> str:
    """Return the end of a sentence about an unknown word: the most similar known one, if any."""
    found = difflib.get_close_matches(word[:100], list(known), 1, 0.7)
    return f"; perhaps {found[0]} was meant" if found else ""
