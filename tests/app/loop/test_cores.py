"""Software GL leaves a core to the model, unless the user has said otherwise."""

from __future__ import annotations

import os

import pytest

from app.loop.cores import SOFTWARE_GL, has_room_for_two_dreams, leave_a_core_to_the_model


@pytest.mark.parametrize(("cores", "threads"), [(1, "1"), (2, "1"), (8, "7"), (None, "1")])
def test_all_cores_but_one_draw(monkeypatch, cores: int | None, threads: str) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: cores)
    environment: dict[str, str] = {}
    leave_a_core_to_the_model(environment)
    assert environment == {SOFTWARE_GL: threads}


def test_the_users_choice_stays() -> None:
    environment = {SOFTWARE_GL: "0"}
    leave_a_core_to_the_model(environment)
    assert environment == {SOFTWARE_GL: "0"}


@pytest.mark.parametrize(("cores", "room"), [(1, False), (2, True), (None, False)])
def test_a_second_dream_needs_a_second_core(monkeypatch, cores: int | None, room: bool) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: cores)
    assert has_room_for_two_dreams() is room
