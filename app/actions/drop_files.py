"""Files dropped on the window: scenes, worlds, camera paths, and pictures and films that carry their settings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from app.actions.open_scene import note, open_scene
from app.files import recent
from app.files.picture import SUFFIXES
from app.files.shot import carries_settings, read_shot
from app.moving.route import Route
from app.session import SceneChoice, Session, restore
from base.errors import InputError
from engine.render.video import CODECS, read_metadata
from scenes.load import BUILTIN
from scenes.nerfstudio import read_path

if TYPE_CHECKING:
    from app.explorer.explorer import Explorer


def drop(x: Explorer, names: list[str | Path]) -> None:
    """Take in dropped files: a map with its materials together, everything else one by one. Raises InputError."""
    paths = [Path(name) for name in names]
    materials = [p for p in paths if p.suffix in (".yaml", ".yml")]
    maps = [p for p in paths if p.suffix == ".png"]
    if materials and maps:
        _pair(x, maps[0], materials[0])
        return
    for path in paths:
        kind = "" if path.is_dir() else path.suffix.lower()
        if kind not in KINDS:
            allowed = (
                "a scene's folder, a map .png with its .yaml, a world, a camera path, or a picture or film of Rayverie"
            )
            raise InputError(path, "", f"can't be opened; allowed are {allowed}")
        KINDS[kind](x, path)


def open_named(x: Explorer, name: str) -> None:
    """What stands among those that were opened last: a built-in scene's name, or a path."""
    if name in BUILTIN:
        open_scene(x, SceneChoice(ref=name), name)
    elif Path(name).exists():
        drop(x, [name])
    else:
        x.recent = recent.removed(x.recent, name)
        raise InputError(name, "", "no longer exists")


def _folder(x: Explorer, path: Path) -> None:
    open_scene(x, SceneChoice(ref=str(path)), str(path.absolute()))


def _materials(x: Explorer, path: Path) -> None:
    """A materials file alone: the map of the same name beside it, else its folder with map.png."""
    beside = path.with_suffix(".png")
    if beside.exists():
        _pair(x, beside, path)
    else:
        _folder(x, path.parent)


def _pair(x: Explorer, map: Path, materials: Path) -> None:
    """Both are found again by the materials, where they belong together by name."""
    found = materials.with_suffix(".png") == map
    open_scene(x, SceneChoice(map=map, materials=materials), str(materials.absolute()) if found else "")


def _picture(x: Explorer, path: Path) -> None:
    """A map opens with its materials: those of its name, or its folder's. A screenshot brings back its settings and its place.
    Any other picture is for the surfaces."""
    beside = next((path.with_suffix(s) for s in (".yaml", ".yml") if path.with_suffix(s).exists()), None)
    if beside is not None:
        return _pair(x, path, beside)
    if path.name == "map.png":
        return _folder(x, path.parent)
    if not carries_settings(path):
        x.do("open_picture", path)
        return note(x, str(path.absolute()))
    session, camera = read_shot(path)
    adopt(x, session)
    x.travel.go_to = camera
    note(x, str(path.absolute()))
    x.say(f"Settings of {path.name} restored")


def _film(x: Explorer, path: Path) -> None:
    session, _ = restore(read_metadata(path), str(path))
    adopt(x, session)
    note(x, str(path.absolute()))
    x.say(f"Settings of {path.name} restored")


def _path(x: Explorer, path: Path) -> None:
    x.route = Route.of(read_path(path))
    x.shell.bring_to_front("Camera")
    note(x, str(path.absolute()))


def _world(x: Explorer, path: Path) -> None:
    x.worlds.load(path)
    note(x, str(path.absolute()))


def adopt(x: Explorer, session: Session) -> None:
    """Take over what is about dreaming and looking; the window keeps its size, and the scene stays."""
    view = replace(session.view, size=x.session.view.size)
    x.session = replace(x.session, dream=session.dream, paint=session.paint, live=session.live, view=view)


KINDS: dict[str, Callable[[Explorer, Path], None]] = {
    "": _folder,
    ".yaml": _materials,
    ".yml": _materials,
    **dict.fromkeys(SUFFIXES, _picture),
    ".json": _path,
    ".world": _world,
    ".safetensors": _world,  # worlds of version 1
    **dict.fromkeys(CODECS, _film),
}
