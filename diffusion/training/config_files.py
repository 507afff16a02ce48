"""Read a configuration from YAML and `key=value`, and write it back."""

from __future__ import annotations

import contextlib
import dataclasses
import typing
from pathlib import Path
from typing import Any, TypeVar

import yaml

from base.errors import InputError
from base.files import atomic_write
from base.reading import read_text
from base.settings import check
from base.typed import convert_json

T = TypeVar("T")


def load_config(kind: type[T], path: str | Path, overrides: list[str] | tuple[str, ...] = ()) -> T:
    """Read a YAML file into `kind` and apply overrides "key=value" (nested: "data.seed=3").

    Raises InputError naming file and field for an unknown key, a wrong type or a value that isn't allowed.
    """
    values = _parse_yaml(read_text(path, "a configuration in YAML"), path, "") or {}
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
        place[last] = _parse_yaml(text, "override", override)
    return build(kind, values, str(path))


def _parse_yaml(text: str, where: object, field: str) -> Any:
    try:
        return yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise InputError(where, field, f"is not valid YAML ({str(error).splitlines()[0]})") from error


def build(kind: type[T], values: dict, where: str, prefix: str = "") -> T:
    """Build a config dataclass from plain values and check each of them. Raises InputError."""
    hints = typing.get_type_hints(kind)
    given = {}
    for key, value in values.items():
        if key not in hints:
            raise InputError(where, f"{prefix}{key}", f"is no key here; known are {', '.join(sorted(hints))}")
        given[key] = _build_value(hints[key], value, where, f"{prefix}{key}")
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
    """Convert YAML values to the field's type: YAML reads 1e-3 as text, nothing is an empty text, and an item may stand for a list."""
    if hint is str and value is None:
        return ""
    if typing.get_origin(hint) is tuple:
        items = value if isinstance(value, list | tuple) else [value]
        return [_coerce(typing.get_args(hint)[0], item) for item in items]
    if hint is float and isinstance(value, str):
        with contextlib.suppress(ValueError):
            return float(value)
    return value


def save_config(config: object, path: Path) -> None:
    """Write the resolved configuration as YAML."""

    def plain(value: object) -> object:
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            return {f.name: plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
        return list(value) if isinstance(value, tuple) else value

    with atomic_write(path) as temporary:
        temporary.write_text(yaml.safe_dump(plain(config), sort_keys=False), encoding="utf-8")
