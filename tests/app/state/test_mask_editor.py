"""The mask editor without a window: tools, undo and redo, and the tint over the picture."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from app.files.picture import Source
from app.state.mask_editor import OPACITY, SHOWN, TOOLS, MaskEditor
from app.state.mask_shapes import FULL, clear, feather, invert


@pytest.fixture
def editor() -> MaskEditor:
    return MaskEditor(Path("wall.png"), Source("wall.png", np.zeros((48, 64, 4), np.uint8)))


def drag(editor: MaskEditor, *way: tuple[float, float], remove: bool = False) -> None:
    editor.press(way[0], remove)
    for point in way[1:]:
        editor.move(point)
    editor.release()


def test_every_tool_draws_and_is_taken_back(editor: MaskEditor) -> None:
    corner = (10, 10), (40, 10), (40, 30), (20, 32)
    for tool in TOOLS:
        editor.change(clear)
        if tool == "eraser":
            editor.change(invert)
        before, editor.tool = editor.mask, tool
        drag(editor, *corner)
        assert (editor.mask != before).any()
        after = editor.mask
        editor.undo()
        assert (editor.mask == before).all()
        editor.redo()
        assert (editor.mask == after).all()


@pytest.mark.parametrize("tool", ["brush", "rectangle", "lasso"])
def test_the_other_button_removes(editor: MaskEditor, tool: str) -> None:
    editor.change(invert)
    editor.tool = tool
    drag(editor, (10, 10), (40, 10), (40, 30), remove=True)
    assert (editor.mask == 0).sum() > 50


def test_a_stroke_shows_while_it_is_drawn_and_is_one_step(editor: MaskEditor) -> None:
    editor.press((10, 10))
    assert editor.drawing and not editor.empty
    editor.move((30, 10))
    assert editor.mask[10, 30] == FULL and not editor.history.past
    editor.release()
    assert len(editor.history.past) == 1
    editor.undo()
    assert editor.empty


def test_what_changes_nothing_is_no_step(editor: MaskEditor) -> None:
    editor.change(clear)
    drag(editor, (-100.0, -100.0))
    editor.tool = "lasso"
    drag(editor, (5, 5))
    assert not editor.history.past


def test_undo_forgets_nothing_of_a_long_session(editor: MaskEditor) -> None:
    for step in range(20):
        drag(editor, (step, step), (step + 5, step))
    editor.change(lambda mask: feather(mask, 3))
    for _ in range(21):
        editor.undo()
    assert editor.empty and not editor.history.past


def test_the_tint_is_the_mask_at_a_size_that_is_quickly_drawn() -> None:
    editor = MaskEditor(Path("x.png"), Source("x.png", np.zeros((1024, 700, 4), np.uint8)))
    tint = editor.tint
    assert max(tint.shape) <= SHOWN + 1 and not tint[..., 3].any() and editor.tint is tint
    editor.change(invert)
    assert (editor.tint[..., 3] == OPACITY).all() and editor.tint is not tint
