"""Take the pictures of docs/tour.md: open the explorer on a scene, let it paint, and take a screenshot of every panel.

xvfb-run -a -s "-screen 0 1600x1000x24" .venv/bin/python scripts/tour_pictures.py [--scene hamlet] [--model FOLDER] [--out docs/images] \\
    [--only NAME …] [--beside MODEL] [--run FOLDER]
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

from PIL import Image
from tour_shots import SHOTS, Shot, further_shots

from app.commands import suit_to_model
from app.explorer.explorer import Explorer
from app.explorer.window import Window, open_worker
from app.session import LiveSettings, ModelChoice, PaintSettings, SceneChoice, Session, open_scene
from app.state.platform import Folders

SIZE = (1024, 576)  # of the pictures on the page; the window is as large as a session's default


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scene")
    parser.add_argument("--model")
    parser.add_argument("--out", type=Path, default=Path("docs/images"))
    parser.add_argument("--seconds", type=float, default=240.0, help="longest wait for the first view to be painted")
    parser.add_argument("--only", nargs="*", help="names of the pictures to take; default: all")
    parser.add_argument("--beside", help="a model to compare with; without it, the picture `models` is left out")
    parser.add_argument("--run", type=Path, help="a training run's folder; without it, the picture `run` is left out")
    options = parser.parse_args()
    shots = [*SHOTS, *further_shots(options.beside, options.run)]
    session = Session(
        scene=SceneChoice(ref=options.scene),
        model=ModelChoice(ref=options.model),
        paint=PaintSettings(canvas=448),  # at once as fine as a resting view gets
        live=LiveSettings(refine=False),
    )
    session = suit_to_model(session, options.model)
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        folders = Folders(home / "config", home / "pictures", home / "data")
        window = Window(session.view.size)
        scene = open_scene(session.scene)
        explorer = Explorer(window.ctx, window, session, scene, open_worker(session, scene), folders=folders)
        window.listen(explorer)
        chosen = [shot for shot in shots if not options.only or shot.name in options.only]
        photograph(window, explorer, options.out, options.seconds, chosen)
        explorer.close()
        window.destroy()


def photograph(window: Window, explorer: Explorer, out: Path, seconds: float, shots: list[Shot]) -> None:
    out.mkdir(parents=True, exist_ok=True)
    pictures = explorer.state.folders.pictures
    end = time.monotonic() + seconds
    while explorer.status != "this view is finished" and time.monotonic() < end:
        step(window, explorer)
    explorer.state.overlays.first_help = True
    for shot in shots:
        explorer.state.overlays.toasts.clear()
        shot.prepare(explorer)
        end = time.monotonic() + seconds
        step(window, explorer)
        while not shot.ready(explorer) and time.monotonic() < end:
            step(window, explorer)
        for _ in range(shot.frames):
            step(window, explorer)
        explorer.state.overlays.toasts.clear()
        explorer.do("screenshot")
        while not (taken := list(pictures.glob("rayverie-*.png"))):
            step(window, explorer)
        with Image.open(taken[0]) as picture:
            picture.convert("RGB").resize(SIZE, Image.Resampling.LANCZOS).save(
                out / f"tour_{shot.name}.jpg", quality=86
            )
        taken[0].unlink()
        explorer.state.overlays.first_help = False
        print(out / f"tour_{shot.name}.jpg")
    for entry in explorer.state.log.entries:
        print(entry.level, entry.text, entry.details)


def step(window: Window, explorer: Explorer) -> None:
    explorer.frame()
    window.wnd.swap_buffers()
    time.sleep(0.01)


if __name__ == "__main__":
    main()
