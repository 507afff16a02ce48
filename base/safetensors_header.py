"""What a safetensors file says it holds, read and checked before anything else reads it.

The format: 8 bytes that say how long the header is, the header in JSON, then the tensors' bytes one after the other
(https://huggingface.co/docs/safetensors).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from base.errors import InputError
from base.reading import open_regular, parse_json

MOST_BYTES = 100 << 20  # of a header
MOST_SIDES = 8
BITS = {
    **dict.fromkeys(("BOOL", "U8", "I8", "F8_E4M3", "F8_E5M2", "F8_E8M0", "F8_E4M3FNUZ", "F8_E5M2FNUZ"), 8),
    **dict.fromkeys(("U16", "I16", "F16", "BF16"), 16),
    **dict.fromkeys(("U32", "I32", "F32"), 32),
    **dict.fromkeys(("U64", "I64", "F64", "C64"), 64),
}
FLOATS = frozenset(("F16", "BF16", "F32", "F64", "F8_E4M3", "F8_E5M2"))
METADATA = "__metadata__"


@dataclass(frozen=True)
class TensorInfo:
    """A tensor in a file. kind: of BITS; start, end: its bytes, counted from the end of the header."""

    kind: str
    shape: tuple[int, ...]
    start: int
    end: int


@dataclass(frozen=True)
class Header:
    tensors: Mapping[str, TensorInfo]
    metadata: Mapping[str, str]


def read_header(path: str | Path, what: str = "a safetensors file") -> Header:
    """The checked header: every tensor has a known type, a shape that its bytes fill, and bytes of its own in the file.

    Raises InputError naming the file and the tensor.
    """
    with open_regular(path, what) as file:
        size = int.from_bytes(file.read(8), "little")
        file.seek(0, 2)
        rest = file.tell() - 8
        if rest < 2 or not 2 <= size <= rest:
            raise InputError(
                path, "", f"is not {what}: its first eight bytes say no length of a header, or it is cut off"
            )
        if size > MOST_BYTES:
            raise InputError(path, "", f"has a header of more than {MOST_BYTES >> 20} MiB")
        file.seek(8)
        text = file.read(size)
    values = parse_json(text, path, "the header of a safetensors file", "its header")
    if not isinstance(values, dict):
        raise InputError(path, "its header", "is not a JSON object")
    metadata = values.pop(METADATA, None) or {}
    if not isinstance(metadata, dict) or not all(isinstance(v, str) for v in metadata.values()):
        raise InputError(path, METADATA, "must hold texts")
    tensors = {name: _tensor(path, name, entry) for name, entry in values.items()}
    _refuse_overlaps(path, tensors, rest - size)
    return Header(tensors, metadata)


def weights_of(header: Header) -> dict[str, TensorInfo]:
    """The tensors that are weights: some files keep whole numbers of their own, like the positions of words, beside them."""
    return {name: t for name, t in header.tensors.items() if not name.endswith(("position_ids", "num_batches_tracked"))}


def refuse_integers(path: str | Path, tensors: Mapping[str, TensorInfo]) -> None:
    """InputError where one of these tensors, which are weights, holds something else than broken numbers."""
    for name, tensor in tensors.items():
        if tensor.kind not in FLOATS:
            raise InputError(path, name, f"has numbers of type {tensor.kind}; weights are {', '.join(sorted(FLOATS))}")


def _tensor(path: str | Path, name: str, entry: Any) -> TensorInfo:
    if not isinstance(entry, dict) or set(entry) != {"dtype", "shape", "data_offsets"}:
        raise InputError(path, name, "must be described by dtype, shape and data_offsets")
    kind, shape, offsets = entry["dtype"], entry["shape"], entry["data_offsets"]
    if kind not in BITS if isinstance(kind, str) else True:
        raise InputError(path, name, f"is of type {kind!r}; known are {', '.join(BITS)}")
    if not _counts(shape) or len(shape) > MOST_SIDES:
        raise InputError(
            path, name, f"has the shape {shape!r}; a shape is a list of at most {MOST_SIDES} whole numbers"
        )
    if not _counts(offsets) or len(offsets) != 2:
        raise InputError(path, name, f"lies at {offsets!r}; its place is two whole numbers")
    start, end = offsets
    wanted = math.prod(shape) * BITS[kind] // 8
    if end - start != wanted:
        raise InputError(path, name, f"has {end - start} bytes; its shape {shape} of {kind} takes {wanted}")
    return TensorInfo(kind, tuple(shape), start, end)


def _refuse_overlaps(path: str | Path, tensors: Mapping[str, TensorInfo], size: int) -> None:
    """Tensors lie one after the other and fill the file."""
    at, before = 0, "the header"
    for name, tensor in sorted(tensors.items(), key=lambda item: (item[1].start, item[1].end)):
        if tensor.end > size:
            raise InputError(
                path, name, f"ends at byte {tensor.end} of {size}: the file is cut off, or its header wrong"
            )
        if tensor.start != at:
            problem = "overlaps" if tensor.start < at else "leaves a gap after"
            raise InputError(path, name, f"{problem} {before}; tensors lie one after the other")
        at, before = tensor.end, name
    if at != size:
        raise InputError(path, "", f"has {size - at} bytes that belong to no tensor")


def _counts(values: Any) -> bool:
    """Whether a value is a list of whole numbers that are not negative."""
    return isinstance(values, list) and all(type(value) is int and 0 <= value < 1 << 48 for value in values)
