"""Turns settings dataclasses (see `base.settings`) into command-line flags."""

from __future__ import annotations

import types
import typing
from collections.abc import Iterable, Mapping
from dataclasses import field, fields, is_dataclass, make_dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, Any, TypeVar

import tyro

from base.files import expand_user
from base.settings import check, list_allowed
from base.step_schedule import Scheduled, StepSchedule, parse_scheduled

T = TypeVar("T")
Size = tuple[int, int]


def size_from(text: str) -> Size:
    """ "960x540" → (960, 540); ValueError, with a sentence, for anything else."""
    width, cross, height = text.lower().partition("x")
    digits = all(side.isascii() and side.isdigit() and len(side) < 6 for side in (width, height))
    if not (cross and digits and 16 <= int(width) <= 8192 and 16 <= int(height) <= 8192):
        raise ValueError(f"{text!r} is not a size; a size is WIDTHxHEIGHT, 16 to 8192 pixels each, like 960x540")
    return int(width), int(height)


_SIZE = tyro.constructors.PrimitiveConstructorSpec(
    nargs=1,
    metavar="WxH",
    instance_from_str=lambda words: size_from(words[0]),
    is_instance=lambda value: isinstance(value, tuple),
    str_from_instance=lambda value: [f"{value[0]}x{value[1]}"],
)

_SCHEDULED = tyro.constructors.PrimitiveConstructorSpec(
    nargs=1,
    metavar="NUMBER|SCHEDULE",
    instance_from_str=lambda words: parse_scheduled(words[0]),
    is_instance=lambda value: isinstance(value, float | int | StepSchedule),
    str_from_instance=lambda value: [str(value)],
)
_SPECS = {Size: _SIZE, Scheduled: _SCHEDULED}


@cache
def flags(cls: type[T]) -> type[T]:
    """A copy of a settings class, annotated for tyro with the fields' help and flag names; `plain` turns its instances back."""
    hints = typing.get_type_hints(cls, include_extras=True)
    annotated: list[tuple[str, Any, Any]] = []
    for f in fields(cls):  # type: ignore[arg-type]
        kind, meta = hints[f.name], f.metadata
        argument = tyro.conf.arg(
            help=_help(meta),
            name=meta.get("flag"),
            metavar=_metavar(f.name, kind, meta),
            help_behavior_hint="" if f.default in (None, "", ()) else None,
        )
        if is_dataclass(kind):
            annotated.append((f.name, flags(kind), field(default_factory=flags(kind))))  # type: ignore[arg-type]
            continue
        kind = Annotated[kind, _SPECS[kind]] if kind in _SPECS else kind
        kind = tyro.conf.FlagCreatePairsOff[kind] if f.name.startswith("no_") else kind
        kind = tyro.conf.Positional[kind] if meta.get("positional") else kind
        annotated.append((f.name, Annotated[kind, argument], field(default=f.default)))
    return make_dataclass(cls.__name__, annotated, frozen=True)  # type: ignore[return-value]


def plain(cls: type[T], parsed: Any) -> T:
    """The settings in an instance of `flags(cls)`, checked, as an instance of the class itself. Raises InputError naming the flag."""
    hints = typing.get_type_hints(cls)
    values = {f.name: getattr(parsed, f.name) for f in fields(cls)}  # type: ignore[arg-type]
    settings = cls(**{k: plain(hints[k], v) if is_dataclass(hints[k]) else _expand_home(v) for k, v in values.items()})
    check(settings)
    return settings


def _expand_home(value: Any) -> Any:
    """A path with `~` replaced: a shell does so only for a word of its own, not in --world=~/w."""
    return expand_user(value) if isinstance(value, Path) else value


def as_flags(settings: Any) -> Any:
    """The instance of `flags(type(settings))` that holds these settings: defaults for a command line."""
    values = {f.name: getattr(settings, f.name) for f in fields(settings)}
    return flags(type(settings))(
        **{k: v if isinstance(v, StepSchedule) or not is_dataclass(v) else as_flags(v) for k, v in values.items()}
    )


def _help(meta: Mapping[str, Any]) -> str:
    text = meta.get("help", "")
    if "range" in meta:
        return f"{text} {meta['range'][0]} to {meta['range'][1]}."
    return f"{text} One of {', '.join(list_allowed(meta))}." if "table" in meta else text


def _metavar(name: str, kind: Any, meta: Mapping[str, Any]) -> str | None:
    if "metavar" in meta:
        return meta["metavar"]
    if "choices" in meta:
        return "{" + ",".join(meta["choices"]) + "}"
    if "table" in meta:
        return "NAME"
    if meta.get("positional"):
        return name.upper()
    if kind == Scheduled:
        return "NUMBER|SCHEDULE"
    if isinstance(kind, types.UnionType):  # an optional value: tyro would show {None}|TYPE
        return _first(k.__name__.upper() for k in typing.get_args(kind) if k is not type(None))
    return None


def _first(names: Iterable[str]) -> str:
    return next(iter(names))
