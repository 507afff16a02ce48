"""Draws random prompts on a background thread, which reads banks and runs the text encoder."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import numpy as np

from app.services.prompt_suggestions import lower_priority
from app.state.prompt_dice import Categories, DiceSettings, DrawnPrompt
from base.files import expand_user

Draw = Callable[[DiceSettings, str, int], DrawnPrompt]
Sort = Callable[[DiceSettings], Categories]


class PromptDice:
    """A `DiceSource`. open_dice: returns the functions that draw prompts and list categories. Called once, on the thread, as it imports
    torch."""

    def __init__(self, open_dice: Callable[[], tuple[Draw, Sort]] | None = None) -> None:
        self._open = open_dice or open_banks
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="dice", initializer=lower_priority)
        self._dice: tuple[Draw, Sort] | None = None
        self._thrown: tuple[str, Future[DrawnPrompt]] | None = None  # for a field of text
        self._sorted: tuple[str, Future[Categories]] | None = None  # of a bank
        self._count = 0
        self.settings = DiceSettings()
        self.problem = ""

    @property
    def busy(self) -> bool:
        return self._thrown is not None and not self._thrown[1].done()

    def throw(self, field: str, near: str) -> None:
        """Draw a prompt for a field of text whose prompt is `near`. The latest throw counts."""
        self._count, self.problem = self._count + 1, ""
        settings, seed = self.settings, self._count
        self._thrown = field, self._thread.submit(lambda: self._open_dice()[0](settings, near, seed))

    def take(self, field: str) -> DrawnPrompt | None:
        """Return the prompt drawn for a field, once."""
        if self._thrown is None or self._thrown[0] != field or not self._thrown[1].done():
            return None
        thrown, self._thrown = self._thrown[1], None
        return self._result(thrown)

    def categories(self) -> Categories | None:
        """Return the categories of the chosen bank; None while it is being read. An unreadable bank has none."""
        settings = self.settings
        if self._sorted is None or self._sorted[0] != settings.bank:
            self.problem = ""
            self._sorted = settings.bank, self._thread.submit(lambda: self._open_dice()[1](settings))
        return (self._result(self._sorted[1]) or Categories()) if self._sorted[1].done() else None

    def close(self) -> None:
        """Wait for the running work."""
        self._thread.shutdown(wait=True, cancel_futures=True)

    def _open_dice(self) -> tuple[Draw, Sort]:
        self._dice = self._dice or self._open()
        return self._dice

    def _result(self, future: Future[Any]) -> Any:
        try:
            return future.result()
        except Exception as error:  # the program works without the dice
            self.problem = str(error) or type(error).__name__
            return None


def open_banks() -> tuple[Draw, Sort]:
    """Return the functions that draw from banks and list their categories. The user's own banks are read again when chosen."""
    import torch

    from base.errors import InputError
    from diffusion.models.minilm import MiniLMEncoder
    from diffusion.text2image.caption_files import open_bank, read_captions
    from diffusion.text2image.prompt_drawing import draw_captions
    from diffusion.text2image.prompt_matching import BANK, PromptBank, suggest_captions
    from diffusion.training.data.categories import MOODS, count_categories, find_categories

    torch.set_num_threads(1)  # this thread only: frames and dreams need the other cores
    known, embed = PromptBank.load(), MiniLMEncoder().sentences
    opened: dict[str, PromptBank] = {"": known}  # the embedded bank, and the user's last one

    def find(name: str) -> PromptBank:
        if name not in opened:
            bank = open_bank(expand_user(name), embed)
            opened.clear()
            opened.update({"": known, name: bank})
        return opened[name]

    def draw(settings: DiceSettings, near: str, seed: int) -> DrawnPrompt:
        bank, wanted = find(settings.bank), {settings.material, settings.mood} - {""}
        meant = [i for i, caption in enumerate(bank.captions) if caption != near and wanted <= find_categories(caption)]
        if not meant:
            raise InputError("The bank", "", f"has no prompts of {' and '.join(sorted(wanted)) or 'any kind'}")
        similarity = bank.similarities(embed([near])[0])[meant] if near else None
        captions, rng = [bank.captions[i] for i in meant], np.random.default_rng(seed)
        prompt = draw_captions(captions, rng, similarity=similarity, temperature=settings.temperature)[0]
        match = suggest_captions(prompt, known, embed, 1)[0]
        return DrawnPrompt(prompt, match.caption, match.similarity)

    def sort(settings: DiceSettings) -> Categories:
        counts = count_categories(read_captions(expand_user(settings.bank) if settings.bank else BANK))
        return Categories(tuple(n for n in counts if n not in MOODS), tuple(n for n in counts if n in MOODS))

    return draw, sort
