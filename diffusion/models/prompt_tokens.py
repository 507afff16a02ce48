"""A prompt as chunks of weighted tokens that a text encoder can hold. No word is cut or left out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from diffusion.models.prompt_syntax import parse_prompt


@dataclass(frozen=True)
class Token:
    """id: index in the vocabulary; piece: its text as the tokenizer writes it; starts: whether it starts a word
    weight, span: the weight of its span, and that span's index in the prompt
    """

    id: int
    piece: str
    starts: bool
    weight: float = 1.0
    span: int = 0


Chunk = tuple[Token, ...]


def tokenize(prompt: str, tokens_of: Callable[[str], Iterable[Token]], size: int) -> tuple[Chunk, ...]:
    """The chunks of a prompt, at least one, each of at most `size` tokens. tokens_of: words → their tokens, without special ones."""
    chunks: list[Chunk] = []
    number = 0
    for spans in parse_prompt(prompt).chunks:
        tokens: list[Token] = []
        for span in spans:
            tokens += [replace(token, weight=span.weight, span=number) for token in tokens_of(span.text)]
            number += 1
        chunks += split(tokens, size)
    return tuple(chunk for chunk in chunks if chunk) or ((),)


def split(tokens: Sequence[Token], size: int) -> list[Chunk]:
    """Cut tokens into chunks of at most `size`: after a comma in the last third of a chunk if possible, else between two words.

    A word is cut only if it is longer than a chunk.
    """
    chunks = []
    while len(tokens) > size:
        ends = [end for end in range(size, 0, -1) if tokens[end].starts]
        commas = [end for end in ends if tokens[end - 1].piece.startswith(",") and 3 * end >= 2 * size]
        end = (commas or ends or [size])[0]
        chunks.append(tuple(tokens[:end]))
        tokens = tokens[end:]
    return [*chunks, tuple(tokens)]


def find_weakened(chunk: Chunk) -> list[tuple[float, list[int]]]:
    """(weight, positions) of each span of a chunk whose weight is below 1."""
    spans = groupby(enumerate(chunk), key=lambda item: (item[1].span, item[1].weight))
    return [(weight, [place for place, _ in members]) for (_, weight), members in spans if weight < 1]
