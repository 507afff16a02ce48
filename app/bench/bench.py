"""Resources of the measurements: the scene, the model and a headless session, each opened at first use, and a stopwatch."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from app.commands import Bench as Flags
from app.loop.chosen_model import load_chosen
from app.session import SceneChoice, Session, open_scene
from scenes.camera import Camera
from scenes.paths import sample_path
from scenes.scene import Scene

if TYPE_CHECKING:
    from app.loop.headless_session import HeadlessSession

Figures = dict[str, Any]  # float, int, str, bool, None if it couldn't be measured, or tables and lists of them


class Bench:
    """flags: of the command. facts: about the machine, filled in by measurements, e.g. the GL renderer's name."""

    def __init__(self, flags: Flags) -> None:
        self.flags = flags
        self.session = Session(SceneChoice(flags.scene), flags.model, flags.dream)
        self.facts: dict[str, str] = {}

    @cached_property
    def scene(self) -> Scene:
        return open_scene(self.session.scene)

    @cached_property
    def model(self) -> Any:
        """The model, on all cores."""
        model = load_chosen(self.session.model)
        self.facts |= {"model": model.id, "device": str(model.device)}
        return model

    @contextmanager
    def headless(self, **dream: Any) -> Iterator[HeadlessSession]:
        """Open a headless session of the unpainted scene. dream: changes to the dream's settings."""
        from app.loop.headless_session import open_headless_session
        from engine.gl.context import renderer_name

        session = replace(self.session, dream=replace(self.session.dream, **dream))
        with open_headless_session(session, self.scene, self.model) as headless:
            self.facts["gl"] = renderer_name(headless.ctx)
            yield headless

    def cameras(self, count: int) -> list[Camera]:
        """`count` cameras, evenly spaced along the scene's tour."""
        path = self.scene.paths.get("tour") or self.scene.paths["walk"]
        return [sample_path(path, seconds) for seconds in np.linspace(0, path.seconds, count, endpoint=False)]

    def times(self, quick: int, full: int) -> int:
        """Number of repetitions: `quick` with `--quick`, else `full`."""
        return quick if self.flags.quick else full


def milliseconds(action: Callable[[], object]) -> float:
    """Milliseconds that one call of `action` takes."""
    started = time.perf_counter()
    action()
    return 1000 * (time.perf_counter() - started)
