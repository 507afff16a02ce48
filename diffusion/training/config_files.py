"""Read a configuration from YAML and `key=value`, and write it back."""

from __future__ import annotations

import dataclasses
import typing
from pathlib import Path
from typing import Any, TypeVar

from base.errors import InputError
from base.files import atomic_write, expand_user
from base.settings import check
from base.strict_yaml import dump_yaml, parse_yaml, read_yaml
from base.typed import convert_json

T = TypeVar("T")
OPTIONAL = ("perceptual",)
"""Fields that may be empty though their default is not: that part is then left out."""


def load_config(kind: type[T], path: str | Path, overrides: list[str] | tuple[str, ...] = ()) -> T:
    """Read a YAML file into `kind` and apply overrides "key=value" (nested: "data.seed=3").

    Raises InputError naming file and field for an unknown key, a wrong type or a value that isn't allowed.
    """
    values = read_yaml(path, "a configuration in YAML") or {}
    if not isinstance(values, dict):
        raise InputError(path, "", "must hold `key: value` lines")
    for override in overrides:
        key, sign, text = override.partition("=")
        if not sign:
            raise InputError("override", override, "must be written key=value")
        place = values
        *parents, last = key.split(".")
        for parent in parents:
            place = place.setdefault(parent, {})
            if not isinstance(place, dict):
                raise InputError("override", key, f"doesn't exist: {parent} has no keys of its own")
        place[last] = parse_yaml(text, "override", override)
    return build(kind, values, str(path))


def build(kind: type[T], values: dict, where: str, prefix: str = "") -> T:
    """Build a config dataclass from plain values and check each of them. Raises InputError."""
    hints = typing.get_type_hints(kind)
    given = {}
    for key, value in values.items():
        if key not in hints:
            raise InputError(where, f"{prefix}{key}", f"is no key here; known are {', '.join(sorted(hints))}")
        given[key] = _build_value(hints[key], value, where, f"{prefix}{key}")
        if given[key] == "" and getattr(kind, key) != "" and key not in OPTIONAL:
            raise InputError(where, f"{prefix}{key}", "is empty; give it a value or leave it out")
    settings = kind(**given)
    check(settings, where, prefix.rstrip("."))
    return settings


def _build_value(hint: object, value: Any, where: str, field: str) -> Any:
    if dataclasses.is_dataclass(hint):
        if not isinstance(value, dict):
            raise InputError(where, field, "must hold keys of its own")
        return build(hint, value, where, f"{field}.")  # type: ignore[arg-type]
    return convert_json(hint, _coerce(hint, value), where, field)


def _coerce(hint: object, value: object) -> object:
    """Convert YAML values to the field's type: nothing is an empty text, `~` is a home, an item may be a list."""
    if hint is str and value is None:
        return ""
    if hint is str and isinstance(value, str) and value.startswith("~"):
        return str(expand_user(value))
    if typing.get_origin(hint) is tuple:
        items = value if isinstance(value, list | tuple) else [value]
        return [_coerce(typing.get_args(hint)[0], item) for item in items]
    return value


def save_config(config: object, path: Path) -> None:
    """Write the resolved configuration as YAML."""

    def plain(value: object) -> object:
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            return {f.name: plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
        return list(value) if isinstance(value, tuple) else value

    with atomic_write(path) as temporary:
        temporary.write_text(dump_yaml(plain(config)), encoding="utf-8")
