"""Frame times at 960×540 along the tour, with and without a worker dreaming beside it, and what that leaves the worker."""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import Callable

import numpy as np

from app.bench.bench import Bench, Figures, milliseconds
from app.dreaming import canvas_from
from app.messages import Finished, Request, Worker
from app.studio import Studio
from app.worker import ThreadWorker
from engine.context import finish
from scenes.camera import Camera

SIZE = (960, 540)
FRAME = 1 / 60  # the explorer's cap: without one a software renderer takes a whole core from the worker


def measure(bench: Bench) -> Figures:
    """ms per frame (p50, p99), and the worker's model calls a second alone and beside the renderer, one thread each time."""
    cameras = bench.cameras(bench.times(12, 240))
    with bench.studio() as studio:
        draw_all(studio, cameras[:3])  # shaders compile at the first draw
        alone = draw_all(studio, cameras)
        worker = ThreadWorker(lambda: bench.model, threads=1)
        try:
            requests = _Requests(studio, worker, cameras[0])
            rate_alone = requests.rate(lambda: time.sleep(FRAME), bench.times(2, 12))
            beside: list[float] = []
            walk = itertools.cycle(cameras)
            rate_beside = requests.rate(lambda: beside.extend(draw_all(studio, [next(walk)])), bench.times(2, 12))
        finally:
            worker.close()
            _all_cores()
    p50, p99 = np.percentile(alone, (50, 99))
    worked50, worked99 = np.percentile(beside, (50, 99))
    return {
        "alone_p50_ms": round(p50, 2),
        "alone_p99_ms": round(p99, 2),
        "with_worker_p50_ms": round(worked50, 2),
        "with_worker_p99_ms": round(worked99, 2),
        "worker_calls_per_s_alone": round(rate_alone, 2),
        "worker_calls_per_s_beside": round(rate_beside, 2),
        "worker_share": round(rate_beside / rate_alone, 3),
    }


def draw_all(studio: Studio, cameras: list[Camera]) -> list[float]:
    """Milliseconds of each frame, drawn at no more than the frame rate."""
    target = studio.target(SIZE)

    def frame(camera: Camera) -> None:
        studio.renderer.draw(target, camera, SIZE, "painted")
        finish(studio.ctx)

    times = []
    for camera in cameras:
        times.append(milliseconds(lambda c=camera: frame(c)))
        time.sleep(max(0.0, FRAME - times[-1] / 1000))
    return times


class _Requests:
    """Keeps a worker busy with one view's dream."""

    def __init__(self, studio: Studio, worker: Worker, camera: Camera) -> None:
        self._worker, self._settings = worker, studio.session.dream
        self._look = studio.painter.look(camera, SIZE)
        self._canvas = canvas_from(self._look, studio.scene, self._settings.steps)
        self._id = 0
        self._next()
        self._wait()  # the first dream also warms the model up

    def rate(self, meanwhile: Callable[[], object], dreams: int) -> float:
        """Model calls a second over so many dreams, while `meanwhile` is called again and again."""
        started, calls = time.perf_counter(), 0
        for _ in range(dreams):
            self._next()
            calls += self._wait(meanwhile)
        return calls / (time.perf_counter() - started)

    def _next(self) -> None:
        self._worker.submit(Request(self._id, self._look, self._canvas, self._settings))
        self._id += 1

    def _wait(self, meanwhile: Callable[[], object] = lambda: time.sleep(FRAME)) -> int:
        """Model calls of the dream that is now waited for."""
        while True:
            for message in self._worker.poll():
                if isinstance(message, Finished):
                    return message.dreamed.calls
                if hasattr(message, "traceback"):
                    raise RuntimeError(message.traceback)
            meanwhile()


def _all_cores() -> None:
    """The worker set one thread for its own calls; other measurements use all cores again."""
    import torch

    torch.set_num_threads(os.cpu_count() or 1)
