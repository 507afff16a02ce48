"""Settings that a browser changes: what it may set, and what it may not."""

from __future__ import annotations

from dataclasses import fields

import pytest

from app.session import Session
from app.web.form import change_setting
from app.web.panels import SETTINGS
from base.errors import InputError


def test_all_settings_of_the_panels_are_there() -> None:
    for name in (name for names in SETTINGS.values() for name in names):
        part, _, field = name.partition(".")
        assert field in {f.name for f in fields(getattr(Session(), part))}


@pytest.mark.parametrize(
    ("part", "field", "value"),
    [("dream", "steps", 12), ("dream", "scale", 3.5), ("dream", "sampler", "euler"), ("live", "auto", False)],
)
def test_a_value_is_taken(part: str, field: str, value: object) -> None:
    assert getattr(getattr(change_setting(Session(), part, field, value), part), field) == value


@pytest.mark.parametrize(
    ("part", "field", "value"),
    [
        ("dream", "steps", 0),
        ("dream", "steps", "many"),
        ("dream", "scale", float("nan")),
        ("dream", "scale", 31),
        ("dream", "sampler", "../../etc/passwd"),
        ("live", "auto", "yes"),
        ("paint", "coverage", True),
    ],
)
def test_a_wrong_value_is_refused(part: str, field: str, value: object) -> None:
    with pytest.raises(InputError):
        change_setting(Session(), part, field, value)
