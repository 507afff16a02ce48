"""Run a random user in a real window and report failures, memory growth and frame times.

The window runs in a separate process with its own home folder; cores are divided as in the explorer."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from app.bench.bench import Bench, Figures
from app.loop.cores import leave_a_core_to_the_model
from app.session import Session, open_scene
from base.settings import from_json, to_json


def measure(bench: Bench) -> Figures:
    """Run `Soak` in a separate process. The random user takes the dream's seed. Needs a display."""
    session = json.dumps(to_json(bench.session))
    seconds = min(bench.flags.seconds, 10.0) if bench.flags.quick else bench.flags.seconds
    with TemporaryDirectory(prefix="rayverie-soak-") as home:
        own = {"HOME": home, "USERPROFILE": home}
        environment = {k: v for k, v in os.environ.items() if not k.startswith("XDG_")} | own
        leave_a_core_to_the_model(environment)
        words = [sys.executable, "-m", "app.bench.soak", home, str(seconds), session]
        done = subprocess.run(words, env=environment, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        raise RuntimeError(f"the soak ended with {done.returncode}")
    return json.loads(done.stdout)


def main(home: Path, seconds: float, session_json: str) -> None:
    """The measured process: runs the soak and prints the figures as JSON."""
    from app.bench.soak.random_user import RandomUser
    from app.bench.soak.sample_files import write_sample_files
    from app.bench.soak.soak import Soak
    from app.explorer.explorer import Explorer
    from app.explorer.window import Window, open_worker
    from app.loop.heap import share_one_heap
    from app.state.platform import Folders

    share_one_heap()
    session, _ = from_json(Session, json.loads(session_json), "the bench's session")
    session = replace(session, view=replace(session.view, size=(960, 540)))
    window = Window(session.view.size)
    folders = Folders(home / "config", home / "pictures", home / "data")
    scene = open_scene(session.scene)
    explorer = Explorer(window.ctx, window, session, scene, open_worker(session, scene), folders=folders)
    window.listen(explorer)

    while explorer.state.open_scene is None or explorer.state.open_scene.painter.client.model is None:
        window.step(explorer)
    step, pause = partial(window.step, explorer), partial(window.pause, explorer)
    files = write_sample_files(home / "files", explorer.state.scene)
    soak = Soak(window, explorer, RandomUser(session.dream.seed), step, files, pause)
    soak.run(seconds)
    explorer.close()
    window.destroy()
    print(json.dumps(soak.figures))
