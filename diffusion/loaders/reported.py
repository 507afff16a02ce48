"""A checkpoint that reports each part before reading it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from diffusion.loaders.checkpoints import Checkpoint
from diffusion.models.clip import Clip

OnPart = Callable[[str], None]
"""Called with the name of a part, such as "unet", before it is read. An exception ends the loading."""


class ReportedCheckpoint:
    """Wraps a checkpoint and calls `on_part` before each network is read."""

    def __init__(self, source: Checkpoint, on_part: OnPart) -> None:
        self.path, self.name = source.path, source.name
        self._source, self._on_part = source, on_part

    def config(self, part: str, name: str = "config.json") -> dict[str, Any]:
        return self._source.config(part, name)

    def own(self) -> dict[str, Any]:
        return self._source.own()

    def module(self, kind: Any, part: str, dtype: torch.dtype) -> Any:
        self._on_part(part)
        return self._source.module(kind, part, dtype)

    def clip(self, kind: Any, part: str, tokenizer: str, dtype: torch.dtype) -> Clip:
        self._on_part(part)
        return self._source.clip(kind, part, tokenizer, dtype)

    def weights(self) -> list[Path]:
        return self._source.weights()
