"""`rayverie import`: a model of another program as a scene, or another program's profiles as presets."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from app.commands import Import
from app.files import presets
from app.files.profiles import read_profiles
from app.terminal import open_console
from app.user_folders import config_folder
from base.errors import InputError
from base.files import expand_user
from scenes.extrude import extrude_scene
from scenes.import_vox import import_vox
from scenes.load import save_new_scene


def run(command: Import) -> int:
    if command.model is None:
        raise InputError("import", "", "needs the file to import, as in `rayverie import castle.vox`")
    path = expand_user(command.model)
    if path.suffix.lower() not in KINDS:
        raise InputError(
            command.model, "", "has another ending; a model of MagicaVoxel ends in .vox, profiles in .yaml"
        )
    KINDS[path.suffix.lower()](command, path)
    return 0


def import_scene(command: Import, path: Path) -> None:
    """Make a scene's folder of a MagicaVoxel model."""
    out = expand_user(command.out) if command.out else Path("out") / path.stem
    scene = import_vox(path, command.margin, command.ground.strip())
    extrude_scene(scene)  # what is too large is refused before anything is written
    save_new_scene(scene, out)
    console = open_console(errors=True)
    count = len(scene.materials)
    console.print(
        f"{out} has {count} materials. Their prompts are guesses by colour: see materials.yaml.", soft_wrap=True
    )
    console.print(f"Open it with: rayverie {out}", soft_wrap=True)


def import_presets(command: Import, path: Path) -> None:
    """Make a preset of each of raycast_diffusion's profiles."""
    found, console = read_profiles(path), open_console(errors=True)
    folder = expand_user(command.out) if command.out else config_folder() / "presets"
    written = presets.save_new(folder, {profile.name: profile.settings for profile in found})
    idle = [name for name in ("margin", "ground") if getattr(command, name) != getattr(Import(), name)]
    for remark in (
        *(f"--{name} has no effect: profiles have no scene." for name in idle),
        *(r for p in found for r in p.remarks),
    ):
        console.print(remark, style="yellow", soft_wrap=True, highlight=False)
    for file in written:
        console.print(f"Preset saved: {file}", soft_wrap=True, highlight=False)


KINDS: dict[str, Callable[[Import, Path], None]] = {
    ".vox": import_scene,
    ".yaml": import_presets,
    ".yml": import_presets,
}
