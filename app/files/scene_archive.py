"""A scene's files as JSON values, so that they can be stored together with the paint."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from base.errors import InputError
from scenes.load import load_scene, save_scene
from scenes.scene import Scene


def pack_scene(scene: Scene) -> dict[str, str]:
    """The scene's files by name, in base 64."""
    with TemporaryDirectory(prefix="rayverie-") as name:
        folder = Path(name)
        save_scene(scene, folder)
        files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
        return {path.relative_to(folder).as_posix(): b64encode(path.read_bytes()).decode() for path in files}


def unpack_scene(name: str, files: Mapping[str, str]) -> Scene:
    """Restore a scene from `pack_scene`, under this name. Raises InputError."""
    with TemporaryDirectory(prefix="rayverie-") as parent:
        folder = Path(parent) / "scene"
        for key, data in files.items():
            path = folder / PurePosixPath(key)
            try:
                if ".." in path.parts or not path.is_relative_to(folder):
                    raise ValueError("it leads elsewhere")
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(b64decode(data, validate=True))
            except (OSError, TypeError, ValueError) as error:
                raise InputError("The scene that was kept", key, f"is no file of a scene ({error})") from error
        return replace(load_scene(folder), name=name)
