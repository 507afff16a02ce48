"""The limits of the gallery, and which pictures to remove beyond them. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Bounds:
    """Pictures and bytes of the gallery, without pinned ones, and of its bin."""

    pictures: int = 2000
    bytes: int = 2 << 30
    bin_pictures: int = 200
    bin_bytes: int = 256 << 20


def overflow(files: Iterable[tuple[str, int]], pictures: int, most: int) -> list[str]:
    """Return the names to remove, oldest first, so that the rest fits the limits. The newest picture always stays.

    files: (name, bytes), oldest first
    """
    rows = list(files)
    left, total, gone = len(rows), sum(size for _, size in rows), []
    for name, size in rows[:-1]:
        if left <= pictures and total <= most:
            break
        gone.append(name)
        left, total = left - 1, total - size
    return gone
