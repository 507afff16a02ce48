"""Takes the pictures of docs/tour.md: opens the explorer on a scene, lets it paint, and photographs every panel.

xvfb-run -a -s "-screen 0 1600x1000x24" .venv/bin/python scripts/tour_pictures.py [--scene hamlet] [--model FOLDER] [--out docs/images]
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from app.explorer.explorer import Explorer
from app.explorer.host import Folders
from app.explorer.window import Window, open_worker
from app.moving.route import Route
from app.session import ModelChoice, SceneChoice, Session, open_scene

SIZE = (1024, 576)  # of the pictures on the page; the window is as large as a session's default


@dataclass(frozen=True)
class Shot:
    """prepare: what is done before; frames: then drawn; only then the picture is taken."""

    name: str
    prepare: Callable[[Explorer], None]
    frames: int = 8


def front(*titles: str) -> Callable[[Explorer], None]:
    return lambda x: x.shell.bring_to_front(*titles)


def open_dialog(name: str) -> Callable[[Explorer], None]:
    def prepare(x: Explorer) -> None:
        x.shell.overlays.close()
        setattr(x.shell.overlays, name, True)

    return prepare


def scene_alone(x: Explorer) -> None:
    x.shell.overlays.close()
    x.shell.shown = False


def camera_path(x: Explorer) -> None:
    x.shell.bring_to_front("Camera", "Preview")
    x.route = Route.of(x.scene.paths["walk"])


SHOTS = (
    Shot("explorer", front("View", "Preview"), 20),
    Shot("sampler", front("Sampler", "Timeline"), 12),
    Shot("volume", front("Volume", "Log"), 12),
    Shot("camera", camera_path, 14),
    Shot("latents", lambda x: x.do("mode_latents")),
    Shot("steps", lambda x: x.do("mode_steps")),
    Shot("density", lambda x: x.do("mode_density")),
    Shot("painted", lambda x: x.do("mode_painted")),
    Shot("keys", open_dialog("help"), 12),
    Shot("palette", open_dialog("palette"), 12),
    Shot("scene_alone", scene_alone),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scene")
    parser.add_argument("--model")
    parser.add_argument("--out", type=Path, default=Path("docs/images"))
    parser.add_argument(
        "--seconds", type=float, default=240.0, help="the longest wait for the first view to be painted"
    )
    options = parser.parse_args()
    session = Session(scene=SceneChoice(ref=options.scene), model=ModelChoice(ref=options.model))
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        folders = Folders(home / "config", home / "pictures", home / "data")
        window = Window(session.view.size)
        explorer = Explorer(
            window.ctx, window, session, open_scene(session.scene), open_worker(session), folders=folders
        )
        window.listen(explorer)
        photograph(window, explorer, options.out, options.seconds)
        explorer.close()
        window.destroy()


def photograph(window: Window, explorer: Explorer, out: Path, seconds: float) -> None:
    out.mkdir(parents=True, exist_ok=True)
    pictures = explorer.folders.pictures
    end = time.monotonic() + seconds
    while explorer.status != "this view is finished" and time.monotonic() < end:
        step(window, explorer)
    explorer.shell.overlays.first_help = True
    for shot in SHOTS:
        explorer.shell.overlays.toasts.clear()
        shot.prepare(explorer)
        for _ in range(shot.frames):
            step(window, explorer)
        explorer.shell.overlays.toasts.clear()
        explorer.do("screenshot")
        while not (taken := list(pictures.glob("rayverie-*.png"))):
            step(window, explorer)
        with Image.open(taken[0]) as picture:
            picture.convert("RGB").resize(SIZE, Image.Resampling.LANCZOS).save(
                out / f"tour_{shot.name}.jpg", quality=86
            )
        taken[0].unlink()
        explorer.shell.overlays.first_help = False
        print(out / f"tour_{shot.name}.jpg")
    for entry in explorer.log.entries:
        print(entry.level, entry.text, entry.details)


def step(window: Window, explorer: Explorer) -> None:
    explorer.frame()
    window.wnd.swap_buffers()
    time.sleep(0.01)


if __name__ == "__main__":
    main()
