"""A scene that is edited while it lives: the stage follows, off the frame, and what was painted on what is still there stays."""

from __future__ import annotations

import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np

from app.loop.stage import Plan, Stage, plan
from engine.context import finish
from engine.renderer import Renderer
from engine.transplant import Move, Transplant, moves
from engine.volume import LatentVolume
from scenes import edit
from scenes.scene import Scene

BUDGET = 0.006  # seconds of a frame for copying paint


@dataclass(frozen=True)
class _Draft:
    """What the planner made for an edited scene. revision: of the volume whose pages were asked about."""

    plan: Plan
    moves: list[Move]
    volume: LatentVolume
    revision: int


class Remodel:
    """Keeps a stage true to the scene that the user edits. Call `follow` once a frame, on the GL thread.

    Words and colours are taken over at once. Another geometry is planned on a thread of its own, always the latest, while the
    old one is shown; then paint is carried over in small pieces, and the stage changes in one frame. `busy` from the first to
    the last of that: nothing should be painted meanwhile.
    """

    def __init__(self, scene: Scene) -> None:
        self._hand = ThreadPoolExecutor(1, thread_name_prefix="remodel")
        self._followed = scene  # what the stage shows, as the user's scene
        self._wanted = scene  # what is being planned or carried over
        self._draft: Future[_Draft] | None = None
        self._work: tuple[_Draft, Transplant, Renderer] | None = None
        self._paths: Future[Scene] | None = None

    @property
    def busy(self) -> bool:
        return self._draft is not None or self._work is not None

    def follow(self, stage: Stage, scene: Scene) -> None:
        """One frame's work. Raises InputError when the scene can't be built: then ask for another, the stage still shows `followed`."""
        if self._work is not None:
            self._carry_on(stage)
        elif self._draft is not None:
            self._begin_carrying(stage)
        elif scene is not self._followed:
            self._begin(stage, scene)
        else:
            self._take_paths(stage)

    @property
    def followed(self) -> Scene:
        return self._followed

    def forget(self, scene: Scene) -> None:
        """Another scene was opened: what is under way is for nobody any more."""
        if self._work is not None:
            self._work[1].new.free()
            self._work[2].release()
        self._followed = self._wanted = scene
        self._draft = self._work = self._paths = None

    def close(self) -> None:
        self._hand.shutdown(wait=True, cancel_futures=True)

    def _begin(self, stage: Stage, scene: Scene) -> None:
        if scene.hash == stage.scene.hash:
            self._followed = scene
            stage.reword(replace(scene, paths=stage.scene.paths))
            return
        self._wanted, self._paths = scene, None
        stage.painter.cancel()
        old, volume = stage.plan, stage.volume
        self._draft = self._hand.submit(_draft, old, scene, volume, list(volume.atlas), volume.revision)

    def _begin_carrying(self, stage: Stage) -> None:
        assert self._draft is not None
        if not self._draft.done():
            return
        future, self._draft = self._draft, None
        draft = future.result()
        if self._outdated(stage, draft):
            return
        charts = draft.plan.charts
        volume = LatentVolume(stage.ctx, charts, stage.volume.channels, stage.volume.seed)
        renderer = Renderer(stage.ctx, charts, draft.plan.scene, volume, draft.plan.blocks, draft.plan.light)
        self._work = draft, Transplant(stage.volume, volume, draft.moves), renderer

    def _carry_on(self, stage: Stage) -> None:
        assert self._work is not None
        draft, transplant, renderer = self._work
        if self._outdated(stage, draft):
            transplant.new.free()
            renderer.release()
            self._work = None
            return
        end = time.perf_counter() + BUDGET
        done = transplant.step()
        while not done:
            finish(stage.ctx)
            if time.perf_counter() >= end:
                return
            done = transplant.step()
        self._work, self._followed = None, self._wanted
        stage.rebuild(draft.plan, transplant.new, renderer)
        self._paths = self._hand.submit(edit.with_paths, draft.plan.scene, draft.plan.blocks)

    def _take_paths(self, stage: Stage) -> None:
        """The generated paths of the new blocks take a moment, so they come when nothing else is to be done."""
        if self._paths is not None and self._paths.done():
            future, self._paths = self._paths, None
            stage.reword(replace(stage.scene, paths=future.result().paths))

    @staticmethod
    def _outdated(stage: Stage, draft: _Draft) -> bool:
        """Whether the volume was erased, restored or replaced since: its pages have to be asked about again."""
        return stage.volume is not draft.volume or stage.volume.revision != draft.revision


def _draft(old: Plan, scene: Scene, volume: LatentVolume, pages: list[int], revision: int) -> _Draft:
    """On the planner's thread: touches no GL, `volume` is only passed through."""
    new = plan(scene)
    kept = edit.same_material(old.scene, scene).astype(np.int64)
    return _Draft(new, moves(old.charts, new.charts, kept, pages), volume, revision)
