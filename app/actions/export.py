"""Actions that write files: scenes, pictures, presets, steps and camera paths. All are written in the background."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import numpy as np

from app.actions.context import ActionContext
from app.files import presets
from app.files.screenshots import save_screenshot, save_steps
from app.session import SceneChoice, describe
from app.state.app_state import is_builtin
from app.state.timeline import Record
from scenes.camera import Camera
from scenes.load import save_scene
from scenes.nerfstudio import write_path


def make_timestamped_path(context: ActionContext, kind: str, suffix: str) -> Path:
    """Return a path in the pictures' folder named by kind and time."""
    return context.state.folders.pictures / datetime.now().strftime(f"{kind}-%Y%m%d-%H%M%S{suffix}")


def export_scene(context: ActionContext, folder: Path | None = None, then: Callable[[], None] | None = None) -> None:
    """Write the scene as a folder that can be opened again, by default where it came from, if that is the user's.
    `then` runs when it is written."""
    state, chosen = context.state, context.state.session.scene
    not_theirs = is_builtin(chosen) or chosen.map is not None or chosen.materials is not None
    own = None if not_theirs else Path(str(chosen.ref))
    target = folder or own or state.folders.data / "scenes" / state.scene.name
    scene = state.scene

    def done(_: object) -> None:
        if state.scene.name == scene.name:
            state.saved_scene = replace(scene, name=target.name)
            state.scene = replace(state.scene, name=target.name)
            state.session = replace(state.session, scene=SceneChoice(ref=str(target)))
        state.notify(f"Scene saved: {target}")
        if then:
            then()

    context.services.io.submit(lambda: save_scene(scene, target), done)


def export_picture(context: ActionContext, picture: np.ndarray, camera: Camera | None = None) -> None:
    """Write a picture, uint8 [H,W,3], with the present session and its camera (None: the present one) in it."""
    state = context.state
    folder, session, camera = state.folders.pictures, state.session, camera or state.camera
    context.services.io.submit(
        lambda: save_screenshot(folder, picture, session, camera, datetime.now()),
        lambda path: state.notify(f"Picture saved: {path}"),
    )


def save_last_dream(context: ActionContext) -> None:
    """Write the last dreamed view as a PNG that carries its settings."""
    dreamed = [(r.image, r.camera) for r in context.state.timeline.records if r.image is not None and not r.beside]
    if dreamed:
        export_picture(context, *dreamed[-1])
    else:
        context.state.notify("No dream yet", "warning")


def save_preset(context: ActionContext, name: str) -> None:
    """Save the dream settings under a name."""
    state = context.state
    presets.save(state.folders.config / "presets", name, state.session.dream)
    read_presets(context)
    state.notify(f"Preset saved: {name}")


def read_presets(context: ActionContext) -> None:
    """Read the user's presets. Call it once the model is loaded, because presets are checked against tables in modules that need torch."""
    context.state.presets = presets.load(context.state.folders.config / "presets")


def export_steps(context: ActionContext, record: Record, suffix: str) -> None:
    """Write the steps of a dream as a GIF, a video or a folder of pictures, all as large as the finished picture."""
    out, settings = make_timestamped_path(context, "dream", suffix), describe(context.state.session)
    context.services.io.submit(
        lambda: save_steps(out, record.pictures, settings), lambda _: context.state.notify(f"Saved: {out}")
    )


def export_path(context: ActionContext) -> None:
    """Write the keyframes as camera_path.json."""
    path, out = context.state.route.path, make_timestamped_path(context, "path", ".json")
    if path is None:
        context.state.notify("A camera path needs two keyframes; K adds one", "warning")
    else:
        context.services.io.submit(
            lambda: write_path(path, out), lambda _: context.state.notify(f"Camera path saved: {out}")
        )
