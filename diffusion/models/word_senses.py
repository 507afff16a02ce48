"""The meanings of nouns, from WordNet 3.0: synonyms, hypernyms and definitions.

The file lists concrete senses only (artifacts, places, natural objects and phenomena, plants, substances). A line is a sense: its
nouns, its hypernyms and its definition, separated by tabs; `diffusion.training.data.wordnet` writes it.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from base.errors import InputError

SENSES = Path(__file__).parents[1] / "embedded" / "senses.txt.gz"
PLURALS = (("ies", "y"), ("ches", "ch"), ("shes", "sh"), ("ses", "s"), ("xes", "x"), ("ves", "f"), ("s", ""))


@dataclass(frozen=True)
class Sense:
    """nouns: the synonyms; kinds: their hypernyms; definition: a phrase."""

    nouns: tuple[str, ...]
    kinds: tuple[str, ...]
    definition: str


class WordSenses:
    """Senses by noun in lower case; a noun may have several words."""

    def __init__(self, senses: Sequence[Sense]) -> None:
        self._senses: dict[str, list[Sense]] = {}
        for sense in senses:
            for noun in sense.nouns:
                self._senses.setdefault(noun, []).append(sense)

    @staticmethod
    def load(path: Path = SENSES) -> WordSenses:
        """Read a file of senses. Raises InputError if it can't be read as one."""
        try:
            lines = gzip.decompress(path.read_bytes()).decode().splitlines()
            fields = [line.split("\t") for line in lines if not line.startswith("#")]
            if not fields:
                raise ValueError("it is empty")
            return WordSenses([Sense(tuple(a.split(",")), tuple(filter(None, b.split(","))), c) for a, b, c in fields])
        except (OSError, EOFError, zlib.error, ValueError) as error:
            raise InputError(path, "", f"can't be read as a list of senses ({error})") from error

    def find(self, noun: str) -> tuple[Sense, ...]:
        """The senses of a noun, singular or plural; none if it isn't known."""
        forms = [noun, *(noun[: -len(end)] + single for end, single in PLURALS if noun.endswith(end))]
        return next((tuple(self._senses[form]) for form in forms if form in self._senses), ())

    def split(self, words: Sequence[str]) -> list[tuple[int, int, tuple[Sense, ...]]]:
        """(start, end, senses) of the nouns among words, from left to right; at each position the longest known one."""
        found, place = [], 0
        while place < len(words):
            tried = ((end, self.find(" ".join(words[place:end]))) for end in range(len(words), place, -1))
            end, senses = next((one for one in tried if one[1]), (place + 1, ()))
            if senses:
                found.append((place, end, senses))
            place = end
        return found


def paraphrases(phrase: str, senses: WordSenses) -> tuple[str, ...]:
    """The phrase with each noun replaced by its synonyms and hypernyms, and the nouns' definitions; distinct, in order."""
    words, found = phrase.split(), []
    for start, end, meanings in senses.split(words):
        for sense in meanings:
            others = [*(n for n in sense.nouns if n != " ".join(words[start:end])), *sense.kinds]
            found += [" ".join([*words[:start], other, *words[end:]]) for other in others]
            found.append(sense.definition)
    return tuple(dict.fromkeys(found))
