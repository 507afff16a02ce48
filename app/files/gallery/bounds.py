"""How much the gallery keeps, and what goes first when there is more. Pure."""

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
    """The names that go, oldest first, so that at most so many pictures and bytes stay. The newest one always stays.

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
