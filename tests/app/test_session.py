"""Settings survive JSON, say what is wrong with them, and have defaults that are allowed."""

from __future__ import annotations

import json
from dataclasses import fields, is_dataclass, replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.commands import COMMANDS
from app.fields import as_flags, flags, plain, size_from
from app.session import VERSION, SceneChoice, Session, describe, describe_paint_settings, load_session, restore
from base.errors import InputError
from base.settings import list_allowed
from scenes.load import BUILTIN


def changed(**parts: dict[str, object]) -> Session:
    session = Session(world=Path("my.safetensors"))
    for name, values in parts.items():
        session = replace(session, **{name: replace(getattr(session, name), **values)})
    return session


FULL = changed(
    scene={"map": Path("a.png"), "voxels_per_block": 3},
    model={"ref": "some/model"},
    dream={"steps": 20, "scale": 2.5, "sampler": "ddim"},
    view={"size": (640, 480), "mode": "steps"},
)


@pytest.mark.parametrize("session", [Session(), FULL])
def test_a_session_comes_back_from_its_file(session: Session, tmp_path: Path) -> None:
    (tmp_path / "s.json").write_text(json.dumps(describe(session)))
    assert load_session(tmp_path / "s.json") == (session, [])


@given(st.integers(1, 200), st.floats(0, 20), st.integers(0, 2**31 - 1))
def test_any_allowed_value_comes_back(steps: int, scale: float, seed: int) -> None:
    session = changed(dream={"steps": steps, "scale": scale, "seed": seed})
    assert restore(json.loads(json.dumps(describe(session))), "x") == (session, [])


def test_what_is_missing_keeps_its_default_and_what_is_unknown_is_named() -> None:
    session, notes = restore(
        {"rayverie": 1, "dream": {"steps": 3, "magic": 1}, "hat": 2, "made": {"by": "me"}}, "old.json"
    )
    assert session == changed(dream={"steps": 3}).__class__(dream=replace(Session().dream, steps=3))
    assert [note.split(" is ")[0] for note in notes] == ["old.json: dream.magic", "old.json: hat"]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ([], "is not a Rayverie session"),
        ({"dream": {}}, "a session has a number `rayverie`"),
        ({"rayverie": VERSION + 1}, f"this one reads up to {VERSION}"),
        ({"rayverie": 1, "dream": 3}, "f.json: dream is int; it must be an object."),
        ({"rayverie": 1, "dream": {"steps": "8"}}, "f.json: dream.steps is '8'; it must be of type int."),
        ({"rayverie": 1, "dream": {"steps": True}}, "it must be of type int"),
        ({"rayverie": 1, "dream": {"steps": 0}}, "f.json: dream.steps is 0; allowed is 1 to 200."),
        ({"rayverie": 1, "dream": {"sampler": "eulr"}}, "(did you mean euler?)"),
        ({"rayverie": 1, "view": {"size": [1, 2, 3]}}, "view.size is [1, 2, 3]"),
        ({"rayverie": 1, "view": {"mode": "xray"}}, "allowed are material, painted"),
    ],
)
def test_bad_sessions_are_refused_in_one_sentence(data: object, said: str) -> None:
    with pytest.raises(InputError) as caught:
        restore(data, "f.json")
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("content", [None, "{", "[1]"])
def test_a_file_that_is_no_session_is_refused(tmp_path: Path, content: str | None) -> None:
    file = tmp_path / "s.json"
    if content is not None:
        file.write_text(content)
    with pytest.raises(InputError, match=r"s\.json"):
        load_session(file)


def leaves(cls: type) -> list:
    """(class, field) of all settings in a class, nested ones too."""
    found = []
    for f in fields(cls):
        inner = f.default_factory() if callable(f.default_factory) else None
        found += leaves(type(inner)) if is_dataclass(inner) else [(cls, f)]
    return found


@pytest.mark.parametrize(("cls", "field"), leaves(Session), ids=lambda x: getattr(x, "name", ""))
def test_defaults_are_allowed_and_settings_have_help(cls: type, field) -> None:
    if field.name == "world":
        return
    assert field.metadata["help"]
    names = list_allowed(field.metadata)
    assert not names or field.default in names
    if "range" in field.metadata and field.default is not None:
        assert field.metadata["range"][0] <= field.default <= field.metadata["range"][1]


def test_the_help_names_the_built_in_scenes() -> None:
    help_ = next(f.metadata["help"] for f in fields(SceneChoice) if f.name == "ref")
    assert all(name in help_ for name in BUILTIN)


@pytest.mark.parametrize("name", COMMANDS)
def test_flags_hold_the_same_values(name: str) -> None:
    cls = COMMANDS[name].flags
    assert plain(cls, as_flags(cls())) == cls()
    assert plain(cls, flags(cls)()) == cls()


@pytest.mark.parametrize(("text", "size"), [("960x540", (960, 540)), ("16X8192", (16, 8192))])
def test_sizes(text: str, size: tuple[int, int]) -> None:
    assert size_from(text) == size


@pytest.mark.parametrize("text", ["", "960", "x", "9x9", "960x", "-960x540", "9600x9600", "960x540x3", "a×b"])
def test_no_sizes(text: str) -> None:
    with pytest.raises(ValueError, match="WIDTHxHEIGHT"):
        size_from(text)


def test_a_world_tells_its_settings_without_paths_of_this_machine() -> None:
    session = replace(Session(), dream=replace(Session().dream, steps=9, style_picture="/home/me/a.png"))
    told = describe_paint_settings(session)
    assert told["dream"]["steps"] == 9 and told["dream"]["style_picture"] == "a.png"
    assert told["paint"]["coverage"] == session.paint.coverage and "/home" not in json.dumps(told)
