"""What each action of the key table does. `held` actions are read by the walk instead."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.actions import compare
from app.actions import confirm_exit as leaving
from app.actions import drop_files as dropping
from app.actions import image_jobs as commission
from app.actions import open_scene as opening
from app.actions import paint as surfaces
from app.files import keymap
from app.files.picture import Source, read_picture
from app.gui import input as hands
from app.moving.flight import UNTIL
from app.moving.route import Route
from app.state.history import History
from app.state.keymap import BY_NAME, Changes, captions
from app.state.timeline import Record
from engine.render.renderer import MODES
from scenes.camera import Camera
from scenes.scene import CameraPath, Scene

if TYPE_CHECKING:
    from app.explorer.explorer import Explorer


def _pause(x: Explorer) -> None:
    x.session = replace(x.session, live=replace(x.session.live, auto=not x.session.live.auto))
    if not x.session.live.auto and x.stage:
        x.stage.painter.interrupt()


def _fly(x: Explorer) -> None:
    x.session = replace(x.session, view=replace(x.session.view, walk=not x.session.view.walk))
    x.say("Walking on the ground" if x.session.view.walk else "Flying")


def _mode(name: str) -> Callable[[Explorer], None]:
    def show(x: Explorer) -> None:
        x.session = replace(x.session, view=replace(x.session.view, mode=name))

    return show


def _panels(x: Explorer) -> None:
    x.shell.shown = not x.shell.shown


def _help(x: Explorer) -> None:
    x.controls.release_mouse()
    x.shell.overlays.help = not x.shell.overlays.help


def _set_keys(x: Explorer, changes: Changes) -> None:
    """The user's changes to the keys, from now on and at the next start."""
    x.controls.rebind(changes)
    x.desk.send(lambda: keymap.save(x.folders.config, changes), lambda _: None)


def _hide_hints(x: Explorer) -> None:
    x.session = replace(x.session, view=replace(x.session.view, hints=False))
    x.say("Explanations hidden; turn them on again in the View panel")


def _palette(x: Explorer) -> None:
    x.controls.release_mouse()
    x.shell.overlays.palette = not x.shell.overlays.palette


def _keyframe(x: Explorer) -> None:
    x.route = x.route.add(x.camera)
    x.say(f"Keyframe {len(x.route.cameras)}")


def _escape(x: Explorer) -> None:
    """Lets go of one thing at a time, the foremost first; and then asks before leaving."""
    if x.controls.looking:
        x.controls.release_mouse()
    elif x.shell.popup_open:
        x.shell.close_popups()
    elif x.shell.overlays.open:
        x.shell.overlays.close()
    elif hands.takes_keys():
        return  # ImGui ends the typing
    elif x.comparison is not None:
        compare.stop(x)
    elif x.travel.under_way:
        x.desk.stop_travel()
    elif x.brush.tool:
        x.brush.choose("")
    else:
        leaving.quit_program(x, by_mistake=True)


def _shot(x: Explorer) -> None:
    x.shot_wanted = True


def _look_inside(x: Explorer, record: Record, place: int) -> None:
    x.network = x.network.ask(record, place)
    x.worker.inspect(x.network.asked)


def _through_time(x: Explorer, turn: Callable[[History[Any]], History[Any]]) -> None:
    """Undo or redo, once what is being laid lies on the surfaces: until then history doesn't know it, and what came before would go."""

    def go() -> None:
        x.history = turn(x.history.to(x.edited))
        x.edited = x.history.present

    if x.retouch.busy:
        x.retouch.then(go)
    else:
        go()


def _open(x: Explorer, path: Path | None = None) -> None:
    """What `drop` takes; without a path it is asked for."""
    if path is None:
        opening.ask_file("open")(x)
    else:
        dropping.drop(x, [path])


def _edit_scene(x: Explorer, change: Callable[[Scene], Scene]) -> None:
    """change: one of scenes.edit or edit_map, with its arguments; the stage follows by itself."""
    x.scene = change(x.scene)


def _play(x: Explorer, path: CameraPath) -> None:
    x.travel.play(path, x.clock())


def _autopilot(x: Explorer, until: float = UNTIL, follow: bool = True) -> None:
    """Let the autopilot paint the scene until this share of it is finished; once more stops it."""
    if x.travel.flight is not None:
        x.desk.stop_travel()
        x.say("Autopilot stopped")
    elif surfaces.ready(x):
        assert x.stage is not None
        x.travel.fly(x.stage, until, follow)
        x.shell.bring_to_front("Autopilot")


