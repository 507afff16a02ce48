"""The pictures of a lesson: several small ones side by side in one WebP file, with the place of each."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from base.errors import InputError
from base.files import atomic_write
from base.reading import read_bytes

MARK = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'>Rayverie</x:xmpmeta>"
QUALITY = 82
MOST_BYTES = 1 << 26  # of a picture that is asked whether it is ours
SPREAD = 2.5  # standard deviations from a channel's mean to black or white
Tile = tuple[int, int, int, int]  # x, y, width, height


def sprite(rows: Sequence[Sequence[np.ndarray]]) -> tuple[np.ndarray, list[list[Tile]]]:
    """(uint8 [H,W] or [H,W,3], the tiles by row): rows of pictures, one below the other. Pictures of a row have one height."""
    width = max(sum(picture.shape[1] for picture in row) for row in rows)
    height = sum(row[0].shape[0] for row in rows)
    page = np.zeros((height, width, *rows[0][0].shape[2:]), np.uint8)
    tiles, top = [], 0
    for row in rows:
        left, placed = 0, []
        for picture in row:
            tall, wide = picture.shape[:2]
            page[top : top + tall, left : left + wide] = picture
            placed.append((left, top, wide, tall))
            left += wide
        tiles.append(placed)
        top += row[0].shape[0]
    return page, tiles


def channel_pictures(latents: np.ndarray) -> list[np.ndarray]:
    """uint8 [h,w] of each channel of [C,h,w], grey at its mean."""
    mean, deviation = latents.mean((1, 2), keepdims=True), latents.std((1, 2), keepdims=True)
    scaled = (latents - mean) / np.maximum(2 * SPREAD * deviation, 1e-12) + 0.5
    return list(np.rint(255 * scaled.clip(0, 1)).astype(np.uint8))


def encode(picture: np.ndarray, lossless: bool = False) -> bytes:
    """A WebP file with MARK, by which `is_ours` knows it. The same pixels give the same bytes."""
    buffer = io.BytesIO()
    Image.fromarray(picture).convert("RGB").save(
        buffer, "WEBP", quality=100 if lossless else QUALITY, lossless=lossless, method=6, xmp=MARK
    )
    return buffer.getvalue()


def save(path: Path, picture: np.ndarray, lossless: bool = False) -> None:
    with atomic_write(path) as temporary:
        temporary.write_bytes(encode(picture, lossless))


def is_ours(path: Path) -> bool:
    """Whether this program wrote a picture."""
    try:
        return MARK in read_bytes(path, "a picture", MOST_BYTES)
    except InputError:
        return False
