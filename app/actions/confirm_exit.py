"""Before something that is in no file is forgotten, by quitting or for another scene, the user is asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from app.explorer.explorer import Explorer

Act = Callable[[], None]
QUIT = "Quit Rayverie?"


@dataclass(frozen=True)
class Question:
    """answers: what stands on the buttons → what is done; another button does nothing."""

    title: str
    words: str
    answers: tuple[tuple[str, Act], ...]


def quit_program(x: Explorer, by_mistake: bool = False) -> None:
    """Leave at once if nothing is lost, else ask; a second wish is an answer. by_mistake: as may be, with Esc: ask anyway."""
    asked = x.shell.overlays.question
    paint = painted(x) and x.session.world is None  # a world file that was asked for is written at the end
    if asked is not None and asked.title == QUIT:
        x.platform.close()
    elif by_mistake or paint or edited(x):
        ask(x, paint, QUIT, "quit", x.platform.close)
    else:
        x.platform.close()


def leave_scene(x: Explorer, then: Act) -> None:
    """`then` puts another scene in place of this one."""
    paint = painted(x)
    if paint or edited(x):
        ask(x, paint, "Leave this scene?", "go on", then)
    else:
        then()


def ask(x: Explorer, paint: bool, title: str, deed: str, then: Act) -> None:
    """paint: whether paint is lost, too; deed: what `then` does, on a button."""
    lost = [words for words in (edited(x), "the paint" if paint else "") if words]
    answers = [(deed.capitalize(), then)]
    words = ""
    if lost:
        answers.append((f"Save and {deed}", lambda: save(x, paint, then)))
        words = f"Unsaved changes will be lost: {' and '.join(lost)}."
    x.controls.release_mouse()
    x.shell.overlays.close()
    x.shell.overlays.question = Question(title, words[:1].upper() + words[1:], tuple(answers))


def edited(x: Explorer) -> str:
    """What of the scene is in no file, or ""."""
    return "this scene" if x.unsaved else "the changed scene" if x.scene != x.opened else ""


def painted(x: Explorer) -> bool:
    """Whether something is painted that no world file has."""
    volume = x.stage.volume if x.stage else None
    return volume is not None and len(volume.atlas) > 0 and not x.worlds.holds(volume)


def save(x: Explorer, paint: bool, then: Act) -> None:
    """Write what isn't in a file, beside the frames, and then do `then`."""

    def save_paint() -> None:
        if paint:
            x.worlds.save(then)
        else:
            then()

    if edited(x):
        x.desk.save_scene(then=save_paint)
    else:
        save_paint()


def answer(x: Explorer, number: int) -> None:
    """Give one of the answers to the question that is asked, if one is."""
    question, x.shell.overlays.question = x.shell.overlays.question, None
    if question is not None:
        question.answers[number][1]()
