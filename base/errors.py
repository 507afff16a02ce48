"""The one exception for bad input: a sentence that names the file, the field and what is allowed."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class InputError(Exception):
    """The user's input can't be used; the program says so in one sentence and exits with code 2.

    where:   the file or option, e.g. ``materials.yaml`` or ``--size``
    field:   the part of it, e.g. ``materials[2].height``; "" when the whole of it is meant
    problem: what is there and what is allowed, e.g. ``is -3; a height is a number of blocks from 0 to 256``
    """

    def __init__(self, where: object, field: str, problem: str) -> None:
        self.where, self.field, self.problem = str(where), field, problem
        super().__init__(f"{self.where}: {field} {problem}." if field else f"{self.where} {problem}.")


def nearest(word: str, known: Iterable[str]) -> str:
    """What a sentence about an unknown word ends with: the known one that it nearly is, if any."""
    found = difflib.get_close_matches(word, list(known), 1, 0.7)
    return f"; perhaps {found[0]} was meant" if found else ""
