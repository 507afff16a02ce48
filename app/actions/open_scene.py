"""Opens another scene, read in the background, and keeps the list of recent ones. Asks before unsaved work is lost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from app.actions.confirm_exit import leave_scene
from app.actions.context import ActionContext
from app.actions.export import export_scene
from app.actions.travel import stop_travel
from app.files import recent
from app.session import SceneChoice
from app.state.overlays import FileDialog
from scenes.blank import GROUNDS, make_blank_scene
from scenes.edit import regenerate_paths
from scenes.extrude import extrude_scene
from scenes.import_mesh import import_mesh
from scenes.import_vox import GROUND, import_vox
from scenes.load import add_generated_paths, load_scene, save_new_scene
from scenes.scene import Scene

PICTURES = (
    "picture",
    "path",
    "export_world",
    "input",
    "mask",
    "control",
    "settings",
)  # dialogs that start in the pictures' folder
GROUND_AROUND = 8  # blocks of ground around a model that is imported
NAMED = ("save_as", "export_world")  # dialogs that propose the scene's name


def open_scene(context: ActionContext, choice: SceneChoice, name: str = "") -> None:
    """name: how the list of recent files names it, or "" if it can't be opened again by a name."""

    def read() -> Scene:
        return load_scene(choice.ref or "", map=choice.map, materials=choice.materials)

    _replace(context, read, choice, name)


def new_scene(
    context: ActionContext, width: int, depth: int, ground: str = GROUNDS[0], folder: Path | None = None
) -> None:
    """A plain to build on. ground: one of GROUNDS; folder: where it is written at once; without one it is in no file until it is
    saved."""

    def make() -> Scene:
        scene = make_blank_scene(width, depth, ground=ground)
        if folder is None:
            return regenerate_paths(scene, extrude_scene(scene))
        save_new_scene(scene, folder)
        return load_scene(folder)

    if folder is None:
        _replace(context, make, SceneChoice())
    else:
        _replace(context, make, SceneChoice(ref=str(folder)), str(folder.absolute()))


def import_model(context: ActionContext, path: Path) -> None:
    """Open a scene of a MagicaVoxel model or of a mesh. It is in no file until it is saved."""

    def make() -> Scene:
        make_scene = import_vox if path.suffix.lower() == ".vox" else import_mesh
        return add_generated_paths(make_scene(path, GROUND_AROUND, GROUND.prompt))

    _replace(context, make, SceneChoice())


def show_start_page(context: ActionContext) -> None:
    """Show the start page with current pictures; the picture of this scene is updated first."""
    context.open_dialog()
    context.services.pictures.keep()
    context.services.pictures.forget()
    context.state.overlays.start = True


def show_scene(context: ActionContext, scene: Scene) -> None:
    """Leave the open scene, discarding unsaved paint, and open another one in the background."""
    state, services = context.state, context.services
    stop_travel(context)
    state.overlays.start = False
    if state.open_scene:
        services.pictures.keep()
        state.open_scene.painter.drop()
        state.open_scene.release()
    services.rebuild.forget(scene)
    services.strokes.reset()
    state.reset_scene(scene)
    context.worker.inspect(None)
    services.opener.request(scene)
    for note in scene.notes:
        state.log.add(note, "warning")


def save_scene(context: ActionContext, folder: Path | None = None) -> None:
    """Write the scene where it came from, or to another folder."""
    export_scene(context, folder, lambda: remember(context, str(folder.absolute())) if folder else None)


def ask_file(kind: str) -> Callable[[ActionContext], None]:
    """Open a file dialog (a `FileDialog.kind`) in a likely folder."""

    def ask(context: ActionContext) -> None:
        context.open_dialog()
        state = context.state
        own, kept = Path(state.session.scene.ref or ""), state.folders.data / "scenes"
        likely = state.folders.pictures if kind in PICTURES else own.parent if own.is_absolute() else kept
        folder = likely if likely.is_dir() else Path.home()
        if kind == "new":
            folder, name = kept, pick_free_name(kept)
        else:
            name = state.scene.name if kind in NAMED else ""
        state.overlays.file_dialog = FileDialog(kind, folder, name)

    return ask


def pick_free_name(folder: Path) -> str:
    """Return an unused name in a folder: "my scene", "my scene 2", …"""
    names = ("my scene", *(f"my scene {number}" for number in range(2, 1000)))
    return next((name for name in names if not (folder / name).exists()), names[0])


def remember(context: ActionContext, name: str) -> None:
    """Add a file that was opened (or a built-in scene, by name) to the list of recent files."""
    state = context.state
    state.recent = recent.add_recent(state.recent, name)
    kept, folder = state.recent, state.folders.config
    context.services.io.submit(lambda: recent.save(folder, kept))


def _replace(context: ActionContext, read: Callable[[], Scene], choice: SceneChoice, name: str = "") -> None:
    def show(scene: Scene) -> None:
        show_scene(context, scene)
        context.state.session = replace(context.state.session, scene=choice, world=None)
        if name:
            remember(context, name)

    context.services.io.submit(read, lambda scene: leave_scene(context, lambda: show(scene)))
