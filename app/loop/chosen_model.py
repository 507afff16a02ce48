"""Load the model that the user chose, and name it in recipes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from app.session import ModelChoice


def load_chosen(
    choice: ModelChoice, loras: Sequence[str] | None = None, on_part: Callable[[str], None] | None = None
) -> Any:
    """The `diffusion.models.model.Model`. loras: those of the choice and of prompts; None takes those of the choice.

    on_part: called with the name of each network before it is read; it may raise Cancelled. Raises InputError.
    """
    from diffusion.loaders.loading import load_model  # with torch, which this thread may be the first to need

    loras = choice.lora if loras is None else loras
    return load_model(choice.ref, choice.device, loras, choice.control, choice.ip_adapter, choice.options, on_part)


def recipe_fields(choice: ModelChoice, loras: tuple[str, ...] | None = None) -> dict[str, Any]:
    """What a picture's recipe says of the model, as keyword arguments of `diffusion.text2image.generate.generate`.

    loras: as for `load_chosen`
    """
    return {
        "model_ref": choice.ref,
        "loras": choice.lora if loras is None else loras,
        "controls": choice.control,
        "adapter": choice.ip_adapter,
        "options": choice.options,
    }
