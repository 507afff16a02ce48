"""The state of the program without a window: what is forgotten with a scene, what is told once, what needs an open scene."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from app.actions.registry import HANDLERS, PAINT_HANDLERS
from app.services.guard import run_guarded
from app.session import SceneChoice, Session
from app.state.app_state import AppState, SceneBox, is_builtin
from app.state.keymap import BY_NAME
from base.errors import InputError
from scenes.load import load_scene


@pytest.fixture
def state(tiny_scene: Path) -> AppState:
    return AppState(Session(), load_scene(tiny_scene))


def test_another_scene_forgets_what_was_set_in_the_one_before(state: AppState) -> None:
    other = replace(state.scene, name="other")
    state.route = state.route.add(state.camera)
    state.cancelled_view = (1,)
    state.brush.choose("erase")
    state.history = state.history.to(state.edited)
    state.reset_scene(other)
    assert (state.scene, state.saved_scene, state.open_scene) == (other, other, None)
    assert state.route.cameras == () and state.brush.tool == "" and not state.view_cancelled
    assert state.history.present == state.edited and state.history.past == ()


def test_undo_restores_all_that_the_user_set(state: AppState) -> None:
    before = state.edited
    state.session = replace(state.session, world=Path("a.world"))
    state.route = state.route.add(state.camera)
    state.pictures.form = state.pictures.form.set(prompt="ivy")
    state.history = state.history.to(state.edited).undo()
    state.edited = state.history.present
    assert state.edited == before and not state.pictures.form.settings.prompt


def test_what_the_program_changes_in_the_form_is_no_step_of_undo(state: AppState) -> None:
    state.amend_form(state.pictures.form.set(prompt="ivy"))
    state.history = state.history.to(state.edited)
    assert not state.history.past
    state.pictures.form = state.pictures.form.set(prompt="moss")
    state.amend_form(state.pictures.form.advance_seed())
    state.edited = state.history.undo().present
    assert (state.pictures.form.settings.prompt, state.pictures.form.settings.dream.seed) == ("ivy", 0)


def test_the_same_message_twice_is_one_toast_and_counted_in_the_log(state: AppState) -> None:
    for _ in range(3):
        state.notify("broken", "error")
    assert [toast.text for toast in state.overlays.toasts] == ["broken"]
    assert [(entry.text, entry.count) for entry in state.log.entries] == [("broken", 3)]


def test_pixels_of_the_scene_follow_the_window_and_are_never_none(state: AppState) -> None:
    state.scene_box = SceneBox((10.0, 20.0, 300.0, 200.0), density=2.0)
    assert state.scene_size == (600, 400)
    state.scene_box = SceneBox((0.0, 0.0, 0.0, 0.0))
    assert min(state.scene_size) > 0


def test_a_scene_of_the_program_is_not_the_users(state: AppState) -> None:
    assert is_builtin(SceneChoice()) and is_builtin(SceneChoice(ref="hamlet"))
    assert not is_builtin(SceneChoice(ref="/somewhere")) and not is_builtin(SceneChoice(map=Path("map.png")))
    assert state.unsaved  # it is open without a folder of its own


@pytest.mark.parametrize(
    ("error", "text"), [(InputError("a.png", "", "is no picture"), "a.png is no picture"), (ValueError("x"), "Part")]
)
def test_a_part_that_fails_is_told_and_stops_nothing(state: AppState, error: Exception, text: str) -> None:
    def fail() -> None:
        raise error

    run_guarded(state, "Part", fail)
    entry = state.log.entries[-1]
    assert entry.level == "error" and text in entry.text
    assert bool(entry.details) == (not isinstance(error, InputError))  # a sentence needs no traceback
    assert "Part" in state.profiler.parts


def test_each_action_has_one_handler() -> None:
    assert not HANDLERS.keys() & PAINT_HANDLERS.keys()
    assert {action.name for action in BY_NAME.values() if not action.held} <= HANDLERS.keys() | PAINT_HANDLERS.keys()
