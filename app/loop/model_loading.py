"""Loads the model that a user chose, and reports progress."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from typing import Any

from app.loop.chosen_model import load_chosen
from app.loop.garbage import exempt_from_collection
from app.loop.memory_room import measure_room
from app.loop.messages import Emit, ModelKept, ModelOrder, ModelProgress, sentence
from app.model_additions import parse_addition
from app.session import ModelChoice
from base.errors import InputError
from base.files import expand_user
from diffusion.canvas import Cancelled
from diffusion.library.facts import Facts
from diffusion.library.listing import find_listed
from diffusion.library.memory import estimate_bytes
from diffusion.library.read_facts import read_facts
from diffusion.loaders.hub_snapshot import cache_folder

Report = Callable[[str, float], None]
"""(name of the part being read, share of the bytes read so far 0..1)"""
PARTS = {"unet": "U-Net", "vae": "VAE", "text_encoder": "text encoder", "text_encoder_2": "second text encoder"}
MEMORY = ("MemoryError", "OutOfMemoryError")  # the second is torch's


def load_choice(choice: ModelChoice, report: Report = lambda part, share: None) -> Any:
    """Load the model of a choice, whose LoRAs are files. report: called before each part; it may raise Cancelled. Raises InputError."""
    with exempt_from_collection():
        parts = {} if (facts := facts_of(choice)) is None else {part.name: part.bytes for part in facts.parts}
        whole, before = max(1, sum(parts.values())), [0]

        def on_part(name: str) -> None:
            report(PARTS.get(name, name), before[0] / whole)
            before[0] += parts.get(name, 0)

        return load_chosen(choice, on_part=on_part)


def facts_of(choice: ModelChoice) -> Facts | None:
    """Return facts about a model before it is loaded; None if it can't be read, which loading then reports."""
    try:
        return find_listed(choice.ref or "embedded", cache_folder()).facts
    except InputError:
        return None


def fits_beside(choice: ModelChoice) -> bool:
    """Whether memory suffices to load a choice beside the present model."""
    facts = facts_of(choice)
    if facts is None:
        return True
    room = measure_room(choice.device)
    beside = (*choice.control, *filter(None, [choice.ip_adapter]))
    added = [read_facts(expand_user(parse_addition(text).file)) for text in beside]
    return sum(estimate_bytes(one, room.device) for one in (facts, *added) if one is not None) <= room.free


def load_ordered(
    order: ModelOrder,
    load: Callable[[ModelChoice, Report], Any],
    emit: Emit,
    cancelled: Callable[[], bool],
    make_room: Callable[[], None],
    fits: Callable[[ModelChoice], bool],
) -> Any:
    """Load the model of an order. If that fails or is cancelled, emit a message and return None.

    make_room: drops the present model, or raises InputError where that must stay. It is called only if both don't fit into memory.
    """

    def report(part: str, share: float) -> None:
        if cancelled():
            raise Cancelled
        emit(ModelProgress(order, part, share))

    try:
        report("", 0.0)
        if not fits(order.choice):
            make_room()
        model = _load_if_memory_allows(load, order.choice, report)
        if model is None:
            make_room()
            model = load(order.choice, report)
        if cancelled():
            raise Cancelled
        return model
    except Cancelled:
        emit(ModelKept(order))
    except Exception as error:
        details = "" if isinstance(error, InputError) else traceback.format_exc()
        emit(ModelKept(order, sentence(error), details))
    return None


def _load_if_memory_allows(load: Callable[[ModelChoice, Report], Any], choice: ModelChoice, report: Report) -> Any:
    """Load the model; None if it doesn't fit into memory. The error's traceback, which refers to the parts read, is released."""
    try:
        return load(choice, report)
    except Exception as error:
        if type(error).__name__ not in MEMORY:
            raise
        return None


def refuse_room() -> None:
    """The `make_room` of a model that is loaded beside the present one. Raises InputError."""
    raise InputError("The memory", "", "that is free is too little for both models at a time")


def free_memory() -> None:
    """Release the graphics memory of a dropped model. Main memory is released with the last reference."""
    import torch

    if torch.cuda.is_available():
        torch.cuda.empty_cache()
