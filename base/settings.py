"""Settings dataclasses ↔ JSON values, and what a setting may be: one definition for flags, panels, files and pictures.

A settings class is a frozen dataclass whose fields are made with `option`, which keeps its arguments as the field's `metadata`.
"""

from __future__ import annotations

import ast
import typing
from collections.abc import Mapping
from dataclasses import field, fields, is_dataclass
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from base.errors import InputError
from base.step_schedule import StepSchedule
from base.typed import convert_json

T = TypeVar("T")
MOST_CHARACTERS = 10_000
"""Limit of a text setting: prompts of many hundred words take minutes to encode."""


def option(
    default: Any,
    help: str = "",
    *,
    range: tuple[float, float] | None = None,
    table: str = "",
    choices: tuple[Any, ...] = (),
    flag: str = "",
    label: str = "",
    metavar: str = "",
    positional: bool = False,
    output: bool = False,
) -> Any:
    """A field of a settings class.

    help: a sentence for `--help` and tooltips
    range: (least, greatest) value
    table: "module:NAME" of a dict whose keys are the allowed values; it is read without importing the module
    choices: the allowed values
    flag, metavar, positional: how the command line shows it; without `flag` the flag is the field's name
    output: whether it names a file or folder that is written
    label: how a panel calls it; without it the panel derives a label from the name
    """
    known = {
        "help": help,
        "range": range,
        "table": table,
        "choices": choices,
        "flag": flag,
        "label": label,
        "metavar": metavar,
        "positional": positional,
        "output": output,
    }
    return field(default=default, metadata={key: value for key, value in known.items() if value})


def check(settings: Any, where: str = "", at: str = "") -> None:
    """Raises InputError for a value outside its range, choices or table. where: the file it came from ("" = flags); at: its place there."""
    for f in fields(settings):
        value, meta = getattr(settings, f.name), f.metadata
        scheduled = isinstance(value, StepSchedule)
        if value is None or (is_dataclass(value) and not scheduled) or value == f.default:
            continue  # a default is right by construction
        for one in value.values if scheduled else value if isinstance(value, tuple) else (value,):
            if problem := _problem(one, meta):
                raise InputError(where or flag_of(f.name, meta), _place(at, f.name) if where else "", problem)


def list_allowed(meta: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the values that a field allows, from its `choices` or its table; () if any value is allowed."""
    return names_in(meta["table"]) if "table" in meta else tuple(meta.get("choices", ()))


@cache
def names_in(table: str) -> tuple[str, ...]:
    """Return the keys of a "module:NAME" dict, parsed from its source, so that `--help` needs to import neither torch nor GL."""
    module, _, name = table.partition(":")
    for node in ast.parse(_source(module).read_text(encoding="utf-8")).body:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        if any(isinstance(target, ast.Name) and target.id == name for target in targets):
            rows = next(inner for inner in ast.walk(node) if isinstance(inner, ast.Dict))
            return tuple(ast.literal_eval(key) for key in rows.keys if key is not None)
    raise KeyError(table)


def flag_of(name: str, meta: Mapping[str, Any]) -> str:
    """Return the command-line flag of a field."""
    return (
        meta.get("metavar", name.upper())
        if meta.get("positional")
        else "--" + (meta.get("flag") or name.replace("_", "-"))
    )


def to_json(settings: Any) -> dict[str, Any]:
    """Nested settings as JSON values: paths and schedules become strings, tuples lists."""
    return {f.name: _jsonable(getattr(settings, f.name)) for f in fields(settings)}


def from_json(cls: type[T], data: Any, where: object, at: str = "") -> tuple[T, list[str]]:
    """(settings, places of what is unknown to them and was left out) from JSON values; what is missing keeps its default.

    where: the file, for sentences; at: the path of `data` in it. Raises InputError for a wrong type or value.
    """
    if not isinstance(data, Mapping):
        raise InputError(where, at or "its top level", f"is {type(data).__name__}; it must be an object")
    hints, unknown, values = typing.get_type_hints(cls), [], {}
    known = {f.name for f in fields(cls)}  # type: ignore[arg-type]
    for key, value in data.items():
        place = _place(at, str(key))
        if key not in known:
            unknown.append(place)
        elif is_dataclass(hints[key]):
            values[key], more = from_json(typing.cast(type, hints[key]), value, where, place)
            unknown += more
        else:
            values[key] = convert_json(hints[key], value, where, place)
    settings = cls(**values)
    check(settings, str(where), at)
    return settings, unknown


def _problem(value: Any, meta: Mapping[str, Any]) -> str:
    if isinstance(value, str) and len(value) > MOST_CHARACTERS:
        return f"has {len(value)} characters; a text has at most {MOST_CHARACTERS}"
    if "range" in meta and not meta["range"][0] <= value <= meta["range"][1]:  # so written, nan is outside
        return f"is {value}; allowed is {meta['range'][0]} to {meta['range'][1]}"
    if (names := list_allowed(meta)) and value not in names:
        near = get_close_matches(str(value), names, 1)
        return f"is {value!r}; allowed are {', '.join(names)}" + (f" (did you mean {near[0]}?)" if near else "")
    return ""


def _source(module: str) -> Path:
    """Return the file of one of our modules. `find_spec` would import its parent packages."""
    path = Path(__file__).parents[1].joinpath(*module.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def _place(at: str, name: str) -> str:
    return f"{at}.{name}" if at else name


def _jsonable(value: Any) -> Any:
    if isinstance(value, Path | StepSchedule):
        return str(value)
    if is_dataclass(value):
        return to_json(value)
    return [_jsonable(v) for v in value] if isinstance(value, tuple) else value
