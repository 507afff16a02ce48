"""The questions of the tour: every station has a check, and checks tell what was measured."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from diffusion.introspection.emergence import Emergence
from diffusion.introspection.unet_probe import WordAttention
from diffusion.lessons.checks import CHECKS
from diffusion.lessons.stations import BY_NAME, DEPTHS, STATIONS
from diffusion.lessons.trace import Trace


def test_every_station_has_a_check_three_depths_and_choices_to_guess() -> None:
    assert [station.name for station in STATIONS] == list(CHECKS)
    for station in STATIONS:
        assert len(station.depths) == len(DEPTHS) and all(station.depths)
        assert station.question.endswith("?") and len(station.choices) >= 3


def answer(name: str, **measured: Any) -> int | None:
    found = CHECKS[name](Trace(**measured))
    assert found.text and found.text.endswith((".", ").")), found.text
    assert found.choice is None or 0 <= found.choice < len(BY_NAME[name].choices)
    return found.choice


@pytest.mark.parametrize("name", [station.name for station in STATIONS])
def test_without_measurements_nothing_is_claimed(name: str) -> None:
    assert answer(name) is None


@pytest.mark.parametrize(("mixed", "choice"), [(0.0, 0), (0.35, 1), (1.0, 2)])
def test_noise_is_compared_with_the_picture(mixed: float, choice: int) -> None:
    noise, other = np.random.default_rng(1).standard_normal((2, 4, 16, 16))
    assert answer("noise", start=noise, end=mixed * noise + other * (mixed < 1)) == choice


@pytest.mark.parametrize(("change", "choice"), [((0, 5, 2, 1, 1), 0), ((0, 1, 5, 1, 1), 1), ((0, 1, 1, 1, 5), 2)])
def test_the_largest_change_of_the_prediction_is_found(change: tuple[float, ...], choice: int) -> None:
    assert answer("sculpting", change=change) == choice


@pytest.mark.parametrize(
    ("coarse", "fine", "choice"), [((0.9, 1), (0.2, 1), 0), ((0.2, 1), (0.9, 1), 1), ((0.9, 1), (0.9, 1), 2)]
)
def test_what_settles_first_is_found(coarse: tuple, fine: tuple, choice: int) -> None:
    assert answer("digging", emergence=(Emergence("", 1.0, np.array(coarse), np.array(fine)),)) == choice


def blocks(*times: tuple[int, float]) -> Any:
    made = tuple(SimpleNamespace(level=level, seconds=seconds) for level, seconds in times)
    return SimpleNamespace(blocks=made, prompts=())


@pytest.mark.parametrize(("seconds", "choice"), [((3, 1, 1), 0), ((1, 3, 1), 1), ((1, 1, 3), 2)])
def test_the_busiest_level_is_found(seconds: tuple[float, ...], choice: int) -> None:
    assert answer("orchestra", probe=blocks(*enumerate(seconds), (0, 0.1))) == choice


@pytest.mark.parametrize(("sigmas", "choice"), [((9.0, 8.5, 1.0), 0), ((9.0, 1.0), 1), ((9.0, 0.2, 0.1, 0.05), 2)])
def test_the_first_steps_share_of_the_noise_is_found(sigmas: tuple[float, ...], choice: int) -> None:
    assert answer("one_step", sigmas=sigmas) == choice


@pytest.mark.parametrize(
    ("pull", "choice"),
    [((5, 1, 1), 0), ((1, 5, 1), 1), ((1, 1, 5), 2), ((np.nan, np.nan, np.nan), None), ((np.nan, 4, 1), 1)],
)
def test_the_strongest_pull_of_guidance_is_found(pull: tuple[float, ...], choice: int | None) -> None:
    assert answer("guidance", guidance=pull) == choice


@pytest.mark.parametrize(("weights", "choice"), [((0.2, 0.2, 0.2), 0), ((0.1, 0.2, 0.1, 0.1), 1), ((0.6, 0.1, 0.1), 2)])
def test_the_loudest_word_is_found(weights: tuple[float, ...], choice: int) -> None:
    where = np.array([*weights, 1 - sum(weights)])[:, None, None] * np.ones((1, 4, 4))
    prompt = WordAttention("a b c", tuple("abcdefg"[: len(where)]), where, np.ones((4, 4)))
    assert answer("attention", probe=SimpleNamespace(blocks=(), prompts=(prompt,))) == choice


@pytest.mark.parametrize(("left", "choice"), [((0.1, 0.9), 0), ((0.9, 0.1), 1), ((0.1, 0.1), 2), ((0.9, 0.9), 3)])
def test_what_is_lost_without_connections_is_found(left: tuple[float, float], choice: int) -> None:
    for name, part in (("skips", "skips"), ("levels", "below")):
        assert answer(name, ablation=(SimpleNamespace(part=part, coarse=left[0], fine=left[1]),)) == choice


@pytest.mark.parametrize(("changed", "choice"), [(0, 0), (3, 1), (90, 2)])
def test_paint_that_changed_is_counted(changed: int, choice: int) -> None:
    assert answer("memory", changed=changed, finished=100) == choice
