"""Group the rows of a prompt's context by the words of the prompt."""

from __future__ import annotations

from collections.abc import Sequence

Words = tuple[tuple[str, tuple[int, ...]], ...]  # (word, its rows) in order; every row occurs once
REST = "the whole"  # stands for rows that belong to no word: start, end and padding tokens, the sentence vector


def group_words(pieces: Sequence[str]) -> Words:
    """The words of a tokenized prompt with their rows.

    pieces: the text of each row. " bri" starts a word, "ck" continues it, and "" belongs to no word.
    """
    words: list[tuple[str, list[int]]] = []
    rest: list[int] = []
    for row, piece in enumerate(pieces):
        if not piece:
            rest.append(row)
        elif piece.startswith(" ") or not words:
            words.append((piece.strip(), [row]))
        else:
            words[-1] = words[-1][0] + piece, [*words[-1][1], row]
    return tuple((word, tuple(rows)) for word, rows in [*words, *([(REST, rest)] if rest else [])])
