"""`rayverie import`: a model of another program as a scene."""

from __future__ import annotations

from pathlib import Path

from app.commands import Import
from app.terminal import open_console
from base.errors import InputError
from base.files import expand_user
from scenes.extrude import extrude_scene
from scenes.import_vox import import_vox
from scenes.load import save_new_scene


def run(command: Import) -> int:
    if command.model is None:
        raise InputError("import", "", "needs the model to import, as in `rayverie import castle.vox`")
    path = expand_user(command.model)
    if path.suffix.lower() != ".vox":
        raise InputError(command.model, "", "has another ending; a model of MagicaVoxel ends in .vox")
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
    return 0
