"""What commands say of words that the embedded model doesn't know."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.__main__ import main
from app.cli.word_remarks import far_prompts

FAR = "is unlike anything the model was trained on"


def test_a_prompt_unlike_all_the_training_is_named() -> None:
    assert far_prompts(None, ("(mossy stone wall:1.2), sunset", "", "lichen")) == []
    assert far_prompts(None, ("red brick wall", "\x1b石の壁")) == [f"“\\x1b石の壁” {FAR}; the picture may be anything."]
    assert far_prompts("another", ("石の壁",)) == []


@pytest.mark.parametrize(
    "words",
    [
        ("generate", "lichen", "--out", "a.png"),
        ("compare", "lichen", "--other-prompt", "石の壁", "--out", "two"),
        ("lesson", "export", "lichen", "--out", "page"),
    ],
    ids=lambda words: words[0],
)
def test_commands_say_once_as_what_words_are_read(words: tuple[str, ...], tmp_path: Path, monkeypatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    assert main([*words, "--negative", "lichen, ugly 🙂", "--size", "64x64", "--steps", "1"]) == 0
    told = capsys.readouterr().err
    assert told.count("“lichen” is read as “forest moss”.") == 1
    assert told.count(FAR) == ("石の壁" in words)
    assert "1 model calls" not in told
