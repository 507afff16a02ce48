"""The syntax of prompts, for any text: weights multiply, escapes protect, nothing is lost and nothing raises."""

from __future__ import annotations

import itertools
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from base.step_schedule import StepSchedule
from diffusion.models.prompt_syntax import (
    MOST_NESTED,
    STRONGEST,
    Prompt,
    Span,
    misspelt_syntax,
    parse_prompt,
    parse_weighted,
)
from diffusion.models.prompt_tokens import Token, find_weakened, split, tokenize

MARKUP = st.text(alphabet=r"ab ()[]\:<>.1BREAKlora,", max_size=60)
PLAIN = st.text(alphabet=st.characters(blacklist_characters="()[]\\:<", blacklist_categories=["Cs"])).filter(
    lambda text: not re.search(r"\bBREAK\b", text)
)


@pytest.mark.parametrize(
    ("text", "spans"),
    [
        ("red brick", [("red brick", 1.0)]),
        ("a (brick:1.3) wall", [("a ", 1.0), ("brick", 1.3), (" wall", 1.0)]),
        ("(ivy)", [("ivy", 1.1)]),
        ("[moss]", [("moss", 1 / 1.1)]),
        ("((ivy))", [("ivy", 1.1 * 1.1)]),
        ("(a (b:2) c:0.5)", [("a ", 0.5), ("b", 1.0), (" c", 0.5)]),
        (r"\(ivy\) \[moss\]", [("(ivy) [moss]", 1.0)]),
        (r"(a\:1.3)", [("a\\", 1.3)]),
        ("(snow: 1.9 )", [("snow", 1.9)]),
        ("(snow:-1)", [("snow", -1.0)]),
        ("(at 12:30 noon)", [("at 12:30 noon", 1.1)]),
        ("wall:1.3) ]", [("wall:1.3) ]", 1.0)]),
        ("(open [for ever", [("open ", 1.1), ("for ever", 1.0)]),
        ("(x:999)", [("x", STRONGEST)]),
        ("(x:1e9) (y:5e-1) (z:-1e999)", [("x", STRONGEST), (" ", 1.0), ("y", 0.5), (" ", 1.0), ("z", -STRONGEST)]),
        ("", []),
        ("BREAKFAST", [("BREAKFAST", 1.0)]),
    ],
)
def test_spans(text, spans):
    (chunk,) = parse_prompt(text).chunks
    assert [span.text for span in chunk] == [words for words, _ in spans]
    assert [span.weight for span in chunk] == pytest.approx([weight for _, weight in spans])


def test_break_and_lora_tags():
    prompt = parse_prompt("red (brick:1.4) wall <lora:moss:0.8> BREAK noon <lora:old style>")
    assert [[(s.text, s.weight) for s in chunk] for chunk in prompt.chunks] == [
        [("red ", 1.0), ("brick", 1.4), (" wall  ", 1.0)],
        [(" noon ", 1.0)],
    ]
    assert prompt.loras == (("moss", 0.8), ("old style", 1.0))
    across = parse_prompt("(a BREAK b:2)")
    assert [[s.weight for s in chunk] for chunk in across.chunks] == [[2.0], [2.0]]


@given(PLAIN)
def test_text_without_markup_is_unchanged(text):
    assert parse_prompt(text) == Prompt(((Span(text),) if text else (),))


@given(PLAIN, st.sampled_from("()[]"), PLAIN)
def test_an_escaped_bracket_is_a_character(before, bracket, after):
    (chunk,) = parse_prompt(f"{before}\\{bracket}{after}").chunks
    assert "".join(span.text for span in chunk) == before + bracket + after


@given(MARKUP)
def test_any_text_has_limited_weights_and_no_empty_span(text):
    prompt = parse_prompt(text)
    assert prompt.chunks
    for chunk in prompt.chunks:
        assert all(span.text and abs(span.weight) <= STRONGEST for span in chunk)
        assert all(a.weight != b.weight for a, b in itertools.pairwise(chunk))


@given(st.text(alphabet=r"ab ()[]\:.1", max_size=60))
def test_letters_survive_in_order(text):
    """Only brackets, weights and the backslash of an escape may vanish."""
    kept = "".join(span.text for chunk in parse_prompt(text).chunks for span in chunk)
    assert re.sub("[^ab]", "", kept) == re.sub("[^ab]", "", text)
    rest = iter(text)
    assert all(letter in rest for letter in kept)


@given(st.integers(0, 6), st.integers(0, 6))
def test_nested_brackets_multiply(strong, weak):
    (chunk,) = parse_prompt("(" * strong + "[" * weak + "x" + "]" * weak + ")" * strong).chunks
    assert chunk[0].weight == pytest.approx(1.1 ** (strong - weak))


def letters(text: str) -> list[Token]:
    """One token for each character; a word starts after a blank."""
    return [Token(ord(c), c, i == 0 or text[i - 1] == " ") for i, c in enumerate(text)]


