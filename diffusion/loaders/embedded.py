"""The models that come with the program, and facts about a model that can be read without torch."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from base.errors import InputError
from base.files import expand_user
from base.grid import CELL
from base.reading import is_file, is_folder, read_json
from base.safetensors_header import read_header
from base.settings import from_json
from diffusion.loaders.base_configs import BASE_CONFIGS, family_of_tensors, prediction_from_metadata
from diffusion.loaders.hub_snapshot import find_snapshot
from diffusion.settings import DreamSettings

EMBEDDED = Path(__file__).parents[1] / "embedded"
SHIPPED = {"embedded": EMBEDDED}
"""Folders of models that come with the program, by name."""
REMOVED = {"embedded-fast": "is no longer needed: the embedded model paints in few steps; leave --model out"}
"""Names of models in earlier versions, and what to do instead."""
OWN = "rayverie.json"
BANK = "bank.safetensors"  # the captions that a model was trained on
MAX_STEPS, MAX_SIDE = 200, 4096  # most steps of a few-step network, and largest native size in pixels
UNREADABLE = (InputError, OSError, ValueError, KeyError, TypeError, AttributeError, OverflowError)
Reference = str | Path | None
"""Names a model: None (the embedded one), a name of SHIPPED, a pipeline folder, a .safetensors file, or a hub id in the local cache."""


def read_few_steps(ref: Reference = None, changed: bool = False) -> int:
    """The steps that a model's few-step network needs, 0 if it has none. ref: as in `load_model`.

    changed: whether LoRAs change the model; a separate few-step network is then not used.
    Returns 0 for a model that can't be read; loading it reports the error.
    """
    try:
        few = _read_facts(locate(ref))["few"]
        steps = int(few["steps"])
        return 0 if (changed and few["folder"] != ".") or not 1 <= steps <= MAX_STEPS else steps
    except UNREADABLE:
        return 0


def read_defaults(ref: Reference = None) -> dict[str, Any]:
    """The dream settings that suit a model, from `defaults` in its `rayverie.json`; {} if it names none or can't be read."""
    try:
        return check_defaults(_read_facts(locate(ref)), "")
    except UNREADABLE:
        return {}


def check_defaults(facts: Mapping[str, Any], where: object) -> dict[str, Any]:
    """Check `defaults` in a model's `rayverie.json`, named as in `DreamSettings`. Raises InputError naming the problem."""
    given = facts.get("defaults", {})
    settings, unknown = from_json(DreamSettings, given, where, "defaults")
    if unknown:
        raise InputError(where, unknown[0], "is no dream setting")
    return {name: getattr(settings, name) for name in given}


def read_native_size(ref: Reference = None) -> int | None:
    """The side in pixels of the pictures that a model was trained on; None if it can't be read."""
    place = locate(ref)
    try:
        if own := _read_facts(place).get("native"):
            return int(own) if CELL <= int(own) <= MAX_SIDE else None
        return (
            _native_of(place)
            if is_file(place)
            else CELL * read_json(place / "unet" / "config.json", "a configuration")["sample_size"]
        )
    except UNREADABLE:
        return None


def read_multiple(ref: Reference = None) -> int | None:
    """The pixels that a canvas's sides must be multiples of, by the levels of the model's network; None if they can't be read."""
    place = locate(ref)
    try:
        if is_file(place):
            levels = len(BASE_CONFIGS[str(family_of_tensors(read_header(place).tensors))].unet["block_out_channels"])
        else:
            config = read_json(place / "unet" / "config.json", "a configuration")
            levels = len(config.get("block_out_channels") or config["channels"])
        return CELL * 2 ** (levels - 1) if 1 <= levels <= 8 else None
    except UNREADABLE:
        return None


def own_bank(ref: Reference = None) -> Path | None:
    """The bank of the captions that a model was trained on; None for the embedded model, and for one that has none."""
    path = locate(ref) / BANK
    return path if is_file(path) and path.parent != EMBEDDED else None


def sidecar_path(file: Path) -> Path:
    """The file beside a single-file model that corresponds to OWN in a folder."""
    return file.with_name(f"{file.stem}.{OWN}")


def _native_of(file: Path) -> int:
    """The native size of a single file, from its tensor names and metadata."""
    header = read_header(file)
    family = family_of_tensors(header.tensors)
    return BASE_CONFIGS[str(family)].native[prediction_from_metadata(header.metadata) or "epsilon"]


def locate(ref: Reference) -> Path:
    """The folder or file of a model; it need not exist."""
    if ref is None or str(ref) in SHIPPED:
        return SHIPPED[str(ref or "embedded")]
    path = expand_user(str(ref))
    if is_file(path) or is_folder(path) or str(ref).count("/") != 1:
        return path
    return find_snapshot(str(ref)) or path


def _read_facts(place: Path) -> dict[str, Any]:
    path = sidecar_path(place) if is_file(place) else place / OWN
    return read_json(path, "what a model says of itself") if path.is_file() else {}
