"""Actions that edit the scene, undo and redo."""

from __future__ import annotations

from collections.abc import Callable

from app.actions.context import ActionContext
from app.state.app_state import Edited
from app.state.history import History
from scenes.scene import Scene


def edit_scene(context: ActionContext, change: Callable[[Scene], Scene]) -> None:
    """change: a function of scenes.edit or scenes.edit_map, with its arguments. The open scene follows by itself."""
    context.state.scene = change(context.state.scene)


def undo(context: ActionContext) -> None:
    """In the mask editor, of the mask."""
    if (editor := context.state.pictures.editor) is not None:
        return editor.undo()
    _through_time(context, History.undo)


def redo(context: ActionContext) -> None:
    if (editor := context.state.pictures.editor) is not None:
        return editor.redo()
    _through_time(context, History.redo)


def _through_time(context: ActionContext, turn: Callable[[History[Edited]], History[Edited]]) -> None:
    """Undo or redo after the strokes under way, which are not in the history yet: undo would take back what came before them."""
    state, strokes = context.state, context.services.strokes

    def go() -> None:
        before = state.edited
        state.history = turn(state.history.to(state.edited))
        state.edited = state.history.present
        if state.edited[:-1] != before[:-1] and state.open_scene is not None:
            state.open_scene.painter.client.forget_dreamed()

    if strokes.busy:
        strokes.then(go)
    else:
        go()
