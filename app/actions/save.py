"""Finds unsaved edits and paint, and saves them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from app.actions.context import ActionContext
from app.actions.export import export_scene
from app.state.overlays import Question
from engine.storage.versions import count_tiles


def name_unsaved_edits(context: ActionContext) -> str:
    """Return a phrase for unsaved edits of the scene, or ""."""
    state = context.state
    return "this scene" if state.unsaved else "the changed scene" if state.scene != state.saved_scene else ""


def has_unsaved_paint(context: ActionContext) -> bool:
    """Whether some paint is in no world file."""
    open_scene = context.state.open_scene
    return (
        open_scene is not None
        and len(open_scene.volume.atlas) > 0
        and not context.services.worlds.is_saved(open_scene.volume)
    )


def save_all(context: ActionContext, paint: bool, then: Callable[[], None]) -> None:
    """Save unsaved edits, and with `paint` the paint, in the background; then call `then`."""

    def save_paint() -> None:
        if paint:
            context.services.autosave.save(then)
        else:
            then()

    if name_unsaved_edits(context):
        export_scene(context, then=save_paint)
    else:
        save_paint()


def save_world(context: ActionContext, then: Callable[[], None] | None = None) -> None:
    """Save the paint to the world file, then call `then`; ask first if that file holds more.

    The replaced file is kept as an earlier version."""
    path, save = context.services.worlds.file, partial(context.services.autosave.save, then)
    held, painted = count_tiles(path), context.services.autosave.tile_count
    if held <= painted:
        save()
        return
    words = (
        f"{path.name} holds more paint than this scene now: {held} tiles, not {painted}. "
        "The older version is kept: File, Earlier versions."
    )
    context.open_dialog()
    context.state.overlays.question = Question("Save less over more?", words, (("Save", save),))
