"""Settings are checked against ranges and tables, and come from JSON with what is unknown named."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, fields, is_dataclass
from importlib import import_module
from typing import get_type_hints

import pytest

from app.commands import COMMANDS
from base.errors import InputError
from base.settings import check, from_json, list_allowed, names_in, option, to_json
from base.step_schedule import Scheduled, StepSchedule


@dataclass(frozen=True)
class Inner:
    sides: tuple[str, ...] = field(default=("left",), metadata={"choices": ("left", "right")})
    share: float = field(default=0.5, metadata={"range": (0.0, 1.0), "flag": "how-much"})


@dataclass(frozen=True)
class Outer:
    inner: Inner = field(default_factory=Inner)
    word: str = field(default="", metadata={"positional": True, "metavar": "WORD", "choices": ("yes",)})


def tables(cls: type) -> Iterator[str]:
    """The tables that a settings class names, also in the classes within."""
    hints = get_type_hints(cls)
    for f in fields(cls):
        if is_dataclass(hints[f.name]):
            yield from tables(hints[f.name])
        elif "table" in f.metadata:
            yield f.metadata["table"]


@pytest.mark.parametrize("table", sorted({name for c in COMMANDS.values() for name in tables(c.flags)}))
def test_the_names_read_from_a_tables_source_are_its_keys(table: str) -> None:
    module, name = table.split(":")
    assert names_in(table) == tuple(getattr(import_module(module), name)) != ()
    assert list_allowed({"table": table}) == names_in(table)


def test_a_table_that_is_gone_is_our_fault() -> None:
    with pytest.raises(KeyError, match="NOTHING"):
        names_in("base.settings:NOTHING")


@pytest.mark.parametrize(
    ("settings", "where", "said"),
    [
        (Inner(share=float("nan")), "", "--how-much is nan; allowed is 0.0 to 1.0."),
        (Inner(sides=("left", "rigth")), "", "--sides is 'rigth'; allowed are left, right (did you mean right?)."),
        (Outer(word="no"), "", "WORD is 'no'; allowed are yes."),
        (Inner(share=2.0), "f.json", "f.json: share is 2.0; allowed is 0.0 to 1.0."),
    ],
)
def test_what_is_not_allowed_is_said_by_its_name(settings: object, where: str, said: str) -> None:
    with pytest.raises(InputError) as caught:
        check(settings, where)
    assert str(caught.value) == said


def test_what_is_unknown_is_left_out_and_its_place_told() -> None:
    data = to_json(Outer(Inner(("right", "left"), 0.25), "yes"))
    assert from_json(Outer, data, "f") == (Outer(Inner(("right", "left"), 0.25), "yes"), [])
    data["inner"]["hat"] = data["shoe"] = 1
    assert from_json(Outer, data, "f") == (Outer(Inner(("right", "left"), 0.25), "yes"), ["inner.hat", "shoe"])


def test_a_bad_value_is_told_with_its_place() -> None:
    with pytest.raises(InputError, match=r"f: settings\.inner\.share is 3\.0"):
        from_json(Outer, {"inner": {"share": 3}}, "f", "settings")


@dataclass(frozen=True)
class Changing:
    scale: Scheduled = option(7.0, "", range=(-20.0, 30.0))


def test_a_schedule_is_saved_as_its_text_and_its_values_are_checked():
    settings = Changing(StepSchedule(((0.0, 7.0), (1.0, -2.5)), stepped=True))
    data = to_json(settings)
    assert data == {"scale": "0:7, 1:-2.5 stepped"} and from_json(Changing, data, "file") == (settings, [])
    assert from_json(Changing, {"scale": 3}, "file")[0].scale == 3.0
    for wrong, words in (
        ("0:99", "allowed is -20"),
        ("0:", "points like"),
        (True, "must be of type"),
        ("nan:1", "points"),
    ):
        with pytest.raises(InputError, match=words):
            from_json(Changing, {"scale": wrong}, "file")
