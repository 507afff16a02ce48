"""JSON values as the types that settings are declared with: for session files, and for what pictures carry."""

from __future__ import annotations

import types
import typing
from pathlib import Path
from typing import Any

from base.errors import InputError
from base.step_schedule import StepSchedule, parse_scheduled


def convert_json(kind: Any, value: Any, where: object, place: str) -> Any:
    """`value` as the type hint `kind`: str, int, float, bool, Path, StepSchedule, tuples of them, or one of these or None.

    where, place: the file and the field, for the InputError when it is of another type.
    """
    options = typing.get_args(kind) if isinstance(kind, types.UnionType) else (kind,)
    for option in options:
        if option is type(None) and value is None:
            return None
        if typing.get_origin(option) is tuple and isinstance(value, list):
            kinds = typing.get_args(option)
            kinds = kinds[:1] * len(value) if kinds[-1] is Ellipsis else kinds
            if len(kinds) == len(value):
                return tuple(convert_json(k, v, where, place) for k, v in zip(kinds, value, strict=True))
        elif option is Path and isinstance(value, str):
            return Path(value)
        elif option is StepSchedule and isinstance(value, str):
            return _schedule(value, where, place)
        elif option is float and isinstance(value, int | float) and not isinstance(value, bool):
            return float(value)
        elif isinstance(option, type) and type(value) is option:
            return value
    names = " or ".join(
        "null" if option is type(None) else getattr(option, "__name__", str(option)) for option in options
    )
    raise InputError(where, place, f"is {value!r}; it must be of type {names}")


def _schedule(text: str, where: object, place: str) -> StepSchedule | float:
    try:
        return parse_scheduled(text)
    except ValueError as error:
        raise InputError(where, place, f"is wrong: {error}") from None
