"""Prompt matching: find the training captions that are closest to a typed prompt.

A bank holds captions with unit sentence vectors and is searched by inner product (faiss). Matches are suggestions and are
never used silently. After DiffusionGen2's semantic prompt matching.

`python -m diffusion.training.data.vocabulary` builds the embedded model's bank from its training captions.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import faiss
import numpy as np
from safetensors.numpy import save_file

from base.errors import InputError, shorten
from base.files import atomic_write
from diffusion.tensor_files import open_tensors

Embed = Callable[[Sequence[str]], np.ndarray]  # prompts → float32 [N,D] unit vectors

BANK = Path(__file__).parents[1] / "embedded" / "bank.safetensors"
FAR = 0.55  # a prompt whose best cosine is below this is unlike any training caption ("forest" has 0.66, "cat" 0.47)


@dataclass(frozen=True)
class Match:
    """A caption of the bank. similarity: its cosine with the prompt, -1..1."""

    caption: str
    similarity: float


class PromptBank:
    """Searchable captions with their unit vectors float32 [N,D]."""

    def __init__(self, captions: Sequence[str], vectors: np.ndarray) -> None:
        if len(captions) != len(vectors) or not captions:
            raise ValueError(
                f"{len(captions)} captions for {len(vectors)} vectors; a bank needs one of each and at least one"
            )
        self.captions = tuple(captions)
        self._vectors = np.ascontiguousarray(vectors, dtype=np.float32)
        self._index = faiss.IndexFlatIP(self._vectors.shape[1])
        self._index.add(self._vectors)

    @staticmethod
    def build(captions: Sequence[str], embed: Embed) -> PromptBank:
        """A bank of the distinct captions, in order."""
        distinct = tuple(dict.fromkeys(captions))
        return PromptBank(distinct, embed(distinct))

    def nearest(self, vector: np.ndarray, k: int = 8) -> tuple[Match, ...]:
        """The k captions nearest to a unit vector [D], best first."""
        scores, rows = self._index.search(np.asarray(vector, dtype=np.float32)[None], min(k, len(self.captions)))
        return tuple(Match(self.captions[row], float(score)) for row, score in zip(rows[0], scores[0], strict=True))

    @property
    def width(self) -> int:
        """Length of a vector."""
        return self._vectors.shape[1]

    def similarities(self, vector: np.ndarray) -> np.ndarray:
        """float32 [N]: the cosine of every caption to a unit vector [D]."""
        return self._vectors @ np.asarray(vector, dtype=np.float32)

    def save(self, path: str | Path) -> None:
        """safetensors: vectors as float16, captions as JSON in the header."""
        with atomic_write(path) as temporary:
            save_file(
                {"vectors": self._vectors.astype(np.float16)},
                temporary,
                metadata={"format": "rayverie-bank", "version": "1", "captions": json.dumps(self.captions)},
            )

    @staticmethod
    def load(path: str | Path = BANK) -> PromptBank:
        """Load a bank. Raises InputError if `path` isn't one."""
        try:
            with open_tensors(Path(path), "a prompt bank") as file:
                header = file.header.metadata
                if header.get("format") != "rayverie-bank" or header.get("version") != "1":
                    raise InputError(path, "", "is not a prompt bank of version 1")
                captions, vectors = json.loads(header["captions"]), file.read("vectors").float().numpy()
        except (KeyError, ValueError, TypeError, RuntimeError) as error:
            raise InputError(path, "", f"can't be read as a prompt bank ({shorten(str(error))})") from error
        return PromptBank(_check(captions, vectors, path), vectors / np.linalg.norm(vectors, axis=1, keepdims=True))


def _check(captions: object, vectors: np.ndarray, path: str | Path) -> list[str]:
    """Return the captions. Raises InputError unless there is a caption for each vector and the bank can be searched."""
    named = isinstance(captions, list) and all(isinstance(caption, str) for caption in captions)
    fits = named and vectors.ndim == 2 and len(vectors) == len(captions) > 0 and vectors.shape[1] > 0  # type: ignore[arg-type]
    if not fits or not np.isfinite(vectors).all() or not np.abs(vectors).sum(axis=1).all():
        raise InputError(path, "", "is no whole prompt bank; it must have a text and a finite vector for each caption")
    return captions  # type: ignore[return-value]


def is_bank(path: Path) -> bool:
    """Whether a file is a bank that `PromptBank.save` wrote."""
    try:
        PromptBank.load(path)
    except InputError:
        return False
    return True


def suggest_captions(prompt: str, bank: PromptBank, embed: Embed, k: int = 8) -> tuple[Match, ...]:
    """The k captions nearest to a prompt, best first. Callers warn if the first similarity is below FAR."""
    return bank.nearest(embed([prompt])[0], k)


def choose_match(matches: Sequence[Match], *, temperature: float = 0.0, seed: int = 0) -> Match:
    """Choose a match: the best at temperature 0, otherwise at random with weights softmax(similarity / temperature)."""
    if temperature <= 0:
        return max(matches, key=lambda match: match.similarity)
    logits = np.array([match.similarity for match in matches]) / temperature
    weights = np.exp(logits - logits.max())
    return matches[int(np.random.default_rng(seed).choice(len(matches), p=weights / weights.sum()))]
