"""Two dreams of one view side by side in the Timeline: another seed parts at once, the same one never."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from app.panels.beside import comparable, what_differs
from app.panels.sampler import variations
from app.panels.timeline import TimelinePanel
from diffusion.settings import DreamSettings

if TYPE_CHECKING:
    from tests.app.window.conftest import Driver


def test_two_dreams_of_one_view_are_compared_step_by_step(drive: Driver) -> None:
    explorer = drive.explorer
    timeline = next(p for p, _ in explorer.shell.panels if isinstance(p, TimelinePanel))
    drive.until(lambda: explorer.status == "this view is finished", "the view gets painted")
    explorer.shell.bring_to_front("Timeline")
    drive.frames(6)
    explorer.state.timeline = replace(explorer.state.timeline, records=explorer.state.timeline.records[-1:])
    (first,) = explorer.state.timeline.records
    timeline.show(first.id, 1, "Beside")
    drive.frames(3)
    assert timeline._beside.parting.found is None and comparable((first,), first) == []
    explorer.do("dream")
    drive.until(lambda: len(explorer.state.timeline.records) == 2, "the view is dreamed again")
    drive.until(lambda: explorer.status == "this view is finished", "to its end")
    second = explorer.state.timeline.records[1]
    timeline.show(second.id, 1, "Beside")
    drive.until(lambda: timeline._beside.parting.found is not None, "the dreams are compared")
    drive.frames(3)
    assert timeline._beside.parting.found.step is None and what_differs(first, second).startswith("Both have the same")
    noisy = np.random.default_rng(1)
    steps = tuple(
        replace(
            s, preview=replace(s.preview, image=noisy.integers(0, 255, s.sketch.shape).astype(np.uint8), sketch=None)
        )
        for s in second.shown
    )
    prompts = tuple(replace(region, prompt=f"{region.prompt}, snow") for region in second.canvas.regions)
    other = replace(second, id=77, shown=steps, canvas=replace(second.canvas, regions=prompts))
    explorer.state.timeline = replace(explorer.state.timeline, records=(first, other))
    timeline.show(other.id, 1, "Beside")
    drive.until(
        lambda: timeline._beside.parting._of == (77, first.id) and timeline._beside.parting.found is not None,
        "those, too",
    )
    drive.frames(3)
    assert timeline._beside.parting.found.step == 0 and "a meadow → a meadow, snow" in what_differs(first, other)
    assert comparable((first, replace(other, camera=None)), first) == []
    assert not drive.errors()


def test_variations_change_one_setting_each() -> None:
    dream = DreamSettings(sampler="euler_ancestral", scale=20.0, seed=2**31 - 1)
    found = variations(dream)
    assert [name for name in found] == ["Another seed", "Sampler dpmpp_2m", "Twice the scale"]
    assert found["Another seed"].seed == 0 and found["Twice the scale"].scale == 30.0
    assert all(
        sum(getattr(one, f) != getattr(dream, f) for f in ("seed", "sampler", "scale")) == 1 for one in found.values()
    )
