"""Lets the random user act on the window and records failures, memory and frame times."""

from __future__ import annotations

import gc
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import astuple
from pathlib import Path
from typing import Any

from app.bench.soak.event_sender import EventSender
from app.bench.soak.events import Event, Wait, WindowState
from app.bench.soak.frame_times import Frame, FrameTimes
from app.bench.soak.gl_errors import record_gl_errors
from app.bench.soak.memory_use import MemoryUse, measure_memory, summarize_growth
from app.bench.soak.random_user import RandomUser
from app.explorer.explorer import Explorer
from app.explorer.window import Window
from app.state.frame_profiler import Span

SAMPLE = 0.5  # seconds between two samples of the memory
CALM = 20.0  # seconds between two calm ones, which are taken between gestures and cancel the running dream


class Soak:
    """step: draws one frame and handles the window system's events; files: to drop; pause: runs between two frames, not timed.

    changes: what the user changed, and how often; gl_errors: error and gesture → count; gl_error_stacks: see `record_gl_errors`.
    """

    def __init__(
        self,
        window: Window,
        explorer: Explorer,
        user: RandomUser,
        step: Callable[[], None],
        files: tuple[Path, ...],
        pause: Callable[[], None] = lambda: None,
    ) -> None:
        self.window, self.explorer, self.user, self.files = window, explorer, user, files
        self._step, self._pause, self._sender = step, pause, EventSender(window, explorer)
        self._began = time.perf_counter()
        self.events, self.gestures, self.changes = 0, Counter[str](), Counter[str]()
        self.gl_errors, self.gl_error_stacks = Counter[str](), Counter[str]()
        self._failures: dict[str, str] = {}
        self.frames, self.frame_times = 0, FrameTimes()
        self.memory_samples: list[MemoryUse] = []
        self._calm_at = 0.0
        self._doing, self._shown_at = "", self._began
        self._collecting = Span()
        self._seen: dict[str, Any] = {}

    @property
    def seconds(self) -> float:
        return time.perf_counter() - self._began

    @property
    def failures(self) -> list[str]:
        """Tracebacks of the exceptions that the explorer caught."""
        return list(self._failures.values())

    def run(self, seconds: float) -> None:
        """Make gestures for `seconds`."""
        gc.callbacks.append(self._on_garbage_collection)
        try:
            with record_gl_errors(self.window.ctx) as self.gl_error_stacks:
                while self.seconds < seconds:
                    self.gesture(seconds)
                    if self.seconds - self._calm_at >= min(CALM, seconds / 20):
                        self.measure_calm()
        finally:
            gc.callbacks.remove(self._on_garbage_collection)

    def gesture(self, until: float = float("inf")) -> None:
        """Make one gesture, with a frame for each of its events."""
        self._doing, events = self.user.next(self.window_state)
        self.gestures[self._doing] += 1
        for event in events:
            if isinstance(event, Wait):
                for _ in range(event.frames):
                    self.frame()
                    if self.seconds > until:
                        break
            else:
                self.events += 1
                self.frame(event)

    def measure_calm(self) -> None:
        """Take a calm sample of the memory. It belongs to no frame."""
        self.memory_samples.append(measure_memory(self.explorer, self.seconds, calm=True))
        self._calm_at, self._shown_at = self.seconds, Span.now().wall

    def frame(self, event: Event | None = None) -> None:
        """Draw a frame, then send the event."""
        open_scene = self.explorer.state.open_scene
        dreaming, drawn = (
            open_scene is not None and open_scene.painter.client.busy,
            self.explorer.services.viewport.drawn,
        )
        began = Span.now()
        self._step()
        if event is not None:
            self._sender.send(event)
        self.frames += 1
        ended = Span.now()
        if dreaming:
            parts, since = self.explorer.state.profiler.parts, ended.wall - self._shown_at
            drawn = self.explorer.services.viewport.drawn > drawn
            self.frame_times.add(Frame(ended.minus(began), parts, self._doing, drawn, since))
        self._shown_at = ended.wall
        self._record()
        self._pause()

    @property
    def window_state(self) -> WindowState:
        x = self.explorer
        depth, width = x.state.scene.map.shape
        path = x.state.route.path or next(iter(x.state.scene.paths.values()), None)
        titles = tuple(panel.title for panel, _ in x.shell.panels)
        return WindowState(
            self.window.size, x.shell.scene_box, (width, depth), len(x.state.scene.materials), path, titles, self.files
        )

    @property
    def figures(self) -> dict[str, Any]:
        """All results, for JSON."""
        return {
            "events": self.events,
            "frames": self.frames,
            "exceptions": len(self._failures),
            "gl_errors": sum(self.gl_errors.values()),
            **summarize_growth(self.memory_samples),
            **self.frame_times.figures,
            "soak_deeds": dict(self.changes),
            "soak_gestures": dict(self.gestures),
            "soak_failures": [*self.failures, *self.gl_errors, *self.gl_error_stacks],
            "soak_memory": [list(astuple(a)) for a in self.memory_samples],
        }

    def _record(self) -> None:
        """Record errors, changes and memory after a frame."""
        x, error = self.explorer, self.window.ctx.error
        if error != "GL_NO_ERROR":
            self.gl_errors[f"{error} while {self._doing}"] += 1
        self._failures |= {entry.text: entry.details for entry in x.state.log.entries if entry.failed}
        before, self._seen = self._seen, {
            "painted": x.state.open_scene and x.state.open_scene.painter.client.dreams,
            "edited": x.state.scene,
            "stroked": x.state.strokes,
            "undone": x.state.history.future,
            "walked": x.state.camera.position,
            "turned": x.state.camera.yaw,
            "opened": x.state.saved_scene,
            "resized": x.platform.size,
            "set": x.state.session,
            "logged": x.state.log.entries[-1] if x.state.log.entries else None,
        }  # fmt: skip
        self.changes.update(
            name for name in before if before[name] is not self._seen[name] and before[name] != self._seen[name]
        )
        if not self.memory_samples or self.seconds - self.memory_samples[-1].seconds >= SAMPLE:
            self.memory_samples.append(measure_memory(x, self.seconds))

    def _on_garbage_collection(self, phase: str, _info: dict[str, int]) -> None:
        """Count garbage collection as a part of the frame, wherever it runs."""
        if threading.current_thread() is not threading.main_thread():
            return
        if phase == "start":
            self._collecting = Span.now()
        else:
            parts, took = self.explorer.state.profiler.parts, Span.now().minus(self._collecting)
            parts["Collecting garbage"] = parts.get("Collecting garbage", Span()).plus(took)
