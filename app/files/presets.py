"""Named sets of dream settings: four of ours, and those that the user saved as files."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from base.errors import InputError
from base.files import atomic_write
from base.reading import is_file, read_json
from base.settings import from_json, to_json
from diffusion.settings import DreamSettings

# name → (purpose, changes from the defaults)
PRESETS: Mapping[str, tuple[str, Mapping[str, Any]]] = MappingProxyType(
    {
        "Fast": ("Four steps.", {"steps": 4}),
        "Balanced": ("What suits the model.", {}),
        "Faithful": (
            "More steps and controlled contrast.",
            {"sampler": "unipc", "spacing": "exponential", "steps": 20, "cfg_rescale": 0.5},
        ),
        "Experimental": (
            "True Noise Removal with noise fixed to the surfaces.",
            {"guidance": "tnr", "scale": 3.0, "guidance_start": 0.0, "noise": "surface", "steps": 12},
        ),
    }
)
NOTHING: Mapping[str, Any] = MappingProxyType({})
KEPT = ("seed",)  # a preset never changes the seed


def apply(settings: DreamSettings, changes: Mapping[str, Any], defaults: Mapping[str, Any] = NOTHING) -> DreamSettings:
    """The defaults with a preset's changes, and the seed of `settings`. defaults: what the model itself prefers, by name."""
    return replace(DreamSettings(), **{**defaults, **changes, **{name: getattr(settings, name) for name in KEPT}})


def changes(settings: DreamSettings) -> dict[str, Any]:
    """All settings but the seed, by name: what a preset of them is, whatever a model prefers."""
    return {f.name: getattr(settings, f.name) for f in fields(settings) if f.name not in KEPT}


def save(folder: Path, name: str, settings: DreamSettings) -> Path:
    """Write FOLDER/NAME.json. Raises InputError for a name that isn't a file's."""
    path = _file(folder, name)
    known = set(changes(settings))
    values = {key: value for key, value in to_json(settings).items() if key in known}
    with atomic_write(path) as temporary:
        temporary.write_text(json.dumps(values, indent=2) + "\n", encoding="utf-8")
    return path


def save_new(folder: Path, settings: Mapping[str, DreamSettings]) -> list[Path]:
    """Write presets by name; their files. Raises InputError, before anything is written, for one that exists with other settings."""
    for name, given in settings.items():
        path = _file(folder, name)
        if is_file(path) and changes(read(path)) != changes(given):
            raise InputError(path, "", "is a preset with other settings; rename or delete one of them")
    return [save(folder, name, given) for name, given in settings.items()]


def _file(folder: Path, name: str) -> Path:
    wrong = not name.isprintable() or any(c in name for c in '/\\:*?"<>|')
    if not name.strip() or wrong or name.startswith("."):
        raise InputError("The preset's name", "", f"is {name!r}; letters, numbers, spaces and dashes are allowed")
    return folder / f"{name.strip()}.json"


def load(folder: Path) -> dict[str, Mapping[str, Any]]:
    """Name → changes of every preset in the folder that can be read; checked when it is applied with `read`."""
    found: dict[str, Mapping[str, Any]] = {}
    for path in sorted(folder.glob("*.json")):
        try:
            found[path.stem] = changes(read(path))
        except InputError:
            continue  # not a preset, or one of a newer version
    return found


def read(path: Path) -> DreamSettings:
    """The settings of a preset file. Raises InputError naming the field that doesn't fit."""
    return from_json(DreamSettings, read_json(path, "a preset"), str(path))[0]
