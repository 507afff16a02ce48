"""Opens files dropped on the window: scenes, models, worlds, camera paths, and pictures and films that contain their settings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from app.actions.context import ActionContext
from app.actions.export import read_presets
from app.actions.gallery import open_run
from app.actions.open_scene import ask_file, import_model, open_scene, remember
from app.actions.pictures import open_picture
from app.files import presets, recent
from app.files.picture import SUFFIXES
from app.files.profiles import is_profiles, read_profiles
from app.files.screenshots import has_settings, read_screenshot
from app.moving.route import Route
from app.session import SceneChoice, Session, restore
from base.errors import InputError
from base.reading import is_file
from diffusion.training.run_log import LOG
from engine.render.film_files import CODECS, read_metadata
from scenes.load import BUILTIN
from scenes.nerfstudio import read_path


def drop(context: ActionContext, names: list[str | Path]) -> None:
    """Open dropped files: a map together with its materials, everything else one by one. Raises InputError."""
    paths = [Path(name) for name in names]
    materials = [p for p in paths if p.suffix in (".yaml", ".yml")]
    maps = [p for p in paths if p.suffix == ".png"]
    if materials and maps:
        _pair(context, maps[0], materials[0])
        return
    for path in paths:
        kind = "" if path.is_dir() else path.suffix.lower()
        if kind not in KINDS:
            allowed = (
                "a scene's folder, a map .png with its .yaml, a model (.vox, .glb, .obj), a world, a camera path, "
                "or a picture or film of Rayverie"
            )
            raise InputError(path, "", f"can't be opened; allowed are {allowed}")
        KINDS[kind](context, path)


def open_file(context: ActionContext, path: Path | None = None) -> None:
    """Open a file that `drop` takes. Without a path, ask for one."""
    if path is None:
        ask_file("open")(context)
    else:
        drop(context, [path])


def start_scene(context: ActionContext, name: str) -> None:
    """Open an entry of the start page; without a name, continue with the open scene."""
    if name == context.state.scene_name:
        context.state.overlays.start = False
    else:
        open_recent(context, name)


def open_recent(context: ActionContext, name: str) -> None:
    """Open an entry of the list of recent files: a built-in scene's name, or a path."""
    if name in BUILTIN:
        open_scene(context, SceneChoice(ref=name), name)
    elif Path(name).exists():
        drop(context, [name])
    else:
        context.state.recent = recent.remove_recent(context.state.recent, name)
        raise InputError(name, "", "no longer exists")


def _folder(context: ActionContext, path: Path) -> None:
    """A scene, or a training run."""
    if is_file(path / LOG):
        return open_run(context, path)
    open_scene(context, SceneChoice(ref=str(path)), str(path.absolute()))


def _materials(context: ActionContext, path: Path) -> None:
    """A materials file alone: open it with the map of the same name beside it, else with the map.png of its folder."""
    if path.name == "materials.yaml":
        return _folder(context, path.parent)
    maps = [path.with_suffix(".png"), path.parent / "map.png"]
    found = next((map for map in maps if is_file(map)), None)
    if found is None:
        raise InputError(path, "", f"needs a map beside it: {maps[0].name}, or map.png")
    _pair(context, found, path)


def _yaml(context: ActionContext, path: Path) -> None:
    """Profiles of raycast_diffusion become presets; anything else is a scene's materials."""
    if not is_profiles(path):
        return _materials(context, path)
    found = read_profiles(path)
    presets.save_new(context.state.folders.config / "presets", {profile.name: profile.settings for profile in found})
    read_presets(context)
    context.panels.bring_to_front("Sampler")
    context.state.notify(f"Presets in Sampler: {', '.join(profile.name for profile in found)}")


def _pair(context: ActionContext, map: Path, materials: Path) -> None:
    """Recent files lists the pair by its materials, if both have the same name."""
    found = materials.with_suffix(".png") == map
    open_scene(context, SceneChoice(map=map, materials=materials), str(materials.absolute()) if found else "")


def _picture(context: ActionContext, path: Path) -> None:
    """A map opens with its materials, those of the same name or its folder's. A screenshot restores its settings and place.
    Any other picture is for the surfaces."""
    beside = next((path.with_suffix(s) for s in (".yaml", ".yml") if path.with_suffix(s).exists()), None)
    if beside is not None:
        return _pair(context, path, beside)
    if path.name == "map.png":
        return _folder(context, path.parent)
    if not has_settings(path):
        open_picture(context, path)
        return remember(context, str(path.absolute()))
    session, camera = read_screenshot(path)
    adopt(context, session)
    context.state.travel.go_to = camera
    remember(context, str(path.absolute()))
    context.state.notify(f"Settings of {path.name} restored")


def _film(context: ActionContext, path: Path) -> None:
    session, _ = restore(read_metadata(path), str(path))
    adopt(context, session)
    remember(context, str(path.absolute()))
    context.state.notify(f"Settings of {path.name} restored")


def _path(context: ActionContext, path: Path) -> None:
    context.state.route = Route.of(read_path(path))
    context.panels.bring_to_front("Camera")
    remember(context, str(path.absolute()))


def _world(context: ActionContext, path: Path) -> None:
    context.services.worlds.load(path)
    remember(context, str(path.absolute()))


def adopt(context: ActionContext, session: Session) -> None:
    """Adopt a session's settings of dreams and of the view. The window's size and the scene stay."""
    own = context.state.session
    view = replace(session.view, size=own.view.size)
    context.state.session = replace(own, dream=session.dream, paint=session.paint, live=session.live, view=view)


KINDS: dict[str, Callable[[ActionContext, Path], None]] = {
    "": _folder,
    ".yaml": _yaml,
    ".yml": _yaml,
    **dict.fromkeys(SUFFIXES, _picture),
    ".json": _path,
    **dict.fromkeys((".vox", ".glb", ".obj"), import_model),
    ".world": _world,
    ".safetensors": _world,  # worlds of version 1
    **dict.fromkeys(CODECS, _film),
}
