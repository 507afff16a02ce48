"""Remembers with which prompts a volume was painted, and finds paint whose material has another prompt now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from app.loop.paint_survey import materials
from engine.atlas.page import FROZEN, REVISION, STEPS
from engine.atlas.visibility import TexelMasks
from engine.atlas.volume import LatentVolume
from engine.gl.context import wait_for_gl
from scenes.scene import SKY, Scene

Prompts = Mapping[str, tuple[str, str]]  # name of a material, "" for the sky → prompt, negative prompt
MAX_ENTRIES = 256  # the oldest are forgotten first; their paint then counts as up to date
PAGES_AT_ONCE = 2  # read in one frame, about a millisecond each


def prompts_of(scene: Scene) -> dict[str, tuple[str, str]]:
    """The prompts of all materials and of the sky, with the scene's style."""
    return {"": scene.prompt(SKY), **{m.name: scene.prompt(i) for i, m in enumerate(scene.materials)}}


@dataclass(frozen=True)
class PromptLog:
    """entries: (first revision of the volume painted with these prompts, the prompts), revisions rising."""

    entries: tuple[tuple[int, Prompts], ...] = ()

    def note(self, revision: int, prompts: Prompts) -> PromptLog:
        """Add that paint of this and later revisions has these prompts."""
        if self.entries and self.entries[-1][1] == prompts:
            return self
        earlier = tuple(entry for entry in self.entries if entry[0] < revision)
        return PromptLog((*earlier, (revision, dict(prompts)))[-MAX_ENTRIES:])

    def outdated(self, name: str, now: tuple[str, str]) -> np.ndarray:
        """bool [entries + 1]: whether paint of each entry has other prompts than `now`. The first stands for all paint before
        the first entry, of which nothing is known."""
        return np.array([False, *(prompts.get(name, now) != now for _, prompts in self.entries)])

    def place(self, revisions: np.ndarray) -> np.ndarray:
        """Index into `outdated` of each revision."""
        return np.searchsorted([first for first, _ in self.entries], revisions, side="right")

    def rename(self, names: Mapping[str, str]) -> PromptLog:
        """names: old → new name of materials that were renamed."""
        if not names:
            return self
        return PromptLog(tuple((r, {names.get(n, n): p for n, p in prompts.items()}) for r, prompts in self.entries))

    def to_json(self) -> list[Any]:
        return [[revision, {name: list(pair) for name, pair in prompts.items()}] for revision, prompts in self.entries]

    @staticmethod
    def from_json(data: object) -> PromptLog:
        """The inverse of `to_json`; an empty log for anything else, as it only serves a remark."""
        try:
            entries = [(r, {n: (str(a), str(b)) for n, (a, b) in prompts.items()}) for r, prompts in data]  # type: ignore[attr-defined]
        except (TypeError, ValueError, AttributeError):
            return PromptLog()
        revisions = [revision for revision, _ in entries]
        rising = all(type(r) is int and 0 <= r < 2**53 for r in revisions) and revisions == sorted(set(revisions))
        return PromptLog(tuple(entries[-MAX_ENTRIES:])) if rising else PromptLog()


def make_outdated_table(log: PromptLog, scene: Scene) -> np.ndarray:
    """bool [materials + 1, entries + 1]: which paint has other prompts than its material now; the last row is the sky's."""
    names = (*(m.name for m in scene.materials), "")
    now = prompts_of(scene)
    return np.stack([log.outdated(name, now[name]) for name in names])


def find_outdated(volume: LatentVolume, number: int, log: PromptLog, table: np.ndarray) -> np.ndarray:
    """bool [PAGE,PAGE]: texels of a page with outdated paint that isn't frozen. table: of `make_outdated_table`. GL thread."""
    state, owner = volume.atlas[number].read_state(), materials(volume.charts, number)
    known = (state[..., STEPS] > 0) & (state[..., FROZEN] <= 0) & (owner >= SKY)
    found = np.zeros(known.shape, bool)
    found[known] = table[owner[known], log.place(state[..., REVISION][known])]
    return found


def find_outdated_masks(volume: LatentVolume, log: PromptLog, scene: Scene) -> TexelMasks:
    """All outdated paint, for an operation on it. Reads every page."""
    table = make_outdated_table(log, scene)
    wait_for_gl(volume.ctx)
    return {number: find_outdated(volume, number, log, table) for number in list(volume.atlas)}


@dataclass(frozen=True)
class OutdatedSurvey:
    """pages: number → (stamp when it was counted, outdated texels by row of `make_outdated_table`)."""

    log: PromptLog | None = None
    prompts: Prompts = field(default_factory=dict)
    pages: Mapping[int, tuple[int, np.ndarray]] = field(default_factory=dict)

    def update(self, volume: LatentVolume, log: PromptLog, scene: Scene) -> OutdatedSurvey:
        """One frame's work: count a few pages that changed, or all pages anew when prompts changed. GL thread."""
        prompts = prompts_of(scene)
        same = self.log is log and self.prompts == prompts
        known = {n: c for n, c in self.pages.items() if n in volume.atlas} if same else {}
        table = make_outdated_table(log, scene)
        if not table.any():
            return OutdatedSurvey(log, prompts)
        due = [n for n in volume.atlas if n not in known or known[n][0] != volume.atlas[n].stamp][:PAGES_AT_ONCE]
        if due:
            wait_for_gl(volume.ctx)
        for number in due:
            found = find_outdated(volume, number, log, table)
            owner = materials(volume.charts, number)[found]
            known[number] = volume.atlas[number].stamp, np.bincount(owner % len(table), minlength=len(table))
        return OutdatedSurvey(log, prompts, known)

    def texels(self, material: int) -> int:
        """Outdated texels of a material, or of SKY."""
        found = (counts for _, counts in self.pages.values())
        return sum(int(counts[material]) for counts in found if material < len(counts) - (material >= 0))

    @property
    def total(self) -> int:
        return sum(int(counts.sum()) for _, counts in self.pages.values())
