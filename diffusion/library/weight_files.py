"""Choose the files of a model to read: one of several precisions, and never a file that needs unpickling."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from fnmatch import fnmatchcase

SUFFIXES = (".safetensors", ".json", ".txt")
"""The only files that are downloaded: no pickles, no code."""
PARTS = (
    "unet",
    "vae",
    "text_encoder",
    "text_encoder_2",
    "tokenizer",
    "tokenizer_2",
    "scheduler",
)
"""Folders of a pipeline that the loader reads."""
_WEIGHTS = re.compile(r"(diffusion_pytorch_model|model)(\.fp16)?(-\d+-of-(\d+))?(\.fp16)?\.safetensors")
_SHARDS = re.compile(r"-(\d+)-of-(\d+)")


def choose_weights(names: Iterable[str], half: bool = False) -> list[str]:
    """The weight files of one part: full precision, or half precision if there is nothing else or `half` prefers it.

    names: of all files in the part's folder.
    """
    known = [name for name in sorted(names) if _WEIGHTS.fullmatch(name)]
    groups = {kind: [name for name in known if (".fp16" in name) == kind] for kind in (False, True)}
    return groups[half] or groups[not half]


def missing_shards(names: Collection[str]) -> list[str]:
    """The missing parts of split weights, as "2 of 3"."""
    numbers = [(int(found[1]), int(found[2])) for name in names if (found := _SHARDS.search(name))]
    of = max((count for _, count in numbers), default=0)
    there = {number for number, _ in numbers}
    return [f"{number} of {of}" for number in range(1, min(of, 1000) + 1) if number not in there]


def choose_files(names: Collection[str], half: bool = False, only: Collection[str] = ()) -> list[str]:
    """The files of a repository to download, sorted.

    names: of all its files, with "/"; half: prefer weights of half precision; only: patterns for names, like "*.safetensors".

    For a pipeline: PARTS with the weights from `choose_weights`, and the files beside `model_index.json`. For anything else, such as
    LoRAs and ControlNets: all files with SUFFIXES. With `only`: all files with SUFFIXES that match a pattern.
    """
    readable = sorted(name for name in names if name.endswith(SUFFIXES) and ".." not in name.split("/"))
    if only:
        return [name for name in readable if any(fnmatchcase(name, pattern) for pattern in only)]
    if "model_index.json" not in readable:
        return readable
    chosen = [name for name in readable if "/" not in name and not name.endswith(SUFFIXES[0])]
    for part in PARTS:
        own = [name for name in readable if name.startswith(f"{part}/") and name.count("/") == 1]
        inside = {name.split("/")[1]: name for name in own}
        chosen += [name for name in own if not name.endswith(SUFFIXES[0])]
        chosen += [inside[name] for name in choose_weights(inside, half)]
    return sorted(chosen)
