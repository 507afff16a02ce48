"""Mistakes in a command line are one sentence each and exit code 2; help stays as it is."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from app.__main__ import main, parse
from app.terminal import PLAIN

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["render", "--nosuch", "3"], "--nosuch is no option of `rayverie render`"),
        (["render", "--stepps", "3"], "perhaps --steps was meant"),
        (["explore", "--no-wlak"], "perhaps --no-walk was meant"),
        (["render", "--fps"], "--fps has no value"),
        (["render", "--lora"], "--lora has no value"),
        (["render", "--lora", "--fps", "3"], "--lora has no value"),
        (["render", "--fps", "abc"], "--fps is 'abc'; it must be a number"),
        (["render", "--steps", "x"], "--steps is 'x'; it must be a whole number"),
        (["render", "--frames", "1.5"], "--frames is '1.5'; it must be a whole number"),
        (["render", "--size", "3"], "'3' is not a size"),
        (["inspect", "a", "b"], "b is a word too many"),
        (["inspect", ""], "An argument is empty"),
        (["inspect", "  "], "An argument is empty"),
        (["generate", "brick", "--steps-out", ""], "--steps-out is empty"),
        (["generate", "brick", "--out="], "--out is empty"),
        (["generate", "brick", "--lora", ""], "--lora is empty"),
        (["generate", " "], "An argument is empty"),
        ([""], "An argument is empty"),
    ],
)
def test_a_mistake_is_one_sentence(words: list[str], sentence: str, capsys: pytest.CaptureFixture) -> None:
    assert main(words) == 2
    shown = capsys.readouterr()
    assert sentence in shown.err and shown.err.count("\n") == 1 and not shown.out
    assert not {"│", "╭"} & set(shown.err)


def test_what_may_be_empty_may_be() -> None:
    assert parse(["generate", "brick", "--negative", ""])[1].picture.negative == ""
    assert parse(["generate", "brick", "--negative="])[1].picture.negative == ""


def test_help_is_drawn(capsys: pytest.CaptureFixture) -> None:
    assert main(["render", "--help"]) == 0
    assert "--settings FILE" in capsys.readouterr().out


@pytest.mark.parametrize(("closed", "code"), [("2>&-", 2), ("1>&-", 2), ("1>&- 2>&- 0<&-", 2)])
def test_errors_never_go_where_the_output_goes(closed: str, code: int, tmp_path: Path) -> None:
    for words in ("inspect missing", "inspect hamlet") if "1>" in closed else ("inspect missing",):
        line = f"exec '{sys.executable}' -m app {words} {closed}"
        environment = os.environ | {"PYTHONPATH": str(ROOT)}
        done = subprocess.run(["sh", "-c", line], env=environment, capture_output=True, check=False)
        assert done.returncode == code and not done.stdout
        assert b"Traceback" not in done.stderr and done.stderr.count(b"\n") == ("2>" not in closed)


def test_powers_stay_powers_in_plain_text() -> None:
    assert f"2048{PLAIN['²']}" == "2048^2"