def _open_picture(x: Explorer, path: Path) -> None:
    """A picture from the disk, to be laid onto the surfaces; the Image panel comes to the front."""

    def take(source: Source) -> None:
        x.source = source
        x.shell.bring_to_front("Image")
        keys = captions(BY_NAME["splat"], x.controls.bindings).split(", ")[0]
        x.say(
            f"{source.name} is in the Image panel: splat it onto the view{f' ({keys})' if keys else ''}, or dream over it"
        )

    x.desk.send(lambda: read_picture(path), take)


def _save_picture(x: Explorer) -> None:
    """The last dreamed view as a PNG that carries its settings."""
    records = [record for record in x.timeline.records if record.image is not None]
    if not records:
        x.say("No dream yet", "warning")
        return
    image, camera = records[-1].image, records[-1].camera or x.camera
    assert image is not None
    x.desk.save_shot(image, camera)


def _splat(x: Explorer, freeze: bool = True) -> None:
    if x.source is None:
        x.say("Open a picture in the Image panel first, or drop one on the window", "warning")
    else:
        commission.splat(x, x.source.picture, freeze)


def _from_file(x: Explorer, strength: float, freeze: bool) -> None:
    if x.source is not None:
        commission.from_file(x, x.source.picture, strength, freeze)


def _go_to(x: Explorer, camera: Camera) -> None:
    x.travel.go_to = camera


def _set_route(x: Explorer, route: Route) -> None:
    x.route = route


def _cancel(x: Explorer) -> None:
    """Also what would ask for the next dream at once: the autopilot is stopped, the view left alone."""
    if x.travel.film is not None:
        x.say("A video is being recorded; Esc stops it", "warning")
    elif x.travel.flight is not None:
        x.desk.stop_travel()
        x.leave_alone()
        x.say("Autopilot stopped")
    elif x.stage and x.stage.painter.running:
        x.leave_alone()
        x.say("Dream cancelled; move on, or repaint this view")


HANDLERS: dict[str, Callable[..., None]] = {
    "fly": _fly,
    **{f"mode_{mode}": _mode(mode) for mode in MODES},
    "keyframe": _keyframe,
    "stop": lambda x: x.desk.stop_travel(),
    "export_path": lambda x: x.desk.export_path(),
    "play": _play,
    "autopilot": _autopilot,
    "go_to": _go_to,
    "ask_picture": opening.ask_file("picture"),
    "ask_path": opening.ask_file("path"),
    "open_picture": _open_picture,
    "save_picture": _save_picture,
    "splat": _splat,
    "dream_picture": _from_file,
    "inpaint": commission.inpaint,
    "anagram": commission.anagram,
    "clear_marks": lambda x: x.brush.mask.clear(),
    "set_route": _set_route,
    "edit_scene": _edit_scene,
    "open_scene": dropping.open_named,
    "new_scene": opening.new_scene,
    "drop": dropping.drop,
    "new": opening.ask_file("new"),
    "open": _open,
    "open_recent": dropping.open_named,
    "save_scene": opening.save_scene,
    "save_scene_as": opening.ask_file("save_as"),
    "save_preset": lambda x, name: x.desk.save_preset(name),
    "export_steps": lambda x, record, suffix: x.desk.export_steps(record, suffix),
    "film": lambda x, path, size, fps: x.desk.film(path, size, fps),
    "erase_material": lambda x, material: surfaces.on_material(x, material, "erase"),
    "freeze_material": lambda x, material: surfaces.on_material(x, material, "freeze"),
    "thaw_material": lambda x, material: surfaces.on_material(x, material, "thaw"),
    "brush": surfaces.choose_brush,
    "smaller_brush": surfaces.resize_brush(1 / 1.25),
    "larger_brush": surfaces.resize_brush(1.25),
    "freeze_view": surfaces.on_view("freeze"),
    "thaw_view": surfaces.on_view("thaw"),
    "erase_view": surfaces.on_view("erase"),
    "panels": _panels,
    "reset_layout": lambda x: x.shell.reset_layout(),
    "full_screen": lambda x: x.platform.toggle_full_screen(),
    "pause": _pause,
    "dream": surfaces.dream_again,
    "cancel": _cancel,
    "erase": surfaces.erase_all,
    "save_world": lambda x: x.worlds.save(),
    "load_world": lambda x: x.worlds.load(),
    "screenshot": _shot,
    "quit": leaving.quit_program,
    "answer": leaving.answer,
    "undo": lambda x: _through_time(x, History.undo),
    "redo": lambda x: _through_time(x, History.redo),
    "watch": lambda x: x.watch(),
    "look_inside": _look_inside,
    "hide_hints": _hide_hints,
    "compare": compare.start,
    "keep_compared": compare.keep,
    "stop_comparing": compare.stop,
    "set_keys": _set_keys,
    "catch_key": lambda x, catcher, held=False: x.controls.catch(catcher, held),
    "palette": _palette,
    "help": _help,
    "escape": _escape,
}
