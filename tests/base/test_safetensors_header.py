"""Headers of safetensors files are checked whole: each tensor has a known type, its shape's bytes, and bytes of its own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import save_file

from base.errors import InputError, escape_controls
from base.safetensors_header import read_header, refuse_integers


def write(path: Path, header: Any, size: int = 8) -> Path:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + bytes(size))
    return path


def entry(**changes: Any) -> dict[str, Any]:
    return {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]} | changes


def test_a_header_is_read(tmp_path: Path) -> None:
    arrays = {"a": np.zeros((2, 3), np.float32), "b": np.zeros(0, np.int8), "c": np.ones((), np.float16)}
    save_file(arrays, tmp_path / "x.safetensors", {"format": "pt"})
    header = read_header(tmp_path / "x.safetensors")
    assert {name: t.shape for name, t in header.tensors.items()} == {"a": (2, 3), "b": (0,), "c": ()}
    assert header.metadata == {"format": "pt"} and header.tensors["c"].kind == "F16"
    with pytest.raises(InputError, match="b has numbers of type I8; weights are"):
        refuse_integers("x", header.tensors)


@pytest.mark.parametrize(
    ("header", "size", "said"),
    [
        (b"", 0, "cut off"),
        ([], 8, "not a JSON object"),
        (b"{ ", 8, "not JSON"),
        (b'{"a": 1, "a": 2}', 8, "stands twice"),
        ({"a": 1}, 8, ": a must be described"),
        ({"a": entry(dtype="F31")}, 8, ": a is of type 'F31'; known are"),
        ({"a": entry(dtype=["F32"])}, 8, ": a is of type"),
        ({"a": entry(shape=[-2])}, 8, r": a has the shape \[-2\]"),
        ({"a": entry(shape=[True])}, 8, ": a has the shape"),
        ({"a": entry(shape=[1] * 9)}, 8, ": a has the shape"),
        ({"a": entry(shape=[1 << 60])}, 8, ": a has the shape"),
        ({"a": entry(shape=[3])}, 8, r": a has 8 bytes; its shape \[3\] of F32 takes 12"),
        ({"a": entry(shape="2")}, 8, ": a has the shape '2'"),
        ({"a": entry(data_offsets=[8, 0])}, 8, ": a has -8 bytes"),
        ({"a": entry(data_offsets=[0])}, 8, ": a lies at"),
        ({"a": entry()}, 4, ": a ends at byte 8 of 4"),
        ({"a": entry(), "b": entry(data_offsets=[4, 12])}, 12, ": b overlaps a"),
        ({"a": entry(), "b": entry(data_offsets=[12, 20])}, 20, ": b leaves a gap after a"),
        ({"a": entry()}, 12, "4 bytes that belong to no tensor"),
        ({"__metadata__": {"a": 1}}, 0, "__metadata__ must hold texts"),
    ],
)
def test_what_does_not_fit_is_told_with_the_tensor(header: Any, size: int, said: str, tmp_path: Path) -> None:
    path = write(tmp_path / "x.safetensors", header, size)
    with pytest.raises(InputError, match=said):
        read_header(path)


@given(st.binary(max_size=100))
def test_any_bytes_are_a_header_or_a_sentence(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.mktemp("fuzz") / "x.safetensors"
    path.write_bytes(data)
    try:
        read_header(path)
    except InputError as error:
        assert escape_controls(str(error)) == str(error)
