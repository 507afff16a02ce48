"""How much memory the device that a model runs on has left."""

from __future__ import annotations

import ctypes
import sys
from dataclasses import dataclass
from functools import cache

import psutil


@dataclass(frozen=True)
class Room:
    """Memory of a device. device: "cpu", "cuda" or "mps"; free: bytes."""

    device: str
    free: int


def measure_room(device: str = "auto") -> Room:
    """The free memory of the device that `--device` names. Imports torch only where there is a driver for CUDA."""
    if device.startswith("cuda") or (device == "auto" and _has_cuda_driver()):
        import torch

        if torch.cuda.is_available():
            return Room("cuda", int(torch.cuda.mem_get_info()[0]))
    shared = device == "mps" or (device == "auto" and sys.platform == "darwin")
    return Room("mps" if shared else "cpu", int(psutil.virtual_memory().available))


@cache
def _has_cuda_driver() -> bool:
    try:
        ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
    except OSError:
        return False
    return True
