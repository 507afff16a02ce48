"""A monkey at the window for a long time: what fails, what grows, which frames are slow."""

from __future__ import annotations

import gc
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import astuple
from pathlib import Path
from typing import Any

from app.bench.soak.accounts import Account, account, growth
from app.bench.soak.complaints import listening
from app.bench.soak.events import Event, Sight, Wait
from app.bench.soak.hands import Hands
from app.bench.soak.monkey import Monkey
from app.bench.soak.pacing import Frame, Pacing
from app.explorer.explorer import Explorer
from app.explorer.window import Window
from app.state.frame_profiler import Span

SAMPLE = 0.5  # seconds between two accounts of the memory


class Soak:
    """step: one frame of the window, events of the window system included; bag: files that the monkey drops; pause: what
    comes between two frames and isn't counted.

    deeds: what came of it, for a monkey that touches nothing proves nothing; gl_errors, failures: what went wrong;
    complaints: where GL's errors were made.
    """

    def __init__(
        self,
        window: Window,
        explorer: Explorer,
        monkey: Monkey,
        step: Callable[[], None],
        bag: tuple[Path, ...],
        pause: Callable[[], None] = lambda: None,
    ) -> None:
        self.window, self.explorer, self.monkey, self.bag = window, explorer, monkey, bag
        self._step, self._pause, self._hands = step, pause, Hands(window, explorer)
        self._began = time.perf_counter()
        self.events, self.gestures, self.deeds = 0, Counter[str](), Counter[str]()
        self.gl_errors, self.complaints = Counter[str](), Counter[str]()
        self._failures: dict[str, str] = {}
        self.frames, self.pacing = 0, Pacing()
        self.accounts: list[Account] = []
        self._doing, self._shown_at = "", self._began
        self._collecting = Span()
        self._seen: dict[str, Any] = {}

    @property
    def seconds(self) -> float:
        return time.perf_counter() - self._began

    @property
    def failures(self) -> list[str]:
        """Exceptions that the explorer caught: their tracebacks."""
        return list(self._failures.values())

    def run(self, seconds: float) -> None:
        """As many gestures as there is time for."""
        gc.callbacks.append(self._collected)
        try:
            with listening(self.window.ctx) as self.complaints:
                while self.seconds < seconds:
                    self.gesture(seconds)
        finally:
            gc.callbacks.remove(self._collected)

    def gesture(self, until: float = float("inf")) -> None:
        """One gesture, a frame for each of its events."""
        self._doing, events = self.monkey.next(self.sight)
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

    def frame(self, event: Event | None = None) -> None:
        """A frame, and an event after it."""
        open_scene = self.explorer.state.open_scene
        dreaming, drawn = (
            open_scene is not None and open_scene.painter.client.busy,
            self.explorer.services.viewport.drawn,
        )
        began = Span.now()
        self._step()
        if event is not None:
            self._hands.do(event)
        self.frames += 1
        ended = Span.now()
        if dreaming:
            parts, since = self.explorer.state.profiler.parts, ended.wall - self._shown_at
            drawn = self.explorer.services.viewport.drawn > drawn
            self.pacing.add(Frame(ended.minus(began), parts, self._doing, drawn, since))
        self._shown_at = ended.wall
        self._witness()
        self._pause()

    @property
    def sight(self) -> Sight:
        x = self.explorer
        depth, width = x.state.scene.map.shape
        path = x.state.route.path or next(iter(x.state.scene.paths.values()), None)
        titles = tuple(panel.title for panel, _ in x.shell.panels)
        return Sight(
            self.window.size, x.shell.scene_box, (width, depth), len(x.state.scene.materials), path, titles, self.bag
        )

    @property
    def figures(self) -> dict[str, Any]:
        """All of it, for JSON."""
        return {
            "events": self.events,
            "frames": self.frames,
            "exceptions": len(self._failures),
            "gl_errors": sum(self.gl_errors.values()),
            **growth(self.accounts),
            **self.pacing.figures,
            "soak_deeds": dict(self.deeds),
            "soak_gestures": dict(self.gestures),
            "soak_failures": [*self.failures, *self.gl_errors, *self.complaints],
            "soak_memory": [list(astuple(a)[:-1]) for a in self.accounts],
        }

    def _witness(self) -> None:
        """Note what this frame has changed."""
        x, error = self.explorer, self.window.ctx.error
        if error != "GL_NO_ERROR":
            self.gl_errors[f"{error} while {self._doing}"] += 1
        self._failures |= {entry.text: entry.details for entry in x.state.log.entries if entry.details}
        before, self._seen = self._seen, {
            "painted": x.state.open_scene and x.state.open_scene.painter.client.dreams,
            "edited": x.state.scene,
            "stroked": x.state.strokes,
            "undone": x.state.history.future,
            "walked": x.state.camera.position,
            "looked": x.state.camera.yaw,
            "opened": x.state.saved_scene,
            "resized": x.platform.size,
            "set": x.state.session,
            "told": x.state.log.entries[-1] if x.state.log.entries else None,
        }  # fmt: skip
        self.deeds.update(
            name for name in before if before[name] is not self._seen[name] and before[name] != self._seen[name]
        )
        if not self.accounts or self.seconds - self.accounts[-1].seconds >= SAMPLE:
            self.accounts.append(account(x, self.seconds))

    def _collected(self, phase: str, _info: dict[str, int]) -> None:
        """Python's garbage collector is a part of a frame, too, wherever it strikes."""
        if threading.current_thread() is not threading.main_thread():
            return
        if phase == "start":
            self._collecting = Span.now()
        else:
            parts, took = self.explorer.state.profiler.parts, Span.now().minus(self._collecting)
            parts["Collecting garbage"] = parts.get("Collecting garbage", Span()).plus(took)
