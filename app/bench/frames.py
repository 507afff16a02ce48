"""Frame times at 960×540 along the tour with and without a dreaming worker, and the worker's speed with and without drawing.

Measured in a separate process that divides the cores as the explorer does."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import fields

import numpy as np
import torch

from app.bench.bench import Bench, Figures, milliseconds
from app.loop.cores import SOFTWARE_GL, leave_a_core_to_the_model
from app.loop.headless_session import HeadlessSession
from app.loop.messages import DreamFailed, DreamFinished, Request
from app.loop.view_canvas import canvas_from
from app.loop.worker import ThreadWorker
from base.settings import flag_of
from diffusion.canvas import Surface
from engine.gl.context import wait_for_gl
from scenes.camera import Camera

SIZE = (960, 540)
FRAME = 1 / 60  # the explorer's limit; without it, a software renderer takes a whole core from the worker


def measure(bench: Bench) -> Figures:
    """Call `measure_here`, in a new process unless this one already divides the cores."""
    if SOFTWARE_GL in os.environ:
        return measure_here(bench)
    flags, environment = bench.flags, dict(os.environ)
    leave_a_core_to_the_model(environment)
    choices = {"--scene": flags.scene, "--model": flags.model.ref, "--device": flags.model.device}
    words = [word for flag, choice in choices.items() if choice is not None for word in (flag, str(choice))]
    words += ["--lora", *flags.model.lora] if flags.model.lora else []
    words += ["--ip-adapter", flags.model.ip_adapter] if flags.model.ip_adapter else []
    words += ["--control", *flags.model.control] if flags.model.control else []
    for f in fields(options := flags.model.options):
        if (value := getattr(options, f.name)) != f.default:
            words += [flag_of(f.name, f.metadata), *([] if value is True else [str(value)])]
    command = [sys.executable, "-m", "app", "bench", "frames", "--json", *words, *(["--quick"] if flags.quick else [])]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(done.stderr)
    return json.loads(done.stdout)["measurements"]["frames"]


def measure_here(bench: Bench) -> Figures:
    """Milliseconds per frame (p50, p99), and the one-threaded worker's model calls per second without and with drawing."""
    cameras, seconds = bench.cameras(bench.times(12, 240)), bench.times(1, 15)
    with bench.headless() as headless:
        draw_all(headless, cameras[:3])  # shaders compile at the first draw
        alone = draw_all(headless, cameras)
        request = request_of(headless, cameras[0])
        walk, busy = itertools.cycle(cameras), list[float]()
        cores = torch.get_num_threads()
        worker = ThreadWorker(lambda: bench.model, threads=1)
        try:
            keep_busy(worker, request, lambda: bench.model.calls, lambda: time.sleep(FRAME), 0)  # warms the model up
            rate_alone = keep_busy(worker, request, lambda: bench.model.calls, lambda: time.sleep(FRAME), seconds)
            rate_busy = keep_busy(
                worker,
                request,
                lambda: bench.model.calls,
                lambda: busy.extend(draw_all(headless, [next(walk)])),
                seconds,
            )
        finally:
            worker.close()
            torch.set_num_threads(cores)  # MKL applies the worker's setting to other threads, too
    p50, p99 = np.percentile(alone, (50, 99))
    worked50, worked99 = np.percentile(busy, (50, 99))
    return {
        "alone_p50_ms": round(p50, 2),
        "alone_p99_ms": round(p99, 2),
        "with_worker_p50_ms": round(worked50, 2),
        "with_worker_p99_ms": round(worked99, 2),
        "worker_calls_per_s_alone": round(rate_alone, 2),
        "worker_calls_per_s_beside": round(rate_busy, 2),
        "worker_share": round(rate_busy / rate_alone, 3),
    }


def draw_all(headless: HeadlessSession, cameras: list[Camera]) -> list[float]:
    """Draw a frame from each camera, at most one per FRAME; return the milliseconds of each."""
    target = headless.target(SIZE)

    def frame(camera: Camera) -> None:
        headless.renderer.draw(target, camera, SIZE, "painted")
        wait_for_gl(headless.ctx)

    times = []
    for camera in cameras:
        times.append(milliseconds(lambda c=camera: frame(c)))
        time.sleep(max(0.0, FRAME - times[-1] / 1000))
    return times


def request_of(headless: HeadlessSession, camera: Camera) -> Request:
    """A request to dream the view with one prompt everywhere, so that a step is one or two model calls of the view's size."""
    gathered, settings = headless.painter.requests.gather(camera, SIZE), headless.session.dream
    canvas = canvas_from(gathered, headless.scene, settings.steps)
    whole = type(canvas.regions[0])(canvas.regions[0].prompt, np.ones_like(canvas.change))
    return Request(
        0,
        gathered,
        type(canvas)((whole,), canvas.noise, canvas.change, surface=Surface(canvas.surface.depth)),
        settings,
    )


def keep_busy(
    worker: ThreadWorker, request: Request, calls: Callable[[], int], meanwhile: Callable[[], object], seconds: float
) -> float:
    """Model calls a second (as `calls` counts them) while the worker dreams again and again and `meanwhile` is repeated.

    Runs for `seconds`, and at least until one dream is finished.
    """
    worker.submit(request)
    started, before, finished = time.perf_counter(), calls(), 0
    while finished == 0 or time.perf_counter() - started < seconds:
        for message in worker.poll():
            if isinstance(message, DreamFailed):
                raise RuntimeError(message.traceback)
            if isinstance(message, DreamFinished):
                finished += 1
                worker.submit(request)
        meanwhile()
    return (calls() - before) / (time.perf_counter() - started)
