"""Packs a model's files for machines that don't have them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from app.model_additions import parse_addition
from app.session import ModelChoice
from base.files import expand_user
from base.reading import is_folder
from diffusion.loaders.embedded import SHIPPED, locate, sidecar_path

SUFFIXES = (".json", ".txt", ".safetensors", ".model")
"""Of a model's files: configurations, vocabularies, weights. Pickles are never read."""
ENCODER = "image_encoder"  # the folder beside an IP-Adapter


@dataclass(frozen=True)
class Shipment:
    """choice: whose files are named as in `files`, where they are shipped; files: name → what stands for its bytes, uint8 [n]."""

    choice: ModelChoice
    files: Mapping[str, Any] = field(default_factory=dict)


def pack(choice: ModelChoice, put: Callable[[np.ndarray], Any]) -> Shipment:
    """Pack all files that a choice names; the embedded model is on every machine. choice: its LoRAs files alone.

    put: stores bytes, uint8 [n], once, and returns what stands for them.
    """
    files: dict[str, Any] = {}

    def take(path: Path) -> str:
        """Pack a file or folder; return its name in the shipment."""
        name = f"{len(files)}/{path.resolve().name}"
        for inner in _files_of(path):
            below = inner.relative_to(path).as_posix() if inner != path else ""
            files[f"{name}/{below}".rstrip("/")] = put(np.fromfile(inner, np.uint8))
        return name

    def take_beside(path: Path, name: str, other: Path) -> None:
        """Pack a file that is found beside another one."""
        for inner in _files_of(other):
            below = inner.relative_to(path.parent).as_posix()
            files[f"{name.partition('/')[0]}/{below}"] = put(np.fromfile(inner, np.uint8))

    if choice.ref not in (None, *SHIPPED):
        choice = replace(choice, ref=str(locate(choice.ref)))
    packed = _rename_files(choice, lambda file: take(expand_user(file)))
    if choice.ref is not None and packed.ref is not None and packed.ref != choice.ref:
        path = Path(choice.ref)
        take_beside(path, packed.ref, sidecar_path(path))
    if choice.ip_adapter is not None and packed.ip_adapter is not None:
        path = expand_user(choice.ip_adapter)
        take_beside(path, packed.ip_adapter, path.parent / ENCODER)
    return Shipment(packed, files)


def unpack(shipment: Shipment, folder: Path, get: Callable[[Any], np.ndarray]) -> ModelChoice:
    """Write the files into an empty folder; return the choice that names them there."""
    for name, stored in shipment.files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        get(stored).tofile(path)
    return _rename_files(shipment.choice, lambda name: str(folder / name))


def _rename_files(choice: ModelChoice, new: Callable[[str], str]) -> ModelChoice:
    """Return the choice with each of its files renamed. new: name → new name."""

    def path(file: str | None) -> str | None:
        return None if file is None else new(file)

    def added(text: str) -> str:
        one = parse_addition(text)
        return replace(one, file=new(one.file)).text

    options = choice.options
    return replace(
        choice,
        ref=choice.ref if choice.ref in SHIPPED else path(choice.ref),
        lora=tuple(map(added, choice.lora)),
        control=tuple(map(added, choice.control)),
        ip_adapter=path(choice.ip_adapter),
        options=replace(options, vae=path(options.vae), preview_vae=path(options.preview_vae)),
    )


def _files_of(path: Path) -> Iterator[Path]:
    """The files of a model's folder that may be read, sorted; or the file itself."""
    if not is_folder(path):
        yield from [path] if path.is_file() else []
        return
    yield from sorted(file for file in path.rglob("*") if file.suffix in SUFFIXES and file.is_file())
