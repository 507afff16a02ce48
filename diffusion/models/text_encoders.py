"""Text encoders: turn prompts into the context that a U-Net attends to, and cache it."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Sequence
from typing import Protocol

import torch
from torch import Tensor

from diffusion.models.clip import Clip, SdxlEncoder, pad_contexts
from diffusion.models.known_words import Reading, ReadingEncoder
from diffusion.models.prompt_syntax import APART, join_encoders
from diffusion.models.prompt_words import Words


class TextEncoder(Protocol):
    """Turns prompts into context.

    pooled: width of the pooled vector in the context's last row (`diffusion.models.sdxl_conditioning`), 0 without one;
    clips: the networks that a LoRA may change.
    """

    pooled: int
    clips: tuple[Clip, ...]

    def encode(self, prompts: list[str]) -> Tensor:
        """[B] prompts → float [B,T,D], T the longest prompt's length; "" is the unconditional prompt. Syntax: `prompt_syntax`."""
        ...

    def words(self, prompt: str) -> Words:
        """The words of a prompt with their token rows."""
        ...


class CachedEncoder:
    """Caches the contexts of the last `size` prompts, for any thread. seconds: time spent encoding."""

    def __init__(self, encoder: TextEncoder, device: torch.device, dtype: torch.dtype, size: int = 512) -> None:
        self._encoder, self._device, self._dtype, self._size = encoder, device, dtype, size
        self._known: OrderedDict[str, Tensor] = OrderedDict()
        self._lock = threading.Lock()
        self.seconds = 0.0

    @property
    def clips(self) -> tuple[Clip, ...]:
        """The CLIPs that encode; none where the encoder is another network."""
        return self._encoder.clips

    def __call__(self, prompts: list[str]) -> list[Tensor]:
        """Context [1,T,D] for each prompt, all padded to the longest; prompts that aren't cached are encoded first."""
        with self._lock:
            return self._find(prompts)

    def _find(self, prompts: list[str]) -> list[Tensor]:
        started = time.perf_counter()
        encoded = False
        for prompt in dict.fromkeys(prompts):
            if prompt not in self._known:
                self._known[prompt], encoded = self._encode(prompt), True
            self._known.move_to_end(prompt)
        answer = [self._known[p] for p in prompts]
        if len({context.shape[1] for context in answer}) > 1:
            answer = pad_contexts(answer, self._encode(""), self._encoder.pooled)
        if encoded:
            self.seconds += time.perf_counter() - started
        while len(self._known) > self._size:
            self._known.popitem(last=False)
        return answer

    def _encode(self, prompt: str) -> Tensor:
        return self._encoder.encode([self._read(prompt)]).to(self._device, self._dtype)

    def _read(self, prompt: str) -> str:
        """A prompt as the encoder takes it: text for two encoders is joined if there is only one."""
        return prompt if isinstance(self._encoder, SdxlEncoder) else join_encoders(prompt)

    def unread_syntax(self, prompts: Sequence[str]) -> tuple[str, ...]:
        """A sentence if prompts have text for two text encoders but the model has one."""
        split = any(prompt != self._read(prompt) for prompt in prompts)
        return (
            (f"{APART} in a prompt has no effect: the model has only one text encoder, so it is read as a comma.",)
            if split
            else ()
        )

    @property
    def pooled(self) -> int:
        return self._encoder.pooled

    def words(self, prompt: str) -> Words:
        return self._encoder.words(self._read(prompt))

    def readings(self, prompts: Sequence[str]) -> tuple[Reading, ...]:
        """The words of prompts that are replaced by known ones (`diffusion.models.known_words`), distinct, in order."""
        if not isinstance(self._encoder, ReadingEncoder):
            return ()
        return tuple(dict.fromkeys(reading for prompt in prompts for reading in self._encoder.readings(prompt)))
