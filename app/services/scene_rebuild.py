"""Rebuilds the open scene in the background while the user edits it, keeping paint on surfaces that stay."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np

from app.loop.open_scene import OpenScene, Plan, plan
from engine.atlas.visibility import TexelMasks
from engine.atlas.volume import LatentVolume
from engine.edits.atlas_remap import AtlasRemap, PageMove, plan_remap
from engine.edits.orphaned_paint import OrphanedPaint, PaintStash, collect_orphaned, find_orphaned, match_surfaces
from engine.edits.patch import TilePatch, apply_patch
from engine.gl.context import wait_for_gl
from engine.render.renderer import Renderer
from scenes import edit
from scenes.scene import Scene

BUDGET = 0.006  # seconds of a frame for copying paint


@dataclass(frozen=True)
class _Draft:
    """The plan for an edited scene.

    leaving: texels whose surface disappears; coming: stashed paint of surfaces that are back, oldest first
    absent: stashed paint whose surfaces are still missing; revision: of the volume when its pages were listed
    """

    plan: Plan
    moves: list[PageMove]
    leaving: TexelMasks
    coming: list[TilePatch]
    absent: tuple[OrphanedPaint, ...]
    volume: LatentVolume
    revision: int


@dataclass(frozen=True)
class _Work:
    """A draft being carried out. steps: yields True when done; left: paint collected so far from disappearing surfaces."""

    draft: _Draft
    volume: LatentVolume
    renderer: Renderer
    steps: Iterator[bool]
    left: list[OrphanedPaint]


class SceneRebuild:
    """Updates the open scene to the scene that the user edits. Call `follow` once a frame, on the GL thread.

    Prompts and colours change at once. A new geometry is planned on a thread, always the latest one, while the old geometry is
    shown. Then paint is copied over in small pieces, and the open scene changes in one frame. `busy` lasts from the first to
    the last of these steps; nothing should be painted meanwhile. Paint of surfaces that an edit removes goes to the `stash`, and
    returns when they do, by undo or by another edit.
    """

    def __init__(self, scene: Scene) -> None:
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="rebuild")
        self._shown = scene  # the user's scene that the open scene shows
        self._wanted: Scene | None = scene  # the scene being planned or built
        self._draft: Future[_Draft] | None = None
        self._work: _Work | None = None
        self.stash = PaintStash()
        self._paths: Future[Scene] | None = None

    @property
    def busy(self) -> bool:
        return self._draft is not None or self._work is not None

    @property
    def bytes(self) -> int:
        """GPU memory of the volume that is being built."""
        return self._work.volume.atlas.bytes if self._work is not None else 0

    def follow(self, open_scene: OpenScene, scene: Scene) -> None:
        """One frame's work. Raises InputError if the scene can't be built; the open scene then still shows `shown`."""
        if self._work is not None:
            self._carry_on(open_scene)
        elif self._draft is not None:
            self._begin_carrying(open_scene)
        elif scene is not self._shown and not open_scene.painter.client.laying:  # finish laying a dream first
            self._begin(open_scene, scene)
        else:
            self._take_paths(open_scene)

    @property
    def wanted(self) -> Scene | None:
        """The scene being built while `busy`, else None."""
        return self._wanted

    @property
    def shown(self) -> Scene:
        """The scene that the open scene shows."""
        return self._shown

    def forget(self, scene: Scene) -> None:
        """Abandon a running rebuild, as another scene was opened."""
        if self._work is not None:
            self._drop(self._work)
        self._shown = self._wanted = scene
        self._draft = self._work = self._paths = None
        self.forget_paint()

    def forget_paint(self) -> None:
        """Empty the stash, as the volume was replaced."""
        self.stash.replace_items(())

    def close(self) -> None:
        """Wait for the planning thread."""
        self._wanted = None
        self._executor.shutdown(wait=True, cancel_futures=True)

    def _begin(self, open_scene: OpenScene, scene: Scene) -> None:
        if scene.builds_same(open_scene.scene):
            self._shown = scene
            open_scene.reword(replace(scene, paths=open_scene.scene.paths))
            return
        self._wanted, self._paths = scene, None
        open_scene.painter.cancel()
        old, volume = open_scene.plan, open_scene.volume
        pages = list(volume.atlas)
        kept, wanted = self.stash.items, lambda: self._wanted is scene
        self._draft = self._executor.submit(_draft, old, scene, volume, pages, volume.revision, kept, wanted)

    def _begin_carrying(self, open_scene: OpenScene) -> None:
        assert self._draft is not None
        if not self._draft.done():
            return
        future, self._draft = self._draft, None
        draft = future.result()
        if self._is_outdated(open_scene, draft):
            return
        plan = draft.plan
        volume = LatentVolume(open_scene.ctx, plan.charts, open_scene.volume.channels, open_scene.volume.seed)
        renderer = Renderer(open_scene.ctx, plan.charts, plan.scene, volume, plan.blocks, plan.light)
        left: list[OrphanedPaint] = []
        self._work = _Work(draft, volume, renderer, _steps(open_scene.plan.scene, draft, volume, left), left)

    def _carry_on(self, open_scene: OpenScene) -> None:
        work = self._work
        assert work is not None
        if self._is_outdated(open_scene, work.draft):
            self._drop(work)
            self._work = None
            return
        end = time.perf_counter() + BUDGET
        while not next(work.steps):
            wait_for_gl(open_scene.ctx)
            if time.perf_counter() >= end:
                return
        plan = work.draft.plan
        self._work, self._shown = None, plan.scene
        self.stash.replace_items((*work.draft.absent, *work.left))
        open_scene.rebuild(plan, work.volume, work.renderer)
        self._paths = self._executor.submit(edit.regenerate_paths, plan.scene, plan.blocks)

    @staticmethod
    def _drop(work: _Work) -> None:
        work.volume.release()
        work.renderer.release()

    def _take_paths(self, open_scene: OpenScene) -> None:
        """Take over the paths generated for the new blocks, which take a moment, so they come last."""
        if self._paths is not None and self._paths.done():
            future, self._paths = self._paths, None
            open_scene.reword(replace(open_scene.scene, paths=future.result().paths))

    @staticmethod
    def _is_outdated(open_scene: OpenScene, draft: _Draft) -> bool:
        """Whether the volume was erased, restored or replaced since the draft, so that its pages must be listed again."""
        return open_scene.volume is not draft.volume or open_scene.volume.revision != draft.revision


def _draft(
    old: Plan,
    scene: Scene,
    volume: LatentVolume,
    pages: list[int],
    revision: int,
    kept: tuple[OrphanedPaint, ...],
    wanted: Callable[[], bool],
) -> _Draft:
    """Runs on the planner's thread, so it touches no GL; `volume` is only passed through."""
    new = plan(scene, wanted)
    materials = edit.match_materials(old.scene, scene).astype(np.int64)
    found = [match_surfaces(part, new.scene, new.charts) for part in kept]
    coming = [patch for patches, _ in found for patch in patches]
    # Pages that get paint before the remap: none of them is handed over as a whole.
    begun = {patch.page for patch in coming}
    carried = [
        replace(m, whole=m.whole and m.target not in begun)
        for m in plan_remap(old.charts, new.charts, materials, pages)
    ]
    leaving = find_orphaned(old.charts, new.charts, materials, pages)
    absent = tuple(rest for _, rest in found if rest is not None)
    return _Draft(new, carried, leaving, coming, absent, volume, revision)


def _steps(scene: Scene, draft: _Draft, volume: LatentVolume, left: list[OrphanedPaint]) -> Iterator[bool]:
    """Copy what leaves the old volume, which was painted for `scene`, to `left`; put what comes back into the new one; carry over."""
    for part in collect_orphaned(draft.volume, scene, draft.leaving):
        left += [] if part is None else [part]
        yield False
    for patch in draft.coming:
        apply_patch(volume, patch)
        yield False
    remap = AtlasRemap(draft.volume, volume, draft.moves)
    while not remap.run_slice():
        yield False
    yield True
