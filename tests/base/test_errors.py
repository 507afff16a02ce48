"""A sentence is one line that can be printed, whatever it is about."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from base.errors import InputError, escape_controls


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a\x1b[31mb", r"a\x1b[31mb"),
        ("a\nb\tc", r"a\nb\tc"),
        ("\udcff", r"\udcff"),
        ("\u202egnp.exe", r"\u202egnp.exe"),
        ("🧱 grün 👨‍👩‍👧", "🧱 grün 👨‍👩‍👧"),
    ],
)
def test_control_characters_are_shown(text: str, said: str) -> None:
    assert escape_controls(text) == said
    assert str(InputError(text, "", "is wrong")) == f"{said} is wrong."


@given(st.text(), st.text(), st.text())
def test_a_sentence_is_one_line_of_bounded_length(where: str, field: str, problem: str) -> None:
    sentence = str(InputError(where * 100, field * 100, problem * 100))
    assert escape_controls(sentence) == sentence and len(sentence) < 10_000
    sentence.encode("utf-8")
