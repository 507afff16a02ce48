"""Tables and JSON of `rayverie models`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.filesize import decimal as size
from rich.table import Column, Table

from app.loop.memory_room import Room
from base.errors import escape_controls
from diffusion.library.facts import KINDS
from diffusion.library.listing import ListedModel
from diffusion.library.memory import estimate_bytes


def make_listing_json(listed: ListedModel, room: Room) -> dict[str, Any]:
    facts = listed.facts
    needed = estimate_bytes(facts, room.device)
    return {
        "name": listed.name,
        "origin": listed.origin,
        "path": str(facts.path),
        "kind": facts.kind,
        "family": facts.family,
        "parameters": facts.parameters,
        "precision": facts.precision,
        "bytes": facts.bytes,
        "native": facts.native,
        "complete": facts.complete,
        "missing": list(facts.missing),
        "unsupported": facts.unsupported,
        "needs": needed,
        "fits": needed <= room.free,
        "parts": [{"name": part.name, "parameters": part.parameters, "bytes": part.bytes} for part in facts.parts],
    }


def show_list(found: list[ListedModel], cache: Path, room: Room, console: Console) -> None:
    """A row for each entry; how much memory it needs, and whether that is free now."""
    table = Table(Column("name", overflow="fold", ratio=1), box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for column in ("kind", "family", "size", "precision", "needs", "fits", "state"):
        numeric = column in ("size", "needs")
        table.add_column(column, justify="right" if numeric else "left", no_wrap=numeric, overflow="fold")
    for listed in found:
        facts = listed.facts
        needed = estimate_bytes(facts, room.device)
        state = facts.unsupported or ("complete" if facts.complete else "incomplete")
        fits = "yes" if needed <= room.free else "no"
        numbers = (size(facts.bytes), facts.precision, size(needed), fits) if facts.parts else ("", "", "", "")
        table.add_row(escape_controls(listed.name), facts.kind, facts.family, *numbers, state)
    console.print(table)
    console.print(f"{size(room.free)} free on {room.device}. The hub's cache is {cache}.")


def describe(listed: ListedModel, room: Room, problem: str, console: Console) -> None:
    """All that is known of one entry."""
    facts = listed.facts
    needed = estimate_bytes(facts, room.device)
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    rows = {
        "name": listed.name,
        "path": str(facts.path),
        "is": f"{KINDS[facts.kind]} ({listed.origin})",
        "family": facts.family,
        "picture size": f"{facts.native} pixels" if facts.native else "",
        "parameters": f"{facts.parameters / 1e6:.1f} million" if facts.parts else "",
        "precision": facts.precision,
        "size": size(facts.bytes) if facts.parts else "",
        **{f"  {part.name}": f"{part.parameters / 1e6:.1f} million, {size(part.bytes)}" for part in facts.parts},
        "memory": f"about {size(needed)} on {room.device}; {size(room.free)} are free" if facts.parts else "",
        "complete": "yes" if facts.complete else f"no: {'; '.join(facts.missing)}",
        "usable": problem or facts.unsupported or ("yes" if facts.complete else "no"),
    }
    for name, value in rows.items():
        if value:
            table.add_row(name, escape_controls(value))
    console.print(table)
