"""YAML is 1.2's, without tags, without surprises, bounded; every mistake is told with its line."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from base.errors import InputError, escape_controls
from base.strict_yaml import dump_yaml, parse_yaml

LAUGHS = "a: &a [1,1,1,1,1,1,1,1,1]\n" + "".join(
    f"{name}: &{name} [{','.join(['*' + before] * 9)}]\n" for before, name in zip("abcdef", "bcdefg", strict=True)
)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("010", 10),
        ("0o10", 8),
        ("0x1F", 31),
        ("1e3", 1000.0),
        (".5", 0.5),
        ("1_000", "1_000"),
        ("yes", "yes"),
        ("no", "no"),
        ("on", "on"),
        ("y", "y"),
        ("1:30", "1:30"),
        ("2026-11-28", "2026-11-28"),
        ("=", "="),
        ("true", True),
        ("~", None),
        ("", None),
        (r'"\ud83e\uddf1"', "🧱"),
        ("'010'", "010"),
    ],
)
def test_scalars_are_those_of_yaml_1_2(text: str, value: Any) -> None:
    assert parse_yaml(f"key: {text}", "x.yaml") == {"key": value}


def test_aliases_and_merge_keys_work() -> None:
    text = "x: &x {p: 1, r: 5}\nb: &b {<<: *x, p: 2}\nc: {<<: *b, q: 3}\nd: {<<: [*x, *b]}"
    found = parse_yaml(text, "x.yaml")
    assert found["b"] == {"p": 2, "r": 5} and found["c"] == {"p": 2, "q": 3, "r": 5} and found["d"] == {"p": 1, "r": 5}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: 1\nb: 2\na: 3", r"x\.yaml: line 3 is not valid YAML \(the key 'a' stands twice, first in line 1\)"),
        ("a:\n  - {p: 1, p: 2}", "line 2 .*'p' stands twice, first in line 2"),
        ("a: !!python/object:os.system x", "line 1 .*a tag"),
        ("a: !!str 3", "line 1 .*a tag"),
        ("a: ! 3", "line 1 .*a tag"),
        ("a: &x [*x]", "line 1 .*a part of itself"),
        ("a: *x", "line 1 .*undefined alias"),
        (LAUGHS, "more than 100000 values"),
        ("a: [" + "&a 1, " + "*a, " * 2000 + "]", "more than 1000 aliases"),
        ("[" * 1000, "nested too deeply"),
        ("- " * 1000, "nested too deeply"),
        ("a:\n- 2\n- " + "9" * 5000, r"line 3 .*a number of 5000 digits"),
        (r'a: "\ud83e"', "line 1 .*half of a surrogate pair"),
        (r'a: "\UFFFFFFFF"', r"line 1 is not valid YAML \(\\UFFFFFFFF is no character\)"),
        ('a: 1\nb: "\\U00110000"', r"line 2 .*U00110000 is no character"),
        ("a: 1\nb: \x01", r"line 2 .*the character '\\x01' is not allowed"),
        ("? [1]\n: 2", "line 1 .*a key that is a list"),
        ("a: [", "line 1"),
        ("a\n---\nb", "line 2 .*a second document"),
        ("a: 'x", "line 1"),
    ],
)
def test_what_is_not_allowed_is_told_with_its_line(text: str, said: str) -> None:
    with pytest.raises(InputError, match=said) as caught:
        parse_yaml(text, "x.yaml")
    assert escape_controls(str(caught.value)) == str(caught.value) and len(str(caught.value)) < 300


SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8)
)
WORDS = st.sampled_from(["010", "0o17", "1e3", "yes", "1:30", "<<", "=", "~", "", "2026-11-28", "0x1F", "- a", "a: b"])


@given(
    st.dictionaries(
        st.text(min_size=1, max_size=8), SCALARS | WORDS | st.lists(SCALARS | WORDS, max_size=4), max_size=4
    )
)
def test_what_is_dumped_is_read_back_the_same_by_both_versions(value: dict[str, Any]) -> None:
    text = dump_yaml(value)
    assert parse_yaml(text, "x.yaml") == value == yaml.safe_load(text)


@given(st.text(st.characters(codec="utf-8"), max_size=60) | st.text("&*!|>'\"%@`{}[],:- \n#a1\\ux", max_size=60))
def test_any_text_is_yaml_or_a_sentence(text: str) -> None:
    try:
        parse_yaml(text, "x.yaml")
    except InputError as error:
        assert escape_controls(str(error)) == str(error)
