"""The dice: what is drawn is of the chosen bank, material and mood, never waits, and a bank that can't be read is told."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import pytest

from app.services.prompt_dice import PromptDice
from app.state.prompt_dice import Categories, DrawnPrompt


@pytest.fixture(scope="module")
def dice():
    dice = PromptDice()
    yield dice
    dice.close()


def wait(ask):
    for _ in range(3000):
        if (found := ask()) is not None:
            return found
        time.sleep(0.01)
    raise AssertionError("nothing was drawn")


def drawn(dice: PromptDice, near: str = "") -> DrawnPrompt:
    dice.throw("field", near)
    assert dice.take("another field") is None
    return wait(lambda: dice.take("field"))


def test_prompts_are_drawn_near_the_present_one_and_of_a_kind(dice: PromptDice) -> None:
    dice.settings = replace(dice.settings, temperature=0.0)
    assert "castle wall" in drawn(dice, "castle wall").prompt and drawn(dice, "castle wall").prompt != "castle wall"
    dice.settings = replace(dice.settings, material="lava", mood="night", temperature=1.0)
    found = [drawn(dice, "castle wall") for _ in range(3)]
    assert all("castle" not in one.prompt and one.match == one.prompt and one.similarity > 0.99 for one in found)
    assert len({one.prompt for one in found}) > 1
    names = wait(dice.categories)
    assert "brick" in names.materials and "night" in names.moods and "night" not in names.materials


def test_prompts_come_from_own_banks_and_failures_are_reported(dice: PromptDice, tmp_path: Path) -> None:
    (tmp_path / "own.txt").write_text("mossy stone wall\n")
    dice.settings = replace(dice.settings, bank=str(tmp_path / "own.txt"), material="", mood="")
    assert drawn(dice) == DrawnPrompt("mossy stone wall", "stone wall", pytest.approx(0.85, abs=0.05))
    assert wait(dice.categories) == Categories(("stone wall",), ())
    dice.settings = replace(dice.settings, mood="night")
    dice.throw("field", "")
    wait(lambda: not dice.busy or None)
    assert dice.take("field") is None and "night" in dice.problem
    dice.settings = replace(dice.settings, bank=str(tmp_path / "none.txt"))
    assert wait(dice.categories) == Categories() and "none.txt" in dice.problem
    dice.settings = replace(dice.settings, bank="", mood="")
    assert wait(dice.categories).materials and not dice.problem