@given(st.text(alphabet="ab ,", max_size=80), st.integers(1, 9))
def test_chunks_hold_all_tokens_in_order_and_cut_no_word(text, size):
    tokens = letters(text)
    chunks = split(tokens, size)
    assert [t for chunk in chunks for t in chunk] == tokens and all(len(chunk) <= size for chunk in chunks)
    places = [0, *itertools.accumulate(len(chunk) for chunk in chunks)]
    starts = [place for place, token in enumerate(tokens) if token.starts]
    longest = max((b - a for a, b in itertools.pairwise([*starts, len(tokens)])), default=0)
    assert longest > size or all(place in starts for place in places[1:-1])


def test_chunks_end_after_a_late_comma():
    words = [Token(i, piece, True) for i, piece in enumerate(["a", ",", "b", "c", ",", "d", "e", "f"])]
    assert [len(chunk) for chunk in split(words, 6)] == [5, 3]
    assert [len(chunk) for chunk in split(words, 4)] == [4, 4]  # the comma after the first third is too early


def test_tokens_know_their_span():
    chunks = tokenize("ab(cd:0.5)[e] BREAK f", lambda words: letters(words.strip()), 5)
    assert [[(t.piece, t.span) for t in chunk if t.piece != " "] for chunk in chunks] == [
        [("a", 0), ("b", 0), ("c", 1), ("d", 1), ("e", 2)],
        [("f", 4)],
    ]
    assert find_weakened(chunks[0]) == [(0.5, [2, 3]), (pytest.approx(1 / 1.1), [4])]
    assert tokenize("", letters, 5) == tokenize(" BREAK ", lambda words: letters(words.strip()), 5) == ((),)


@pytest.mark.parametrize(
    ("text", "prompt", "weight"),
    [
        ("moss", "moss", 1.0),
        ("moss:0.5", "moss", 0.5),
        ("moss: -2 ", "moss", -2.0),
        ("(moss:1.3):.5", "(moss:1.3)", 0.5),
        ("a:b", "a:b", 1.0),
        ("moss:nan", "moss:nan", 1.0),
        ("moss:99", "moss", STRONGEST),
        ("moss:0:1, 1:0.2", "moss", StepSchedule(((0.0, 1.0), (1.0, 0.2)))),
        ("(moss:1.3): 0:-99,0.5:2 stepped", "(moss:1.3)", StepSchedule(((0.0, -STRONGEST), (0.5, 2.0)), True)),
        ("at 12:30:0.5", "at 12:30", 0.5),
        ("moss:0:1, 2:0.5", "moss:0:1, 2", 0.5),  # no schedule: places end at 1
    ],
)
def test_a_prompt_with_a_weight(text, prompt, weight):
    assert parse_weighted(text) == (prompt, weight)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("a (wall:nan)", ["nan is no weight"]),
        ("a (wall:-Inf ) of (moss:1,3)", ["-Inf is no weight", "1,3 is no weight"]),
        ("moss:nan", ["nan is no weight"]),  # as in --further
        ("moss:0:1, 2:0.5", ["0:1, 2:0.5 is no schedule"]),  # as in --further
        ("<lora::1> wall", ["<lora::1> is no LoRA tag"]),
        ("<lora:moss:strong>", ["<lora:moss:strong> is no LoRA tag"]),
        ("wall <lora:moss:0.8", ["<lora:moss:0.8 is no LoRA tag"]),
        ("(wall:1.3) <lora:moss> <lora: a b :.5> at 12:30, infinity: (a note: nan is bread)", []),
    ],
)
def test_what_only_looks_like_markup_is_named_and_read_as_words(text: str, named: list[str]) -> None:
    sentences = misspelt_syntax(text)
    assert [sentence.split("; it is read")[0].split(" like")[0] for sentence in sentences] == named
    if named:
        words = "".join(span.text for chunk in parse_prompt(text).chunks for span in chunk)
        assert all(sentence.split(" is no")[0] in words for sentence in sentences)
        assert all(abs(span.weight) <= 1.1 for chunk in parse_prompt(text).chunks for span in chunk)


@pytest.mark.parametrize(
    "text",
    [
        "(a" * 5_000,
        "[a" * 5_000 + "]" * 5_000,
        "<lora:" + " " * 10_000 + "x",
        "<lora:" * 1_500,
        "<style:" + " " * 10_000 + "x",
        "<style:x" + ":" * 10_000,
        "x:" + " " * 10_000 + "1",
        "(x:" + "1" * 10_000,
        "x:" + "0:1," * 2_500,
        ":0" * 5_000,
    ],
    ids=lambda text: text[:8],
)
def test_no_text_takes_for_ever(text: str) -> None:
    """Nested brackets, and patterns that could try all ways to divide what they read."""
    words = "".join(span.text for chunk in parse_prompt(text).chunks for span in chunk)
    assert set(words) <= set(text)
    assert all(len(sentence) < 2 * len(text) for sentence in misspelt_syntax(text))
    assert parse_weighted(text)[0] in text


def test_brackets_inside_many_others_are_characters() -> None:
    text = "(" * (MOST_NESTED + 2) + "ivy" + ")" * (MOST_NESTED + 2)
    assert parse_prompt(text).chunks == ((Span("((ivy", STRONGEST), Span("))")),)
