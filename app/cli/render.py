"""`rayverie render`: renders a camera path to a video and dreams missing paint on the way."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from app.cli.progress import progress
from app.cluster.hire import hire_crew
from app.commands import CrewChoice, Render, suit_to_model
from app.fields import Size
from app.inputs import inputs_of
from app.loop.absent_model import model_of_world
from app.loop.headless_session import HeadlessSession, open_headless_session
from app.loop.paint_now import paint_view
from app.loop.surface_painting import QUALITY, choose_looks, paint_sheets, plan_views
from app.loop.together import paint_sheets_together, sort_into_waves
from app.session import ModelChoice, Session, describe, open_scene
from app.signals import DeferredSignals
from app.terminal import open_console
from app.upscaling import NO_FACTOR, open_enlarger, refuse_upscaling
from base.errors import InputError
from base.files import expand_user
from base.outputs import Output, refuse_outputs
from engine.render.film_files import film_outputs, refuse_film
from engine.render.renderer import GEOMETRY
from engine.render.video import open_output
from scenes.camera import Camera, Vector
from scenes.framing import aim_camera, find_middle, make_front_view, turn_camera, zoom_camera
from scenes.nerfstudio import read_path
from scenes.paths import sample_path
from scenes.scene import CameraPath, Scene

FRONT = "front"  # a path that every scene has
FAR = 1e6  # blocks
ONE_BY_ONE = (
    "More than one worker has no effect here: frames show much in common, so they are painted one after the other. "
    "`rayverie dream` paints the scene with all workers."
)
LINES = 10  # of progress, where there is no terminal to draw a bar on


def run(command: Render) -> int:
    session = Session(command.scene, command.model, command.dream, command.paint, world=command.world)
    scene, console = open_scene(command.scene), open_console(errors=True)
    _refuse(command, find_path(scene, command.path))  # before the model is loaded
    for note in scene.notes:
        console.print(note, style="yellow", soft_wrap=True)
    signals = DeferredSignals()
    absent = model_of_world(command.world) if command.no_model else None
    if command.upscaler is not None and command.upscale == 1:
        console.print(NO_FACTOR, style="yellow")
    usual = suit_to_model(Render(), command.model.ref, bool(command.model.lora))
    if absent is not None and (command.model, command.dream) != (ModelChoice(), usual.dream):
        console.print("Settings of the model and of dreams have no effect: --no-model loads none.", style="yellow")
    choice = command.crew if absent is None else CrewChoice()
    if choice != command.crew:
        console.print("Workers have no effect: with --no-model nothing is dreamed.", style="yellow")
    with (
        hire_crew(choice, session, scene, signals.check) as crew,
        open_headless_session(session, scene, absent, cancelled=signals.check, crew=crew) as headless,
        signals,
        headless.saving_to(command.world) as save,
    ):
        calls = render(headless, command, console, save, signals)
    console.print(f"{command.out} is ready ({calls} model calls).", soft_wrap=True)
    signals.check()  # a signal after the last frame must still stop a script that renders many films
    return 0


def _refuse(command: Render, path: CameraPath) -> None:
    """Raise InputError for outputs that can't be written or would replace something else."""
    if command.look_at:
        point_from("--look-at", command.look_at)
    outputs = film_outputs("--out", command.out, count_frames(path, command.fps, command.frames))
    refuse_upscaling(command.upscale, command.upscaler)
    if command.out.suffix:
        refuse_film(command.out, film_size(command), command.fps)
    if command.world is not None:
        outputs.append(Output("--world", command.world))
    refuse_outputs(outputs, inputs_of(command))


def film_size(command: Render) -> Size:
    """Width and height of the frames that are written."""
    return command.upscale * command.size[0], command.upscale * command.size[1]


def find_path(scene: Scene, name: str) -> CameraPath:
    """A path of the scene by name, its view from the front, or a file. Raises InputError."""
    if name in scene.paths:
        return scene.paths[name]
    if name == FRONT:
        return make_front_view(scene)
    if Path(name).suffix.lower() == ".json":
        return read_path(expand_user(name))
    known = ", ".join(sorted(scene.paths))
    raise InputError(
        "--path", "", f"is {name!r}; the scene {scene.name} has {known}; {FRONT} and .json files are also allowed"
    )


def cameras(path: CameraPath, fps: float, frames: int | None) -> Iterator[Camera]:
    """The cameras of the frames: one each 1/fps seconds from the path's start, as many as are asked or as it lasts."""
    return (sample_path(path, index / fps) for index in range(count_frames(path, fps, frames)))


