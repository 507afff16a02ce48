"""Asks the user before something that is in no file is forgotten, by quitting or by opening another scene."""

from __future__ import annotations

from collections.abc import Callable

from app.actions.context import ActionContext
from app.actions.export import export_scene
from app.state.overlays import Question
from engine.storage.versions import count_tiles

Act = Callable[[], None]
QUIT = "Quit Rayverie?"


def quit_program(context: ActionContext, by_mistake: bool = False) -> None:
    """Leave at once if nothing is lost, else ask. A second request leaves. by_mistake: perhaps not meant (Esc), so ask anyway."""
    asked, close = context.state.overlays.question, context.platform.close
    # with --world, the world file is written at the end
    paint = has_unsaved_paint(context) and context.state.session.world is None
    if asked is not None and asked.title == QUIT:
        close()
    elif by_mistake or paint or unsaved_edits(context):
        ask(context, paint, QUIT, "quit", close)
    else:
        close()


def leave_scene(context: ActionContext, then: Act) -> None:
    """Call `then`, which opens another scene, if nothing is lost or once the user agrees."""
    paint = has_unsaved_paint(context)
    if paint or unsaved_edits(context):
        ask(context, paint, "Leave this scene?", "go on", then)
    else:
        then()


def ask(context: ActionContext, paint: bool, title: str, deed: str, then: Act) -> None:
    """paint: whether paint is lost, too; deed: what `then` does, as on a button."""
    lost = [words for words in (unsaved_edits(context), "the paint" if paint else "") if words]
    answers = [("Discard" if lost else deed.capitalize(), then)]
    words = ""
    if lost:
        answers.append((f"Save and {deed}", lambda: save_all(context, paint, then)))
        words = f"Unsaved changes will be lost: {' and '.join(lost)}."
    context.open_dialog()
    context.state.overlays.question = Question(title, words[:1].upper() + words[1:], tuple(answers))


def unsaved_edits(context: ActionContext) -> str:
    """What of the scene is in no file, in words, or ""."""
    state = context.state
    return "this scene" if state.unsaved else "the changed scene" if state.scene != state.saved_scene else ""


def has_unsaved_paint(context: ActionContext) -> bool:
    """Whether there is paint that no world file has."""
    open_scene = context.state.open_scene
    return (
        open_scene is not None
        and len(open_scene.volume.atlas) > 0
        and not context.services.worlds.is_saved(open_scene.volume)
    )


def save_all(context: ActionContext, paint: bool, then: Act) -> None:
    """Write what is in no file, beside the frames, and then call `then`."""

    def save_paint() -> None:
        if paint:
            context.services.autosave.save(then)
        else:
            then()

    if unsaved_edits(context):
        export_scene(context, then=save_paint)
    else:
        save_paint()


def save_world(context: ActionContext) -> None:
    """Save what is painted to the world file; ask first where that file holds more. What it replaces is kept as a version."""
    path, save = context.services.worlds.file, context.services.autosave.save
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


def answer(context: ActionContext, number: int) -> None:
    """Give one of the answers to the open question, if there is one."""
    overlays = context.state.overlays
    question, overlays.question = overlays.question, None
    if question is not None:
        question.answers[number][1]()
