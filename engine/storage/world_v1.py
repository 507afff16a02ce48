"""Reads worlds of version 1: one safetensors file of whole pages, a JSON header, one checksum over everything."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import safe_open

from base.errors import InputError
from base.reading import parse_json
from engine.atlas.page import TILES
from engine.atlas.tiles import TileTexels, split_into_tiles

_KEY = "rayverie"  # the safetensors metadata key that holds the header as JSON
_FIELDS = {"scene", "scene_hash", "layout", "model", "channels", "seed", "revision", "saved", "format", "version"}
Tiles = Callable[[], Iterator[tuple[tuple[int, int], TileTexels]]]


def read_v1(path: Path) -> tuple[dict[str, Any], int, Tiles]:
    """Return (header fields, upper bound of the number of tiles, tile reader). InputError if it is no such world or is damaged."""
    try:
        with safe_open(path, framework="numpy") as file:
            metadata, names = file.metadata() or {}, sorted(file.keys())
            record = _read_header(metadata, path)
            checksum = record.pop("sha256", None)
            digest = hashlib.sha256(json.dumps(record, sort_keys=True).encode())
            for name in names:
                tensor = file.get_tensor(name)
                digest.update(f"{name} {tensor.dtype} {tensor.shape}".encode())
                digest.update(np.ascontiguousarray(tensor).data)
    except InputError:
        raise
    except Exception as error:  # its reader raises whatever it thinks of
        raise InputError(path, "", "is not a world file, or is cut off or damaged, and can't be read") from error
    if checksum != digest.hexdigest():
        raise InputError(path, "", "is damaged: its checksum doesn't fit its content")
    if set(record) != _FIELDS:
        raise InputError(path, "", "is damaged: its header has other fields than a world's")
    pages = sorted({name.split(".")[0] for name in names})
    return record, TILES * len(pages), lambda: _read_tiles(path, pages, record["channels"])


def _read_header(metadata: dict[str, str], path: Path) -> dict[str, Any]:
    try:
        record = parse_json(metadata[_KEY], path, "the header of a world")
        if not isinstance(record, dict) or record["format"] != "rayverie-world":
            raise ValueError(_KEY)
        version = record["version"]
    except (InputError, KeyError, ValueError, TypeError) as error:
        raise InputError(path, "", "is not a Rayverie world, or its header is damaged") from error
    if type(version) is not int or version != 1:
        raise InputError(path, "version", f"is {version!r}; a world in this form is of version 1")
    return record


def _read_tiles(path: Path, pages: list[str], channels: int) -> Iterator[tuple[tuple[int, int], TileTexels]]:
    try:
        with safe_open(path, framework="numpy") as file:
            for page in pages:
                names = "index", "latents", "state", "colour"
                whole = TileTexels(**{name: file.get_tensor(f"{page}.{name}") for name in names})
                for tile, texels in split_into_tiles(whole):
                    if not texels.fits(tile, channels):
                        raise ValueError(page)
                    yield (int(page), tile), texels
    except Exception as error:  # its reader raises whatever it thinks of
        raise InputError(path, "", "is damaged: its tensors don't belong together") from error
