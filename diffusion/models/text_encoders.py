"""Text encoders: turn prompts into the context that a U-Net attends to, and cache it."""

from __future__ import annotations

import time
from collections import OrderedDict
from typing import Protocol

import torch
from torch import Tensor

from diffusion.models.clip import Clip
from diffusion.models.prompt_words import Words


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
        """The words of a prompt with their token rows."""
        ...


class CachedEncoder:
    """Caches the contexts of the last `size` prompts. seconds: time spent encoding."""

    def __init__(self, encoder: TextEncoder, device: torch.device, dtype: torch.dtype, size: int = 512) -> None:
        self._encoder, self._device, self._dtype, self._size = encoder, device, dtype, size
        self._known: OrderedDict[str, Tensor] = OrderedDict()
        self.seconds = 0.0

    def __call__(self, prompts: list[str]) -> list[Tensor]:
        """Context [1,T,D] for each prompt; those not in the cache are encoded first."""
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
