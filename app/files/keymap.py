"""Reads and writes the keys that the user changed, in a file in the config folder."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

from base.errors import InputError
from base.files import atomic_write
from base.reading import read_json

FILE = "keys.json"
Changes = Mapping[str, tuple[str, ...]]  # action name → chords, of the actions whose keys the user changed


def load(folder: Path) -> Changes:
    """Read the changes; {} if there is no file. Raises InputError if it is invalid."""
    file = folder / FILE
    if not os.path.lexists(file):
        return {}
    try:
        data = read_json(file, "an object of actions and keys", 1 << 20)
    except InputError as error:
        raise InputError(error.where, error.field, f"{error.problem}; the default keys are used") from error
    if not isinstance(data, dict):
        raise InputError(file, "", "is not an object of actions and keys; the default keys are used")
    for name, chords in data.items():
        if not isinstance(chords, list) or not all(isinstance(chord, str) for chord in chords):
            raise InputError(file, str(name), 'must be a list of keys such as ["ctrl+z"]')
    return {name: tuple(chords) for name, chords in data.items()}


def save(folder: Path, changes: Changes) -> None:
    """Write the changes. Raises InputError if that fails."""
    with atomic_write(folder / FILE) as temporary:
        temporary.write_text(json.dumps(changes, indent=2) + "\n", encoding="utf-8")
