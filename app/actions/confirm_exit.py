"""Asks the user before unsaved work is lost by quitting or by opening another scene."""

from __future__ import annotations

from collections.abc import Callable

from app.actions.context import ActionContext
from app.actions.save import has_unsaved_paint, name_unsaved_edits, save_all
from app.state.overlays import Question

QUIT = "Quit Rayverie?"


def quit_program(context: ActionContext) -> None:
    """Quit at once if nothing is lost, else ask; a second request quits."""
    asked, close = context.state.overlays.question, context.platform.close
    # with --world, the world file is written at the end
    paint = has_unsaved_paint(context) and context.state.session.world is None
    if asked is not None and asked.title == QUIT:
        close()
    elif paint or name_unsaved_edits(context):
        ask(context, paint, QUIT, "quit", close)
    else:
        close()


def leave_scene(context: ActionContext, then: Callable[[], None]) -> None:
    """Call `then`, which opens another scene, if nothing is lost or once the user agrees."""
    paint = has_unsaved_paint(context)
    if paint or name_unsaved_edits(context):
        ask(context, paint, "Leave this scene?", "go on", then)
    else:
        then()


def ask(context: ActionContext, paint: bool, title: str, verb: str, then: Callable[[], None]) -> None:
    """Ask whether to save, discard or cancel before `then`. paint: whether paint is lost, too; verb: what `then` does, for buttons."""
    lost = [words for words in (name_unsaved_edits(context), "the paint" if paint else "") if words]
    answers = [("Discard" if lost else verb.capitalize(), then)]
    words = ""
    if lost:
        answers.append((f"Save and {verb}", lambda: save_all(context, paint, then)))
        words = f"Unsaved changes will be lost: {' and '.join(lost)}."
    context.open_dialog()
    context.state.overlays.question = Question(title, words[:1].upper() + words[1:], tuple(answers))


def answer(context: ActionContext, number: int) -> None:
    """Answer the open question, if there is one. number: of the answer."""
    overlays = context.state.overlays
    question, overlays.question = overlays.question, None
    if question is not None:
        question.answers[number][1]()
