"""Looks up suggestions for a typed prompt on a background thread."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from app.state.suggestions import Suggestions

KEPT = 500  # cached prompts


class PromptSuggestions:
    """`about` never waits. Looks up one prompt at a time, then the latest one requested.

    open_bank: returns the function that looks prompts up. Called once, on a thread, as it imports torch and the text encoder.
    problem: why prompts can't be looked up, or "".
    """

    def __init__(self, open_bank: Callable[[], Callable[[str], Suggestions]] | None = None) -> None:
        self._open = open_bank or open_embedded
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="suggestions", initializer=lower_priority)
        self._look_up: Callable[[str], Suggestions] | None = None
        self._known: dict[str, Suggestions] = {}
        self._running: Future[Suggestions] | None = None
        self.problem = ""

    def about(self, prompt: str) -> Suggestions | None:
        """Suggestions for a prompt; None while it is being looked up, or if that is impossible (see `problem`)."""
        prompt = " ".join(prompt.split())
        if self._running is not None and self._running.done():
            running, self._running = self._running, None
            self._take(running)
        if prompt in self._known or not prompt:
            return self._known.get(prompt)
        if self._running is None and not self.problem:
            self._running = self._thread.submit(self._answer, prompt)
        return None

    def close(self) -> None:
        """Wait for the running look-up."""
        self._thread.shutdown(wait=True, cancel_futures=True)

    def _answer(self, prompt: str) -> Suggestions:
        self._look_up = self._look_up or self._open()
        return self._look_up(prompt)

    def _take(self, running: Future[Suggestions]) -> None:
        try:
            found = running.result()
        except Exception as error:  # the program works without suggestions
            self.problem = str(error) or type(error).__name__
            return
        if len(self._known) >= KEPT:
            self._known.pop(next(iter(self._known)))
        self._known[found.prompt] = found


def open_embedded() -> Callable[[str], Suggestions]:
    """The function that looks prompts up in the bank of the embedded model. Raises InputError if there is none."""
    import torch

    from diffusion.text2image.familiar import open_understanding

    torch.set_num_threads(1)  # this thread only: frames and dreams need the other cores
    understand = open_understanding()

    def look_up(prompt: str) -> Suggestions:
        found = understand(prompt, 8)
        captions = tuple((match.caption, match.similarity) for match in found.matches)
        return Suggestions(prompt, captions, found.far, tuple(map(str, found.readings)))

    return look_up


def lower_priority() -> None:
    """Give this thread less priority than frames, on systems where threads have their own."""
    if sys.platform.startswith("linux"):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 10)
