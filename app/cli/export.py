"""`rayverie export`: a painted world for other programs, and for the web."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn

from app.cli.progress import CommandProgress
from app.commands import Export
from app.extras import refuse_without
from app.inputs import inputs_of
from app.moving import walk
from app.session import SceneChoice, open_scene
from app.terminal import open_console
from app.upscaling import NO_FACTOR, open_enlarger, refuse_upscaling
from base.errors import InputError
from base.outputs import Output, make_mark_test, refuse_nameless, refuse_outputs
from engine.export.glb import GENERATOR, write_glb
from engine.export.meshes import mesh_outputs, write_mesh_textures
from engine.export.page import page_outputs, write_page
from engine.export.paint import scene_of
from engine.export.source import Advance, open_source
from scenes.load import BUILTIN
from scenes.scene import Scene

NO_GLB = "--textures has no effect: it is for GLB files, which --out writes."


def run(command: Export) -> int:
    if command.world is None:
        raise InputError("export", "", "needs the world file to export, as in `rayverie export my.world`")
    out = command.out
    if out is None and command.html is None and command.mesh_textures is None:
        out = Path("out") / f"{command.world.stem}.glb"
    refuse_outputs(_outputs(command, out), inputs_of(command))
    refuse_upscaling(command.upscale, command.upscaler)
    if command.textures == "ktx2" and out is not None:
        refuse_without(("alktx2",), "--textures ktx2", "ktx2")
    scene, console = _scene(command.world, command.scene), open_console(errors=True)
    if command.mesh_textures is not None:
        if not scene.meshes:
            raise InputError("--mesh-textures", "", f"has no effect: the scene {scene.name!r} has no meshes")
        refuse_outputs(mesh_outputs("--mesh-textures", command.mesh_textures, scene), inputs_of(command))
    if command.upscaler is not None and command.upscale == 1:
        console.print(NO_FACTOR, style="yellow")
    if command.textures != Export.textures and out is None:
        console.print(NO_GLB, style="yellow", soft_wrap=True)
    columns = TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn()
    with CommandProgress(*columns, console=console) as bar:
        task = bar.add_task("reading", total=1.0)

        def advance(what: str, share: float) -> None:
            bar.update(task, description=what, completed=share)

        _write(command, scene, out, advance)
    for path in (out, command.html and command.html / "index.html", command.mesh_textures):
        if path is not None:
            console.print(f"{path} is ready.", soft_wrap=True)
    return 0


def walking_rules() -> dict[str, float]:
    """Return the constants of app.moving.walk for the web page, so that walking feels the same."""
    names = ("EYES", "HEADROOM", "RADIUS", "CLIMB", "GRAVITY", "JUMP", "RELAX", "RISE", "FAST", "PITCH", "STRIDE")
    return {name.lower(): getattr(walk, name) for name in names} | {"speed": walk.Movement().speed}


def _write(command: Export, scene: Scene, out: Path | None, advance: Advance) -> None:
    assert command.world is not None
    source = open_source(command.world, scene, advance, open_enlarger(command.upscale, command.upscaler))
    if out is not None:
        write_glb(source, out, command.textures, advance)
    if command.html is not None:
        write_page(source, command.html, walking_rules(), advance)
    if command.mesh_textures is not None:
        write_mesh_textures(source, command.mesh_textures, advance)


def _outputs(command: Export, out: Path | None) -> list[Output]:
    """Return the files to write. Raises InputError for invalid names."""
    outputs: list[Output] = []
    if out is not None:
        refuse_nameless("--out", out, (".glb",))
        if out.suffix.lower() != ".glb":
            raise InputError("--out", "", f"is {out}; an exported world is a file that ends in .glb")
        # a name that the user did not choose replaces only what this program wrote
        outputs.append(Output("--out", out, None if command.out else make_mark_test(GENERATOR)))
    if command.html is not None:
        refuse_nameless("--html", command.html)
        if command.html.exists() and not command.html.is_dir():
            raise InputError("--html", "", f"is {command.html}, a file; a folder is wanted here")
        outputs += page_outputs("--html", command.html)
    return outputs


def _scene(world: Path, choice: SceneChoice) -> Scene:
    """Return the scene of the command line, or the built-in scene of the world. Raises InputError."""
    if choice.ref is None and choice.map is None and choice.materials is None:
        name = scene_of(world)
        if name not in BUILTIN:
            problem = (
                f"was painted in the scene {name!r}; name its folder, as in `rayverie export {world} my_scenes/{name}`"
            )
            raise InputError(world, "", problem)
        choice = replace(choice, ref=name)
    return open_scene(choice)
