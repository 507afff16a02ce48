"""What each action of the key table does. `held` actions are read by the walk instead."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from engine.renderer import MODES

if TYPE_CHECKING:
    from app.explorer import Explorer


def _pause(x: Explorer) -> None:
    x.session = replace(x.session, live=replace(x.session.live, auto=not x.session.live.auto))
    if not x.session.live.auto and x.stage:
        x.stage.painter.cancel()


def _fly(x: Explorer) -> None:
    x.session = replace(x.session, view=replace(x.session.view, walk=not x.session.view.walk))
    x.say("Walking on the ground" if x.session.view.walk else "Flying")


def _mode(name: str) -> Callable[[Explorer], None]:
    def show(x: Explorer) -> None:
        x.session = replace(x.session, view=replace(x.session.view, mode=name))

    return show


def _panels(x: Explorer) -> None:
    x.shell.shown = not x.shell.shown


def _help(x: Explorer) -> None:
    x.release_mouse()
    x.shell.overlays.help = not x.shell.overlays.help


def _palette(x: Explorer) -> None:
    x.release_mouse()
    x.shell.overlays.palette = not x.shell.overlays.palette


def _escape(x: Explorer) -> None:
    """Lets go of one thing at a time: the mouse, a dialog, and then asks before leaving."""
    if x.looking:
        x.release_mouse()
    elif x.shell.overlays.open:
        x.shell.overlays.close()
    else:
        x.shell.overlays.leaving = True


def _erase(x: Explorer) -> None:
    if x.stage:
        x.stage.painter.cancel()
        x.stage.volume.erase()
        x.stage.painter.forgive()
        x.say("Everything painted is erased")


def _cancel(x: Explorer) -> None:
    if x.stage and x.stage.painter.running:
        x.stage.painter.cancel()
        x.say("The dream is cancelled")


def _save_and_quit(x: Explorer) -> None:
    x.save_world(then=x.quit)


HANDLERS: dict[str, Callable[[Explorer], None]] = {
    "fly": _fly,
    **{f"mode_{mode}": _mode(mode) for mode in MODES},
    "panels": _panels,
    "reset_layout": lambda x: x.shell.reset_layout(),
    "full_screen": lambda x: x.platform.toggle_full_screen(),
    "pause": _pause,
    "dream": lambda x: x.dream_again(),
    "cancel": _cancel,
    "erase": _erase,
    "save_world": lambda x: x.save_world(),
    "load_world": lambda x: x.load_world(),
    "screenshot": lambda x: x.take_shot(),
    "quit": lambda x: x.quit(),
    "save_and_quit": _save_and_quit,
    "undo": lambda x: x.undo(),
    "redo": lambda x: x.redo(),
    "palette": _palette,
    "help": _help,
    "escape": _escape,
}
