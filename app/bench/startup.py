"""Time from starting a process to its first frame, and to the model being loaded."""

from __future__ import annotations

import json
import subprocess
import sys
import time

from app.bench.bench import Bench, Figures
from base.settings import to_json


def measure(bench: Bench) -> Figures:
    """Medians of seconds since the process was started, imports included."""
    session = json.dumps(to_json(bench.session))
    runs = []
    for _ in range(bench.times(1, 3)):
        command = [sys.executable, "-m", "app.bench.startup", str(time.time()), session]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        runs.append([float(word) for word in done.stdout.split()])
    frame, model = (sorted(column)[len(runs) // 2] for column in zip(*runs, strict=True))
    return {"first_frame_s": round(frame, 2), "model_ready_s": round(model, 2)}


def main(started: float, session_json: str) -> None:
    """The measured process: draws the scene, loads the model and prints the seconds from `started` to the end of each."""
    from app.loop.chosen_model import load_chosen
    from app.session import Session, open_scene
    from base.settings import from_json
    from engine.atlas.volume import LatentVolume
    from engine.geometry.charts import build_charts
    from engine.gl.context import create_headless_context, wait_for_gl
    from engine.render.renderer import Renderer
    from scenes.extrude import extrude_scene

    session, _ = from_json(Session, json.loads(session_json), "the bench's session")
    scene, ctx = open_scene(session.scene), create_headless_context()
    charts = build_charts(blocks := extrude_scene(scene), scene)
    renderer = Renderer(ctx, charts, scene, LatentVolume(ctx, charts, 4), blocks)
    size = (960, 540)
    target = ctx.framebuffer([ctx.texture(size, 4)], ctx.depth_renderbuffer(size))
    renderer.draw(target, next(iter(scene.paths.values())).keyframes[0].camera, size)
    wait_for_gl(ctx)
    target.read(components=4)
    drawn = time.time()
    load_chosen(session.model)
    print(drawn - started, time.time() - started)


if __name__ == "__main__":
    main(float(sys.argv[1]), sys.argv[2])
