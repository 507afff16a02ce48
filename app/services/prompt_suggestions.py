"""Suggestions for a typed prompt, off the main thread: the nearest captions that the embedded model was trained on."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

KEPT = 500  # prompts whose answer is remembered


@dataclass(frozen=True)
class Suggestions:
    """prompt: that was asked; matches: (caption, cosine −1..1), best first; far: it is unlike all that the model has seen."""

    prompt: str
    matches: tuple[tuple[str, float], ...]
    far: bool


class Suggester:
    """`about` never waits. One prompt is looked up at a time, and then the one that was asked last.

    open_bank: gives the function that looks up; called once, on the suggester's thread (it brings torch and the text encoder).
    """

    def __init__(self, open_bank: Callable[[], Callable[[str], Suggestions]] | None = None) -> None:
        self._open = open_bank or open_embedded
        self._hand = ThreadPoolExecutor(1, thread_name_prefix="words", initializer=_step_back)
        self._look_up: Callable[[str], Suggestions] | None = None
        self._known: dict[str, Suggestions] = {}
        self._running: Future[Suggestions] | None = None
        self.problem = ""

    def about(self, prompt: str) -> Suggestions | None:
        """What is known of a prompt; None while it is being looked up, or when there is nothing to look up in (`problem`)."""
        prompt = " ".join(prompt.split())
        if self._running is not None and self._running.done():
            running, self._running = self._running, None
            self._take(running)
        if prompt in self._known or not prompt:
            return self._known.get(prompt)
        if self._running is None and not self.problem:
            self._running = self._hand.submit(self._answer, prompt)
        return None

    def close(self) -> None:
        self._hand.shutdown(wait=True, cancel_futures=True)

    def _answer(self, prompt: str) -> Suggestions:
        self._look_up = self._look_up or self._open()
        return self._look_up(prompt)

    def _take(self, running: Future[Suggestions]) -> None:
        try:
            found = running.result()
        except Exception as error:  # without suggestions everything else goes on
            self.problem = str(error) or type(error).__name__
            return
        if len(self._known) >= KEPT:
            self._known.pop(next(iter(self._known)))
        self._known[found.prompt] = found


def open_embedded() -> Callable[[str], Suggestions]:
    """Looks prompts up in the bank that ships with the embedded model. InputError where there is none."""
    import torch

    from diffusion.models.minilm import MiniLMEncoder
    from diffusion.text2image.prompt_matching import BANK, FAR, PromptBank, suggestions

    torch.set_num_threads(1)  # of this thread: frames and dreams need the others
    bank, encoder = PromptBank.load(BANK), MiniLMEncoder()

    def look_up(prompt: str) -> Suggestions:
        matches = suggestions(prompt, bank, encoder.sentences)
        return Suggestions(prompt, tuple((m.caption, m.similarity) for m in matches), matches[0].similarity < FAR)

    return look_up


def _step_back() -> None:
    """Less priority than frames, where threads have one of their own."""
    if sys.platform.startswith("linux"):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 10)
