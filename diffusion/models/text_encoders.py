"""Text encoders: prompts to the context a U-Net attends to, each prompt encoded once."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

import torch
from torch import Tensor

if TYPE_CHECKING:
    from diffusion.models.clip import Clip


class TextEncoder(Protocol):
    """Turns prompts into context.

    pooled: width of the pooled vector in the context's last row (`diffusion.models.sdxl_conditioning`), 0 without one;
    clips: the networks that a LoRA may change.
    """

    pooled: int
    clips: tuple[Clip, ...]

    def encode(self, prompts: list[str]) -> Tensor:
        """[B] prompts → float [B,T,D]; "" is the unconditional prompt."""
        ...

    def words(self, prompt: str) -> Words:
        """Which of the rows that are tokens each of a prompt's words is."""
        ...


Words = tuple[tuple[str, tuple[int, ...]], ...]  # (word, its rows), in order; every row once
REST = "the whole"  # the rows that are no word: beginning, end, padding, the sentence's own vector


def spelled(pieces: Sequence[str]) -> Words:
    """Words of the pieces that a tokenizer made of them, one for each row: " bri" begins a word, "ck" goes on with it, and "" is none."""
    words: list[tuple[str, list[int]]] = []
    rest: list[int] = []
    for row, piece in enumerate(pieces):
        if not piece:
            rest.append(row)
        elif piece.startswith(" ") or not words:
            words.append((piece.strip(), [row]))
        else:
            words[-1] = words[-1][0] + piece, [*words[-1][1], row]
    return tuple((word, tuple(rows)) for word, rows in [*words, *([(REST, rest)] if rest else [])])


class CachedEncoder:
    """An encoder that remembers the last `size` prompts, and how many seconds it spent on the others."""

    def __init__(self, encoder: TextEncoder, device: torch.device, dtype: torch.dtype, size: int = 512) -> None:
        self._encoder, self._device, self._dtype, self._size = encoder, device, dtype, size
        self._known: OrderedDict[str, Tensor] = OrderedDict()
        self.seconds = 0.0

    def __call__(self, prompts: list[str]) -> list[Tensor]:
        """Context [1,T,D] for each prompt; the unknown ones are encoded first."""
        wanted = dict.fromkeys(prompts)
        missing = [p for p in wanted if p not in self._known]
        if missing:
            started = time.perf_counter()
            contexts = self._encoder.encode(missing).to(self._device, self._dtype)
            for prompt, context in zip(missing, contexts, strict=True):
                self._known[prompt] = context[None]
            self.seconds += time.perf_counter() - started
        for prompt in wanted:
            self._known.move_to_end(prompt)
        answer = [self._known[p] for p in prompts]
        while len(self._known) > self._size:
            self._known.popitem(last=False)
        return answer

    @property
    def pooled(self) -> int:
        return self._encoder.pooled

    def words(self, prompt: str) -> Words:
        return self._encoder.words(prompt)
