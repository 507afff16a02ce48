"""ComfyUI's input widgets: for our settings, with their ranges and help, and for other values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from base.errors import InputError
from base.settings import check, list_allowed
from diffusion.settings import DreamSettings

Input = tuple[Any, dict[str, Any]]  # (type or the choices, options), as in INPUT_TYPES

FIELDS = {field.name: field for field in fields(DreamSettings)}
FINENESS = 0.01  # step of the arrows beside a number


def setting(name: str, **changes: Any) -> Input:
    """Return the widget of a field of `DreamSettings`, with its default, range, choices and help. changes: other options."""
    field = FIELDS[name]
    options = {"default": field.default, "tooltip": field.metadata["help"]}
    if names := list_allowed(field.metadata):
        return list(names), options | changes
    if isinstance(field.default, str):
        return "STRING", options | changes
    least, most = field.metadata["range"]
    if isinstance(field.default, int):
        return "INT", options | {"min": least, "max": most} | changes
    return "FLOAT", options | {"min": least, "max": most, "step": FINENESS} | changes


def settings_of(names: Sequence[str], **changes: dict[str, Any]) -> dict[str, Input]:
    """The widgets of several fields, by name. changes: other options of some of them."""
    return {name: setting(name, **changes.get(name, {})) for name in names}


def dream_settings(node: str, **values: Any) -> DreamSettings:
    """The settings with these values, the others at their defaults. Raises InputError that names the node and the input."""
    settings = DreamSettings(**values)
    check(settings, node)
    return settings


def number(default: float, least: float, most: float, tooltip: str) -> Input:
    """A number with decimals."""
    return "FLOAT", {"default": default, "min": least, "max": most, "step": FINENESS, "tooltip": tooltip}


def whole(default: int, least: int, most: int, tooltip: str, **options: Any) -> Input:
    """A whole number."""
    return "INT", {"default": default, "min": least, "max": most, "tooltip": tooltip, **options}


def text(default: str, tooltip: str, **options: Any) -> Input:
    """A text."""
    return "STRING", {"default": default, "tooltip": tooltip, **options}


def switch(default: bool, tooltip: str) -> Input:
    """On or off."""
    return "BOOLEAN", {"default": default, "tooltip": tooltip}


def choice(names: Sequence[str], default: str, tooltip: str) -> Input:
    """One of several names."""
    return list(names), {"default": default, "tooltip": tooltip}


def refuse_numbers(inputs: dict[str, dict[str, Input]], values: dict[str, Any]) -> None:
    """InputError for a number outside of its widget's range: ComfyUI checks constants alone, and NaN passes.

    inputs: INPUT_TYPES of a node; values: by name, those that come from other nodes, too.
    """
    for name, (kind, options) in {**inputs.get("required", {}), **inputs.get("optional", {})}.items():
        if kind in ("INT", "FLOAT") and name in values:
            value, least, most = values[name], options["min"], options["max"]
            if not isinstance(value, int | float) or not least <= value <= most:
                raise InputError(name, "", f"is {value!r}; allowed is {least} to {most}")


def socket(kind: str, tooltip: str) -> Input:
    """An input from another node."""
    return kind, {"tooltip": tooltip}
