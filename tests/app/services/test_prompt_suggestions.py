"""Suggestions are computed on a thread."""

from __future__ import annotations

import time

from app.services.prompt_suggestions import PromptSuggestions


def test_suggestions_never_wait_and_a_missing_bank_is_said_once() -> None:
    def missing():
        raise FileNotFoundError("no bank here")

    suggester = PromptSuggestions(missing)
    for _ in range(1000):
        assert suggester.about("grass") is None
        if suggester.problem:
            break
        time.sleep(0.01)
    assert suggester.problem == "no bank here"
    assert suggester.about("moss") is None
    suggester.close()
