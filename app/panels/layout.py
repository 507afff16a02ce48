"""Adds panels that a saved layout file lacks, each to its default stack."""

from __future__ import annotations

import re
from collections.abc import Mapping

_WINDOW = re.compile(r"^\[Window\]\[(?P<title>[^\]]+)\]\n(?P<body>(?:[^\[\n].*\n?)*)", re.MULTILINE)
_DOCK = re.compile(r"^DockId=(0x[0-9A-F]+)", re.MULTILINE)
LAST = 99  # a tab's place: after all others


def add_missing_panels(layout: str, homes: Mapping[str, str]) -> str:
    """Return the layout with all panels. A new one joins the first docked panel of its stack; without one, it floats.

    homes: title of a panel → its stack
    """
    docks = {window["title"]: _DOCK.search(window["body"]) for window in _WINDOW.finditer(layout)}
    stacks: dict[str, str] = {}
    for title, home in homes.items():
        if dock := docks.get(title):
            stacks.setdefault(home, dock[1])
    new = [title for title, home in homes.items() if title not in docks and home in stacks]
    return layout + "".join(f"\n[Window][{title}]\nDockId={stacks[homes[title]]},{LAST}\n" for title in new)
