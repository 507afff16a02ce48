"""Settings dataclasses → command-line flags, JSON and checks: one definition of a setting serves everyone.

A settings class is a frozen dataclass whose fields carry `metadata`:
    help: a sentence for `--help` and tooltips      range: (least, greatest)
    table: the name of a table of TABLES            choices: the allowed values
    positional, flag, metavar: for the command line
"""

from __future__ import annotations

import types
import typing
from collections.abc import Iterable, Mapping
from dataclasses import asdict, field, fields, is_dataclass, make_dataclass
from difflib import get_close_matches
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any, TypeVar

import tyro

from scenes.errors import InputError
from scenes.typed import typed

T = TypeVar("T")
Size = tuple[int, int]

# Where the tables live that settings name; imported only when a value is checked, for they bring torch or GL.
TABLES = {
    "SAMPLERS": "diffusion.samplers",
    "SPACINGS": "diffusion.schedules",
    "GUIDANCE": "diffusion.guidance",
    "EXECUTIONS": "diffusion.regions",
    "MODES": "engine.renderer",
}


def size_from(text: str) -> Size:
    """ "960x540" → (960, 540); ValueError, with a sentence, for anything else."""
    width, cross, height = text.lower().partition("x")
    if not (cross and width.isdigit() and height.isdigit() and 16 <= int(width) <= 8192 and 16 <= int(height) <= 8192):
        raise ValueError(f"{text!r} is not a size; a size is WIDTHxHEIGHT, 16 to 8192 pixels each, like 960x540")
    return int(width), int(height)


_SIZE = tyro.constructors.PrimitiveConstructorSpec(
    nargs=1,
    metavar="WxH",
    instance_from_str=lambda words: size_from(words[0]),
    is_instance=lambda value: isinstance(value, tuple),
    str_from_instance=lambda value: [f"{value[0]}x{value[1]}"],
)


@cache
def flags(cls: type[T]) -> type[T]:
    """A twin of a settings class that tyro shows with the fields' help and flag names; `plain` turns it back."""
    hints = typing.get_type_hints(cls, include_extras=True)
    twins: list[tuple[str, Any, Any]] = []
    for f in fields(cls):  # type: ignore[arg-type]
        kind, meta = hints[f.name], f.metadata
        argument = tyro.conf.arg(
            help=_help(meta),
            name=meta.get("flag"),
            metavar=_metavar(f.name, kind, meta),
            help_behavior_hint="" if f.default in (None, "", ()) else None,
        )
        if is_dataclass(kind):
            twins.append((f.name, flags(kind), field(default_factory=flags(kind))))  # type: ignore[arg-type]
            continue
        kind = Annotated[kind, _SIZE] if kind == Size else kind
        kind = tyro.conf.Positional[kind] if meta.get("positional") else kind
        twins.append((f.name, Annotated[kind, argument], field(default=f.default)))
    return make_dataclass(cls.__name__, twins, frozen=True)  # type: ignore[return-value]


def plain(cls: type[T], twin: Any) -> T:
    """The settings in a twin, checked, as an instance of the class itself. Raises InputError naming the flag."""
    hints = typing.get_type_hints(cls)
    values = {f.name: getattr(twin, f.name) for f in fields(cls)}  # type: ignore[arg-type]
    settings = cls(**{k: plain(hints[k], v) if is_dataclass(hints[k]) else v for k, v in values.items()})
    check(settings)
    return settings


def twin_of(settings: Any) -> Any:
    """The twin (see `flags`) that holds these settings: defaults for a command line."""
    values = {f.name: getattr(settings, f.name) for f in fields(settings)}
    return flags(type(settings))(**{k: twin_of(v) if is_dataclass(v) else v for k, v in values.items()})


def check(settings: Any, where: str = "") -> None:
    """Raises InputError for a value outside its range, choices or table. where: the file it came from; "" = flags."""
    for f in fields(settings):
        value, meta = getattr(settings, f.name), f.metadata
        problem = None
        if value is None or is_dataclass(value) or value == f.default:
            continue  # a default is right by construction, and looking it up would import torch
        if "range" in meta and not meta["range"][0] <= value <= meta["range"][1]:
            problem = f"is {value}; allowed is {meta['range'][0]} to {meta['range'][1]}"
        elif (names := allowed(meta)) and value not in names:
            near = get_close_matches(str(value), names, 1)
            hint = f" (did you mean {near[0]}?)" if near else ""
            problem = f"is {value!r}; allowed are {', '.join(names)}{hint}"
        if problem:
            flag = "--" + (meta.get("flag") or f.name.replace("_", "-"))
            raise InputError(where or flag, f.name if where else "", problem)


def allowed(meta: Mapping[str, Any]) -> tuple[str, ...]:
    """The names a field may have, from its `choices` or its table; () when it is free."""
    if "choices" in meta:
        return tuple(meta["choices"])
    if "table" in meta:
        return tuple(getattr(import_module(TABLES[meta["table"]]), meta["table"]))
    return ()


def to_json(settings: Any) -> dict[str, Any]:
    """Nested settings as JSON values: paths become strings, tuples lists."""
    return asdict(settings, dict_factory=lambda pairs: {key: _jsonable(value) for key, value in pairs})


def from_json(cls: type[T], data: Any, where: str, at: str = "") -> tuple[T, list[str]]:
    """(settings, notes) from JSON values; what is missing keeps its default, what is unknown is left out with a note.

    where: the file, for sentences; at: the path of `data` in it. Raises InputError for a wrong type or value.
    """
    if not isinstance(data, Mapping):
        raise InputError(where, at or "its top level", f"is {type(data).__name__}; it must be an object")
    hints, notes, values = typing.get_type_hints(cls), [], {}
    known = {f.name for f in fields(cls)}  # type: ignore[arg-type]
    for key, value in data.items():
        place = f"{at}.{key}" if at else str(key)
        if key not in known:
            notes.append(f"{where}: {place} is unknown to this version and was left out.")
        elif is_dataclass(hints[key]):
            values[key], more = from_json(typing.cast(type, hints[key]), value, where, place)
            notes += more
        else:
            values[key] = typed(hints[key], value, where, place)
    settings = cls(**values)
    check(settings, where)
    return settings, notes


def _jsonable(value: Any) -> Any:
    if isinstance(value, Path):
        return str(value)
    return [_jsonable(v) for v in value] if isinstance(value, tuple) else value


def _help(meta: Mapping[str, Any]) -> str:
    text = meta.get("help", "")
    return f"{text} {meta['range'][0]} to {meta['range'][1]}." if "range" in meta else text


def _metavar(name: str, kind: Any, meta: Mapping[str, Any]) -> str | None:
    if "metavar" in meta:
        return meta["metavar"]
    if "choices" in meta:
        return "{" + ",".join(meta["choices"]) + "}"
    if meta.get("positional"):
        return name.upper()
    if isinstance(kind, types.UnionType):  # an optional value: tyro would show {None}|TYPE
        return _first(k.__name__.upper() for k in typing.get_args(kind) if k is not type(None))
    return None


def _first(names: Iterable[str]) -> str:
    return next(iter(names))
