"""Tensors of safetensors files, read instead of mapped into memory.

A mapped file ends the program with a bus error when its disk fails, or when it is cut off, while it is read or at any later
time. A file that is read is a sentence then, and afterwards it may change or vanish.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import torch
from torch import Tensor

from base.errors import InputError
from base.reading import open_regular
from base.safetensors_header import Header, read_header

TYPES = {
    "BOOL": torch.bool, "U8": torch.uint8, "I8": torch.int8, "I16": torch.int16, "I32": torch.int32, "I64": torch.int64,
    "U16": torch.uint16, "U32": torch.uint32, "U64": torch.uint64, "F16": torch.float16, "BF16": torch.bfloat16,
    "F32": torch.float32, "F64": torch.float64, "C64": torch.complex64, "F8_E4M3": torch.float8_e4m3fn,
    "F8_E5M2": torch.float8_e5m2, "F8_E8M0": torch.float8_e8m0fnu, "F8_E4M3FNUZ": torch.float8_e4m3fnuz,
    "F8_E5M2FNUZ": torch.float8_e5m2fnuz,
}  # fmt: skip


@dataclass(frozen=True)
class TensorFile:
    """An open file, whose header was checked."""

    path: Path
    header: Header
    file: BinaryIO
    start: int

    def read(self, name: str) -> Tensor:
        """A tensor of the header's, on the CPU. Raises InputError where the file ends too early."""
        info = self.header.tensors[name]
        data = bytearray(info.end - info.start)
        self.file.seek(self.start + info.start)
        if self.file.readinto(data) < len(data):  # type: ignore[attr-defined]
            raise InputError(self.path, name, "is cut off; the file was changed while it was read")
        kind = TYPES[info.kind]
        return (torch.frombuffer(data, dtype=kind) if data else torch.empty(0, dtype=kind)).reshape(info.shape)


@contextmanager
def open_tensors(path: Path, what: str = "a safetensors file") -> Iterator[TensorFile]:
    """A file of tensors. Raises InputError as `read_header` does, and for a disk that fails while it is open."""
    header = read_header(path, what)
    with open_regular(path, what) as file:
        yield TensorFile(path, header, file, 8 + int.from_bytes(file.read(8), "little"))


def read_tensors(path: Path, what: str = "a safetensors file") -> dict[str, Tensor]:
    """All tensors of a file by name. Raises InputError as `open_tensors` does."""
    with open_tensors(path, what) as file:
        return {name: file.read(name) for name in file.header.tensors}
