"""The models of this machine as the models panel shows them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from app.loop.memory_room import Room
from diffusion.library.listing import ListedModel


@dataclass(frozen=True)
class ModelList:
    """entries: of `list_models`; folders: registered; room: free memory; cache: the hub's; problem: why folders are missing, or ""."""

    entries: tuple[ListedModel, ...]
    folders: tuple[Path, ...]
    room: Room
    cache: Path
    problem: str = ""


class ModelSource(Protocol):
    """Lists models without blocking. problem: why the list can't be read, or ""."""

    problem: str

    @property
    def busy(self) -> bool:
        """Whether the disk is being read."""
        ...

    def get(self) -> ModelList | None:
        """Return the latest list; None until it was read for the first time."""
        ...

    def refresh(self) -> None:
        """Read the disk again at the next call of `get`."""
        ...
