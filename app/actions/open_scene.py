"""Another scene in place of this one, and which were opened last. Read beside the frames; the user is asked before anything is lost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from app.actions.confirm_exit import leave_scene
from app.files import recent
from app.session import SceneChoice
from scenes.blank import blank
from scenes.edit import with_paths
from scenes.extrude import extrude
from scenes.load import BUILTIN, load_scene
from scenes.scene import Scene

if TYPE_CHECKING:
    from app.explorer.explorer import Explorer


def open_scene(x: Explorer, choice: SceneChoice, name: str = "") -> None:
    """name: under which it stands among those that were opened last, if it can be opened again by it."""

    def read() -> Scene:
        return load_scene(choice.ref or "", map=choice.map, materials=choice.materials)

    _replace(x, read, choice, name)


def new_scene(x: Explorer, width: int, depth: int) -> None:
    """A meadow to build on; it has no folder until it is saved."""

    def make() -> Scene:
        scene = blank(width, depth)
        return with_paths(scene, extrude(scene))

    _replace(x, make, SceneChoice())


def save_scene(x: Explorer, folder: Path | None = None) -> None:
    """Where it came from, or to another folder."""
    x.desk.save_scene(folder, lambda: note(x, str(folder.absolute())) if folder else None)


def ask_file(what: str) -> Callable[[Explorer], None]:
    """One of the dialogs of app.panels.files, which begins where such files are."""

    def ask(x: Explorer) -> None:
        x.controls.release_mouse()
        x.shell.overlays.close()
        own, kept = Path(x.session.scene.ref or ""), x.folders.data / "scenes"
        likely = x.folders.pictures if what in ("picture", "path") else own.parent if own.is_absolute() else kept
        folder = likely if likely.is_dir() else Path.home()
        x.shell.overlays.files.ask(what, folder, x.scene.name if what == "save_as" else "")

    return ask


def note(x: Explorer, name: str) -> None:
    """A file (or a built-in scene, by name) was opened: remember it among the last ones."""
    x.recent = recent.added(x.recent, name)
    kept, folder = x.recent, x.folders.config
    x.desk.send(lambda: recent.save(folder, kept), lambda _: None)


def _replace(x: Explorer, read: Callable[[], Scene], choice: SceneChoice, name: str = "") -> None:
    def show(scene: Scene) -> None:
        x.open_scene(scene)
        x.session = replace(x.session, scene=choice, world=None)
        if name:
            note(x, name)

    x.desk.send(read, lambda scene: leave_scene(x, lambda: show(scene)))


def builtin(chosen: SceneChoice) -> bool:
    """Whether this is a scene of the program's own, which is not saved over."""
    return chosen.ref in (None, *BUILTIN) and chosen.map is None and chosen.materials is None
