"""JSON values become what settings are declared as, or a sentence says of which type they must be."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from base.errors import InputError
from base.typed import convert_json


@pytest.mark.parametrize(
    ("kind", "value", "wanted"),
    [
        (int, 3, 3),
        (float, 3, 3.0),
        (bool, True, True),
        (str, "", ""),
        (Path, "a/b", Path("a/b")),
        (int | None, None, None),
        (Path | None, "a", Path("a")),
        (tuple[int, int], [3, 4], (3, 4)),
        (tuple[str, ...], [], ()),
        (tuple[float, ...], [1, 2.5], (1.0, 2.5)),
    ],
)
def test_values_of_their_type(kind: Any, value: object, wanted: object) -> None:
    found = convert_json(kind, value, "file", "field")
    assert found == wanted and type(found) is type(wanted)


@pytest.mark.parametrize(
    ("kind", "value", "of"),
    [
        (int, True, "int"),
        (int, 3.0, "int"),
        (float, False, "float"),
        (float, "1", "float"),
        (bool, 1, "bool"),
        (str, None, "str"),
        (Path, 5, "Path"),
        (int | None, "x", "int or null"),
        (tuple[int, int], [3], "tuple"),
        (tuple[int, int], [3, "4"], "int"),
        (tuple[int, ...], "34", "tuple"),
    ],
)
def test_values_of_another_type(kind: Any, value: object, of: str) -> None:
    with pytest.raises(InputError, match=rf"file: field is .*; it must be of type {of}\."):
        convert_json(kind, value, "file", "field")
