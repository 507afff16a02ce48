"""The state of the guided tour that other panels use: their set-up for a station, and a noted view."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from app.fields import Size
from app.state.inspection import NetworkInspection
from app.state.timeline import Record
from diffusion.introspection.emergence import Emergence
from diffusion.lessons.stations import Setting
from diffusion.lessons.trace import Trace
from engine.atlas.policy import final_mask
from engine.atlas.views import GatheredView
from scenes.camera import Camera


@dataclass(frozen=True, eq=False)
class NotedView:
    """A view at one moment. size: pixels of the scene's box; gathered: its texels; steps: of finished paint."""

    camera: Camera
    size: Size
    gathered: GatheredView
    steps: int

    def count_changes(self, now: GatheredView) -> tuple[int, int]:
        """(texels that were finished and are different now, texels that were finished)"""
        was = self.gathered
        finished = final_mask(was, self.steps) & (was.steps > 0)
        changed = (was.latents != now.latents).any(0) | (was.steps != now.steps)
        return int(np.count_nonzero(finished & changed)), int(np.count_nonzero(finished))


@dataclass
class Tour:
    """setting: what Timeline and Network show next, a new object for each station; noted: the view to come back to, None without one;
    counted: what `NotedView.count_changes` found, None before it is asked."""

    setting: Setting | None = None
    noted: NotedView | None = None
    counted: tuple[int, int] | None = None


def trace_of(
    record: Record, emergence: tuple[Emergence, ...], inspection: NetworkInspection, counted: tuple[int, int] | None
) -> Trace:
    """Return the facts about a dream that the stations' checks use."""
    steps = [step.preview for step in record.shown]
    answer = inspection.answer
    inside = answer if answer is not None and answer.asked.dream == record.id else None
    changed, finished = counted or (None, 0)
    return Trace(
        sigmas=tuple(step.sigma for step in steps),
        guidance=tuple(step.guidance for step in steps),
        change=tuple(step.change for step in steps),
        start=None if record.canvas is None else record.canvas.noise,
        end=steps[-1].denoised if steps else None,
        emergence=emergence,
        concepts=inspection.concepts_of(record),
        probe=None if inside is None else inside.inside,
        ablation=() if inside is None else inside.ablation,
        step=0 if inside is None else inside.asked.step - 1,
        changed=changed,
        finished=finished,
    )
