"""Writes masks as grey PNGs named by a hash of their content, so that recipes find the same mask later."""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from pathlib import Path

import numpy as np
from PIL import Image

from base.files import atomic_write
from base.outputs import png_mark
from base.pictures import flat, open_picture

MOST = 1000  # maximum number of masks in the folder; the least recently used are deleted


def save_mask(mask: np.ndarray, folder: Path, target: Path | None = None) -> Path:
    """Write a mask, uint8 [H,W], into a folder, or to a file. Returns its path. Raises InputError."""
    name = hashlib.sha256(f"{mask.shape}".encode() + mask.tobytes()).hexdigest()[:24]
    path = target or folder / f"{name}.png"
    with atomic_write(path) as temporary:
        Image.fromarray(mask).save(temporary, format="PNG", pnginfo=png_mark())
    if target is None:
        _keep_bound(folder)
    return path


def read_mask(path: Path, size: tuple[int, int]) -> np.ndarray:
    """A mask of (width, height), uint8 [H,W]; transparent pixels are kept (0). Raises InputError."""
    return np.array(flat(open_picture(path), 0).convert("L").resize(size, Image.Resampling.BILINEAR))


def _keep_bound(folder: Path) -> None:
    with suppress(OSError):
        files = sorted((file.stat().st_mtime, file.path) for file in os.scandir(folder) if file.name.endswith(".png"))
        for _, path in files[: max(0, len(files) - MOST)]:
            Path(path).unlink(missing_ok=True)
