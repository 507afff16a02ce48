"""Keeps the view settings from one start to the next, in a file in the config folder."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from app.session import ViewSettings
from base.errors import InputError
from base.files import atomic_write
from base.reading import is_file, read_json
from base.settings import from_json, to_json

FILE = "view.json"


def read_preferences(folder: Path, view: ViewSettings) -> ViewSettings:
    """The stored view settings, except the mode; `view` itself if it differs from the defaults or nothing is stored."""
    file = folder / FILE
    if view != ViewSettings() or not is_file(file):
        return view
    try:
        kept, _ = from_json(ViewSettings, read_json(file, "settings of the view", 1 << 20), str(file))
    except InputError:
        return view  # start even if the file is damaged
    return replace(kept, mode=view.mode)


def remember(folder: Path, view: ViewSettings) -> None:
    """Store the view settings; errors are ignored."""
    try:
        with atomic_write(folder / FILE) as temporary:
            temporary.write_text(json.dumps(to_json(view), indent=2) + "\n", encoding="utf-8")
    except InputError:
        return
