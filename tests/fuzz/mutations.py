"""Hostile variants of good files: flipped bits, cuts, repeats, and values of other types and sizes in place of good ones."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

from hypothesis import strategies as st

ODD_VALUES: list[Any] = [
    None, True, -1, 0, 0.5, 1e308, 10**30, 10**90, "", "x" * 3000, "\x1b[2J", "../../x", "\x00", "[/b]", "NaN", [], [[]], {},
    {"a": 1}, [1] * 1000, "~nosuchuser/x", "/dev/zero", "1:30", "010",
]  # fmt: skip
ODD_TEXT = [
    "NaN",
    "1e999",
    "9" * 5000,
    '"\\ud83e"',
    "[" * 2000,
    "{",
    "}",
    '"',
    "\x00",
    "\ufeff",
    ": !!python/x ",
    "&a [*a]",
    "<<: ",
    "- ",
]


def mutated_bytes(good: bytes) -> st.SearchStrategy[bytes]:
    """Variants of a file by bytes: up to four of flip, cut, repeat, insert."""

    def apply(edits: list[tuple[str, int, int]]) -> bytes:
        data = bytearray(good)
        for kind, place, value in edits:
            at = place % (len(data) + 1)
            if kind == "flip" and data:
                data[at % len(data)] ^= 1 << value % 8
            elif kind == "cut":
                del data[at:]
            elif kind == "repeat":
                data[at:at] = data[at : at + value]
            elif kind == "insert":
                data[at:at] = ODD_TEXT[value % len(ODD_TEXT)].encode()
        return bytes(data)

    kinds = st.sampled_from(["flip", "flip", "flip", "cut", "repeat", "insert"])
    edit = st.tuples(kinds, st.integers(0, 1 << 24), st.integers(0, 255))
    return st.lists(edit, min_size=1, max_size=4).map(apply)


def mutated_values(good: Any) -> st.SearchStrategy[Any]:
    """Variants of JSON values: up to three places hold an odd value, are gone, or have another name."""
    places = list(_places(good))

    def apply(edits: list[tuple[int, Any, str]]) -> Any:
        value = json.loads(json.dumps(good))
        for place, odd, kind in edits:
            *parents, last = places[place % len(places)]
            inner = value
            try:
                for key in parents:
                    inner = inner[key]
                if kind == "gone":
                    del inner[last]
                elif kind == "renamed" and isinstance(inner, dict):
                    inner[f"{last}_"] = inner.pop(last)
                else:
                    inner[last] = json.loads(json.dumps(odd))
            except (KeyError, IndexError, TypeError):
                continue  # an earlier edit took that place away
        return value

    edit = st.tuples(
        st.integers(0, 1 << 16), st.sampled_from(ODD_VALUES), st.sampled_from(["odd", "odd", "odd", "gone", "renamed"])
    )
    return st.lists(edit, min_size=1, max_size=3).map(apply)


def mutated_zip(good: bytes) -> st.SearchStrategy[bytes]:
    """Variants of a zip by its parts: in another order, twice, missing, renamed (also out of the folder), compressed."""
    with zipfile.ZipFile(io.BytesIO(good)) as archive:
        parts = [(info.filename, archive.read(info)) for info in archive.infolist()]
    names = st.sampled_from(
        [name for name, _ in parts] + ["../x", "/etc/x", "index.json", "tiles/" + "0" * 64, "x\x00y"]
    )
    part = st.tuples(names, st.sampled_from([data for _, data in parts] + [b"", b"{}"]), st.booleans())

    def apply(found: list[tuple[str, bytes, bool]]) -> bytes:
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as archive:
            for name, data, packed in found:
                kind = zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED
                archive.writestr(zipfile.ZipInfo(name), data, compress_type=kind)
        return out.getvalue()

    return st.lists(part, max_size=len(parts) + 2).map(apply)


def _places(value: Any, path: tuple[Any, ...] = ()) -> Any:
    """The paths of all values inside a JSON value."""
    if isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield (*path, key)
            yield from _places(inner, (*path, key))
