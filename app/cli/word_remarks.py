"""Remarks on the terminal about how the embedded model reads a prompt's words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from base.errors import escape_controls, shorten


def word_remarks(model: Any, ref: str | None, prompts: Sequence[str], others: Sequence[str] = ()) -> list[str]:
    """A sentence for each word that is read as another, and for each prompt that is unlike all that the embedded model was
    trained on. ref: what names the model, None for the embedded one; others: negative and further prompts, which may be unlike it.
    """
    remarks = [f"{escape_controls(str(reading))}." for reading in model.text.readings((*prompts, *others))]
    return [*remarks, *far_prompts(ref, prompts)]


def far_prompts(ref: str | None, prompts: Sequence[str]) -> list[str]:
    """Return a sentence for each prompt that is unlike the embedded model's training captions."""
    from diffusion.text2image.familiar import open_understanding

    if ref is not None:
        return []
    understand = open_understanding()
    far = [prompt for prompt in dict.fromkeys(prompts) if prompt and understand(prompt, 1).far]
    return [
        f"“{shorten(prompt, 80)}” is unlike anything the model was trained on; the picture may be anything."
        for prompt in far
    ]
