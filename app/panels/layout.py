"""Adds new panels to a saved layout file: each joins the stack that it belongs to by default."""

from __future__ import annotations

import re
from collections.abc import Mapping

_WINDOW = re.compile(r"^\[Window\]\[(?P<title>[^\]]+)\]\n(?P<body>(?:[^\[\n].*\n?)*)", re.MULTILINE)
_DOCK = re.compile(r"^DockId=(0x[0-9A-F]+)", re.MULTILINE)
LAST = 99  # a tab's place: after all others


def add_missing_panels(layout: str, homes: Mapping[str, str]) -> str:
    """The layout with the panels that the program has learnt since it was written, each beside the first panel of its own stack that
    is docked; where none is, it is left to float. homes: title of a panel → its stack."""
    docks = {window["title"]: _DOCK.search(window["body"]) for window in _WINDOW.finditer(layout)}
    stacks: dict[str, str] = {}
    for title, home in homes.items():
        if dock := docks.get(title):
            stacks.setdefault(home, dock[1])
    new = [title for title, home in homes.items() if title not in docks and home in stacks]
    return layout + "".join(f"\n[Window][{title}]\nDockId={stacks[homes[title]]},{LAST}\n" for title in new)