def frame_cameras(views: Iterable[Camera], command: Render, scene: Scene) -> Iterator[Camera]:
    """The cameras as --angle, --look-at and --zoom change them. Raises InputError."""
    target = point_from("--look-at", command.look_at) if command.look_at else None
    for view in views:
        turned = turn_camera(view, command.angle, find_middle(scene)) if command.angle else view
        aimed = turned if target is None else aim_camera(turned, target)
        yield zoom_camera(aimed, command.zoom) if command.zoom != 1 else aimed


def point_from(flag: str, text: str) -> Vector:
    """The point in "x,y,z". Raises InputError."""
    try:
        x, y, z = (float(part) for part in text.split(","))
    except ValueError:
        x = y = z = math.nan
    if not all(abs(v) < FAR for v in (x, y, z)):  # so written, NaN is refused
        raise InputError(flag, "", f"is {text!r}; it must be three numbers, like 16,2,16")
    return x, y, z


def count_frames(path: CameraPath, fps: float, frames: int | None) -> int:
    return frames if frames is not None else max(1, math.floor(path.seconds * fps + 1e-6))


def render(
    headless: HeadlessSession, command: Render, console: Console, save: Callable[[], None], signals: DeferredSignals
) -> int:
    """Write the command's output file from an open headless session, calling `save` after every frame.

    Returns the model calls it took: none where the frames show nothing of what is dreamed and no world keeps it. A signal
    stops it between two frames or two steps of a dream.
    """
    path = find_path(headless.scene, command.path)
    views = list(frame_cameras(cameras(path, command.fps, command.frames), command, headless.scene))
    metadata = describe(
        headless.session,
        model=headless.model.id,
        path=command.path,
        fps=command.fps,
        frames=len(views),
        upscale=command.upscale,
    )
    painter, calls = headless.painter, headless.painter.client.calls
    enlarge = open_enlarger(command.upscale, command.upscaler) or (lambda frame: frame)
    dreams = not command.no_model and (command.mode not in GEOMETRY or command.world is not None)
    with open_output(command.out, film_size(command), command.fps, metadata) as output, progress(console) as bar:
        if output.note:
            console.print(output.note, style="yellow", soft_wrap=True)
        finer = QUALITY[command.quality] if dreams else 0.0
        if headless.crew is not None and not (finer and headless.model.knows_surfaces):
            console.print(ONE_BY_ONE, style="yellow", soft_wrap=True)
        if finer and headless.model.knows_surfaces:
            paint_path(headless, views, command, console, bar, save, signals)
        smooth = command.quality != "draft"
        refines = finer > 1 and not headless.model.knows_surfaces
        task = bar.add_task("rendering", total=len(views), words="")
        for number, camera in enumerate(signals.check_each(views), 1):
            if dreams:
                bar.update(task, words="dreaming")
                paint_view(painter, camera, command.size, refine=refines)
            picture = headless.draw(camera, command.size, command.mode, command.daylight, smooth)
            output.write(enlarge(picture))
            bar.update(task, advance=1, words=f"{painter.client.dreams} dreams")
            if not console.is_terminal and number * LINES // len(views) > (number - 1) * LINES // len(views):
                console.print(f"frame {number} of {len(views)}, {painter.client.dreams} dreams", soft_wrap=True)
            save()
    return painter.client.calls - calls


def paint_path(
    headless: HeadlessSession,
    views: Sequence[Camera],
    command: Render,
    console: Console,
    bar: Progress,
    save: Callable[[], None],
    signals: DeferredSignals,
) -> None:
    """Paint the surfaces that the frames show, as finely as the command asks for; each is painted once."""
    task = bar.add_task("looking along the path", total=None, words="")
    looks = [views[k] for k in choose_looks(len(views), command.fps)]
    plan = plan_views(headless.painter, list(signals.check_each(looks)), command.size, QUALITY[command.quality])
    bar.update(task, description="painting surfaces", total=len(plan.sheets))
    if headless.crew is None:
        painting = paint_sheets(headless.painter, plan)
    else:
        plan, required = sort_into_waves(headless.painter, plan)
        painting = paint_sheets_together(headless.painter, plan.sheets, required, headless.crew)
    for number in signals.check_each(painting):
        bar.update(task, completed=number)
        if not console.is_terminal and number * LINES // len(plan.sheets) > (number - 1) * LINES // len(plan.sheets):
            console.print(f"sheet {number} of {len(plan.sheets)} of the surfaces", soft_wrap=True)
        save()
