"""`rayverie import`: a model or mesh of another program as a scene, or another program's profiles as presets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from app.commands import Import
from app.files import presets
from app.files.profiles import read_profiles
from app.terminal import open_console
from app.user_folders import config_folder
from base.errors import InputError
from base.files import expand_user
from engine.geometry.charts import build_charts
from scenes.extrude import extrude_scene
from scenes.import_mesh import import_mesh
from scenes.import_vox import import_vox
from scenes.load import save_new_scene
from scenes.scene import Scene


def run(command: Import) -> int:
    if command.model is None:
        raise InputError("import", "", "needs the file to import, as in `rayverie import castle.vox`")
    path = expand_user(command.model)
    if path.suffix.lower() not in KINDS:
        raise InputError(
            command.model,
            "",
            "has another ending; a model of MagicaVoxel ends in .vox, a mesh in .glb or .obj, profiles in .yaml",
        )
    KINDS[path.suffix.lower()](command, path)
    return 0


def import_scene(command: Import, path: Path) -> None:
    """Make a scene's folder of a MagicaVoxel model."""
    scene = import_vox(path, command.margin, command.ground.strip())
    count = len(scene.materials)
    _write(command, path, scene, f"{count} materials. Their prompts are guesses by colour: see materials.yaml")
    _name_idle(command, ("size", "prompt"), "they are for meshes")


def import_mesh_scene(command: Import, path: Path) -> None:
    """Make a scene's folder of a mesh."""
    scene = import_mesh(path, command.margin, command.ground.strip(), command.size, command.prompt.strip())
    triangles = len(scene.meshes[0].geometry.triangles)
    _write(command, path, scene, f"a mesh of {triangles:,} triangles. Its prompt is {scene.materials[-1].prompt!r}")


def _write(command: Import, path: Path, scene: Scene, words: str) -> None:
    """Write a scene to its folder. words: what it has."""
    out = expand_user(command.out) if command.out else Path("out") / path.stem
    build_charts(extrude_scene(scene), scene)  # what is too large is refused before anything is written
    save_new_scene(scene, out)
    console = open_console(errors=True)
    console.print(f"{out} has {words}.", soft_wrap=True, highlight=False)
    console.print(f"Open it with: rayverie {out}", soft_wrap=True, highlight=False)


def _name_idle(command: Import, names: Sequence[str], why: str) -> None:
    """Say which options have no effect on this kind of file."""
    for name in names:
        if getattr(command, name) != getattr(Import(), name):
            remark = f"--{name} has no effect: {why}."
            open_console(errors=True).print(remark, style="yellow", soft_wrap=True, highlight=False)


def import_presets(command: Import, path: Path) -> None:
    """Make a preset of each of raycast_diffusion's profiles."""
    found, console = read_profiles(path), open_console(errors=True)
    folder = expand_user(command.out) if command.out else config_folder() / "presets"
    written = presets.save_new(folder, {profile.name: profile.settings for profile in found})
    _name_idle(command, ("margin", "ground", "size", "prompt"), "profiles have no scene")
    for remark in (r for p in found for r in p.remarks):
        console.print(remark, style="yellow", soft_wrap=True, highlight=False)
    for file in written:
        console.print(f"Preset saved: {file}", soft_wrap=True, highlight=False)


KINDS: dict[str, Callable[[Import, Path], None]] = {
    ".vox": import_scene,
    ".glb": import_mesh_scene,
    ".obj": import_mesh_scene,
    ".yaml": import_presets,
    ".yml": import_presets,
}
