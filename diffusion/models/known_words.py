"""Replace words that a model was never trained on by the nearest words that it knows.

A small model knows the words of its captions and little else. A *subject* is what remains of a part of the prompt without adjectives,
colours and light. If no caption contains it, it is compared with the captions' nouns by the sentence vectors of the subject and its
paraphrases (`word_senses`), and the model gets the nearest noun instead.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

import numpy as np
from torch import Tensor

from base.errors import InputError, shorten
from base.files import atomic_write
from base.reading import read_json
from diffusion.models.minilm import MiniLMEncoder
from diffusion.models.prompt_words import Words
from diffusion.models.word_senses import SENSES, WordSenses, paraphrases
from diffusion.tensor_files import open_tensors

VOCABULARY, BANK = "vocabulary.json", "bank.safetensors"
NEAR, NEAR_UNDEFINED = 0.45, 0.55
"""Least cosine between a subject and a noun that counts as near: for subjects with a word of concrete sense, and for others."""
OWN_WEIGHT = 0.5  # weight of the subject's own vector; the rest is the mean of its paraphrases
LONGEST = 6  # most words of a subject; longer ones are sentences, which the encoder understands better as a whole
CACHE_SIZE = 4096  # subjects

# Letters without adjacent digits or underscores: "8k" and "35mm" don't count as words
_WORD = re.compile(r"(?<!\w)(?!BREAK\b)[^\W\d_]++(?:['’-][^\W\d_]++)*+(?!\w)")
_TAG_OR_RUN = re.compile(rf"<[^<>]*>|{_WORD.pattern}(?:[ \t]+{_WORD.pattern})*")

Embed = Callable[[Sequence[str]], np.ndarray]
"""Texts → their unit sentence vectors, float32 [N,D]."""


@dataclass(frozen=True)
class Reading:
    """A subject of a prompt, the known noun it is read as, and their cosine."""

    subject: str
    known: str
    similarity: float

    def __str__(self) -> str:
        return f"“{self.subject}” is read as “{self.known}”"


@dataclass(frozen=True)
class Vocabulary:
    """nouns: names of materials in captions; modifiers: adjectives, colours, light, and words like "of"."""

    nouns: tuple[str, ...]
    modifiers: tuple[str, ...]

    @staticmethod
    def load(path: Path) -> Vocabulary:
        """Read a JSON file of both lists. Raises InputError."""
        content = read_json(path, "a vocabulary")
        for name in ("nouns", "modifiers"):
            words = content.get(name) if isinstance(content, dict) else None
            if not isinstance(words, list) or not all(isinstance(word, str) and word for word in words):
                raise InputError(path, name, "must be a list of words")
        if not content["nouns"]:
            raise InputError(path, "nouns", "is empty")
        return Vocabulary(tuple(content["nouns"]), tuple(content["modifiers"]))

    def save(self, path: Path) -> None:
        """Write what `load` reads."""
        content = {"nouns": self.nouns, "modifiers": self.modifiers}
        with atomic_write(path) as temporary:
            temporary.write_text(json.dumps(content, indent=0, ensure_ascii=False) + "\n", encoding="utf-8")

    @cached_property
    def _phrases(self) -> dict[str, bool]:
        """Lower-case phrases; whether each is a noun."""
        return dict.fromkeys(self.modifiers, False) | dict.fromkeys(self.nouns, True)

    @cached_property
    def _longest(self) -> int:
        return max(len(phrase.split()) for phrase in self._phrases)

    def subjects(self, prompt: str) -> Iterator[tuple[int, int]]:
        """(start, end) of each subject's characters if no caption contains it: words other than modifiers, with adjacent nouns.

        Modifiers, tags, brackets, punctuation and anything with digits end a subject.
        """
        for words in _runs(prompt):
            subject: list[tuple[int, int]] = []
            unknown, place = False, 0
            while place < len(words):
                size, is_noun = self._match(prompt, words[place:])
                if size and not is_noun:
                    yield from _whole(subject, unknown)
                    subject, unknown = [], False
                else:
                    subject += words[place : place + max(size, 1)]
                    unknown |= size == 0
                place += max(size, 1)
            yield from _whole(subject, unknown)

    def _match(self, prompt: str, words: Sequence[tuple[int, int]]) -> tuple[int, bool]:
        """The number of words in the longest known phrase at the start, 0 if there is none, and whether it is a noun."""
        for size in range(min(self._longest, len(words)), 0, -1):
            phrase = " ".join(prompt[start:end] for start, end in words[:size]).lower()
            if phrase in self._phrases:
                return size, self._phrases[phrase]
        return 0, False


def _whole(words: Sequence[tuple[int, int]], unknown: bool) -> Iterator[tuple[int, int]]:
    if unknown and len(words) <= LONGEST:
        yield words[0][0], words[-1][1]


def _runs(prompt: str) -> Iterator[list[tuple[int, int]]]:
    """(start, end) of each run of words that only spaces separate; tags belong to no run."""
    for run in _TAG_OR_RUN.finditer(prompt):
        if not run[0].startswith("<"):
            yield [word.span() for word in _WORD.finditer(prompt, *run.span())]


class WordReader:
    """Rewrites prompts in the words of a vocabulary.

    vectors: returns the unit vectors of the vocabulary's nouns, float32 [N,D]; called at first use.
    """

    def __init__(
        self, vocabulary: Vocabulary, vectors: Callable[[], np.ndarray], embed: Embed, senses: Path = SENSES
    ) -> None:
        self.vocabulary, self._embed, self._open, self._senses = vocabulary, embed, vectors, senses
        self._nearest = lru_cache(CACHE_SIZE)(self._search)

    @cached_property
    def _vectors(self) -> np.ndarray:
        return self._open()

    @cached_property
    def _meanings(self) -> WordSenses:
        return WordSenses.load(self._senses)

    def read(self, prompt: str) -> tuple[str, tuple[Reading, ...]]:
        """The prompt in known words, and the replacements in order. A prompt of known words is returned unchanged."""
        readings, text, last = [], "", 0
        for start, end in self.vocabulary.subjects(prompt):
            reading = self._nearest(prompt[start:end].lower())
            if reading is not None:
                readings.append(reading)
                text += prompt[last:start] + reading.known
                last = end
        return text + prompt[last:], tuple(readings)

    def _search(self, subject: str) -> Reading | None:
        """The replacement of a lower-case subject; None if no noun is near."""
        others = paraphrases(subject, self._meanings)
        own, *further = self._embed([subject, *others])
        vector = OWN_WEIGHT * own + (1 - OWN_WEIGHT) * np.mean(further, 0) if further else own
        scores = self._vectors @ (vector / np.linalg.norm(vector))
        best = int(scores.argmax())
        near = scores[best] >= (NEAR if others else NEAR_UNDEFINED)
        return Reading(subject, self.vocabulary.nouns[best], float(scores[best])) if near else None


class ReadingEncoder:
    """A text encoder that first rewrites prompts in the words that its model knows."""

    pooled = 0
    clips = ()

    def __init__(self, encoder: MiniLMEncoder, reader: WordReader) -> None:
        self._encoder, self.reader = encoder, reader

    def encode(self, prompts: list[str]) -> Tensor:
        """Like `MiniLMEncoder.encode`, for the rewritten prompts."""
        return self._encoder.encode([self.reader.read(prompt)[0] for prompt in prompts])

    def words(self, prompt: str) -> Words:
        """The words of the rewritten prompt."""
        return self._encoder.words(self.reader.read(prompt)[0])

    def readings(self, prompt: str) -> tuple[Reading, ...]:
        """The replacements in the prompt, in order."""
        return self.reader.read(prompt)[1]


def noun_vectors(bank: Path, nouns: Sequence[str]) -> np.ndarray:
    """The nouns' unit vectors float32 [N,D] from a bank of captions (`diffusion.text2image.prompt_matching`). Raises InputError."""
    try:
        with open_tensors(bank, "a bank of captions") as file:
            rows = {caption: row for row, caption in enumerate(json.loads(file.header.metadata["captions"]))}
            vectors = file.read("vectors").float().numpy()
        chosen = vectors[[rows[noun] for noun in nouns]]
    except (KeyError, IndexError, TypeError, ValueError, RuntimeError) as error:
        problem = f"holds no vectors of the model's nouns ({shorten(str(error))})"
        raise InputError(bank, "", problem) from error
    return chosen / np.linalg.norm(chosen, axis=1, keepdims=True)


def open_reader(folder: Path, encoder: MiniLMEncoder) -> WordReader | None:
    """The reader for a model's folder; None if the folder doesn't list the words that the model knows."""
    if not (folder / VOCABULARY).is_file():
        return None
    vocabulary = Vocabulary.load(folder / VOCABULARY)
    bank = (folder / BANK).resolve()  # resolved now: it is read later, when the linked folder may be gone
    return WordReader(vocabulary, lambda: noun_vectors(bank, vocabulary.nouns), encoder.sentences)
