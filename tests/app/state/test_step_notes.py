"""Remarks say what was measured, at the step where it happens, and nothing where nothing does."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np

from app.state.step_notes import of_blocks, of_step, of_words
from diffusion.introspection.emergence import Emergence
from diffusion.introspection.unet_probe import WordAttention

NAN = float("nan")


def curves(prompt: str, coarse: list[float], fine: list[float]) -> Emergence:
    return Emergence(prompt, 0.5 if prompt else 1.0, np.array(coarse), np.array(fine))


def said(found, guidance=(NAN,) * 6) -> list[str]:
    return [of_step(found, guidance, place) for place in range(6)]


def test_each_step_has_its_own_remark() -> None:
    whole = curves("", [0.3, 0.5, 0.86, 0.9, 0.95, 1], [0.1, 0.2, 0.3, 0.5, 0.87, 1])
    wall = curves("a wall", [0.1, 0.2, 0.5, 0.83, 0.9, 1], [0, 0, 0, 0, 0, 1])
    words = said((whole, wall))
    assert "decided here, at step 3: 86%" in words[2]
    assert words[3].startswith("“a wall” becomes recognisable") and "80%" in words[3]
    assert "details are decided here: 87%" in words[4]
    assert words[0] == words[1] == words[5] == ""


def test_out_of_noise_and_stirred_up_by_guidance() -> None:
    whole = curves("", [0.9, 0.92, 0.4, 0.85, 0.95, 1], [0.1] * 5 + [1])
    words = said((whole,), (NAN, NAN, 0.2, 0.1, 0.1, 0.1))
    assert words[2] == "Guidance starts and changes the picture: the share of large shapes drops from 92% to 40%."
    assert said((whole,), (0.1,) * 6)[2].startswith("This step changes")
    assert "at step 4: 85%" in words[3]
    at_once = said((curves("", [0.9, 0.92, 0.93, 0.95, 0.95, 1], [0.1] * 5 + [1]),))
    assert "out of pure noise: 90%" in at_once[0] and at_once[2] == ""


def test_nothing_known_nothing_said() -> None:
    assert of_step((), (), 0) == ""
    assert of_step((curves("", [0.9, 1], [0.9, 1]),), (NAN, NAN), 2) == ""


def test_small_regions_are_not_spoken_of() -> None:
    whole = curves("", [0.9] * 5 + [1], [0.1] * 5 + [1])
    speck = Emergence("a speck", 0.01, np.array([0.1, 0.1, 0.1, 0.9, 0.9, 1]), np.zeros(6))
    assert said((whole, speck))[3] == ""


def block(name: str, seconds: float, size: tuple[int, int]):
    return SimpleNamespace(name=name, seconds=seconds, shape=(8, *size))


def test_the_block_that_takes_long() -> None:
    blocks = [block("down 1", 0.1, (8, 8)), block("middle", 0.1, (4, 4)), block("up 1", 0.3, (16, 16))]
    assert (
        of_blocks(blocks)
        == "Up 1 takes 60% of the time, because it processes 16 times as many places as the coarsest block."
    )
    assert of_blocks([block("middle", 0.2, (4, 4)), *blocks[:1]]) == "Middle takes 67% of the time."
    assert of_blocks([block(f"up {i}", 0.1, (4, 4)) for i in range(5)]) == ""


def test_the_word_that_is_heard() -> None:
    share = np.ones((2, 2), np.float32)

    def heard(*weights: float) -> WordAttention:
        where = np.array(weights, np.float32)[:, None, None] * np.ones((len(weights), 2, 2), np.float32)
        return WordAttention("red brick", ("red", "brick", "the whole")[-len(weights) :], where, share)

    assert of_words(heard(0.1, 0.4, 0.5)) == "“brick” gets 1.6 times the average attention of the prompt's words."
    assert of_words(heard(0.2, 0.25, 0.55)) == "" and of_words(heard(0.4, 0.6)) == ""
