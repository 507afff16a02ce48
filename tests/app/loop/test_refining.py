"""Refining a finished view, part by part, on real GL with a model that answers at once."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from app.loop.autopilot import drain
from app.loop.painter import Painter
from app.loop.view_framing import border_width, canvas_size, widen_camera
from engine.atlas import policy
from engine.atlas.page import STEPS
from engine.atlas.views import Part
from engine.atlas.visibility import TexelMasks
from engine.edits.patch import apply_operation
from tests.app.loop.views import HERE, SIZE, come, live


@pytest.fixture
def refined(painter):
    """A painter that refines; HERE is dreamed as a whole, and the first part of its refinement runs."""
    painter.session = replace(painter.session, live=replace(painter.session.live, refine=True))
    come(painter)
    live(painter, HERE, [0.0, 1.0, 1.1, 1.2, 1.3])
    assert painter.client.running is not None and painter.refining
    return painter


def fine(painter: Painter) -> float:
    """How much of HERE is finished for the window's own resolution."""
    canvas = canvas_size(SIZE, SIZE[1], 16)
    gathered = painter.volume.gather(widen_camera(HERE, SIZE[1], canvas[1]), canvas, part=Part.SOLID)
    return policy.coverage(gathered, 6, border_width(SIZE, SIZE[1], canvas))


def test_a_finished_view_is_refined_part_by_part_at_the_windows_resolution(refined) -> None:
    before, words = fine(refined), []
    whole = refined.client.dreamed
    for k in range(200):
        words.append(refined.status_text)
        if refined.client.running is not None:
            assert refined.client.running.gathered.size == (64, 64)  # the model's own size
        refined.update(HERE, SIZE, 2 + 0.01 * k)
        if refined.status_text == "this view is finished":
            break
    assert all(w.startswith("refining this view") for w in words)
    parts = [int(w.split("part ")[1].split()[0]) for w in words if "part" in w]
    of = int(words[0].split("of ")[1].split(":")[0])
    assert parts == sorted(parts) and parts[0] == 1 and parts[-1] == of > 4
    assert before < 0.9 and fine(refined) > 0.97 and refined.coverage > 0.95
    assert refined.client.dreamed is whole  # a part is no view
    asked = refined.client.dreams
    live(refined, HERE, [10.0, 10.1, 10.2])
    assert refined.client.dreams == asked and not refined.client.running


def bare(painter: Painter, masks: TexelMasks) -> int:
    """Texels of masks that nothing painted."""
    states = ((painter.volume.atlas[page].read_state()[..., STEPS], mask) for page, mask in masks.items())
    return sum(int((steps <= 0)[mask].sum()) for steps, mask in states)


def test_a_small_hole_in_a_finished_view_is_filled(refined) -> None:
    live(refined, HERE, [2 + 0.01 * k for k in range(200)])
    assert refined.status_text == "this view is finished"
    box = np.zeros(SIZE[::-1], np.float32)
    box[95:135, 140:185] = 1  # a thirtieth of the view
    refined.session = replace(refined.session, paint=replace(refined.session.paint, coverage=0.1))
    masks, dreams = refined.volume.find_visible_texels(HERE, SIZE, box), refined.client.dreams
    drain(apply_operation(refined.volume, masks, "erase"))
    refined.volume.revision += 1
    assert bare(refined, masks) > 20
    live(refined, HERE, [5 + 0.01 * k for k in range(200)])
    assert refined.status_text == "this view is finished"
    assert bare(refined, masks) < 4 and 0 < refined.client.dreams - dreams < 6


def test_refining_is_left_at_once_when_the_camera_moves_and_what_is_done_stays(refined) -> None:
    for k in range(4):
        refined.update(HERE, SIZE, 1.4 + 0.01 * k)
    done, dreams = fine(refined), refined.client.dreams
    refined.client.worker.poll = lambda: []  # a part is still going on
    refined.update(HERE.with_changes(fov=71.0), SIZE, 1.5)
    assert refined.client.running is None and not refined.refining
    assert fine(refined) == done and refined.client.dreams == dreams


def test_a_part_that_fails_ends_the_refining_and_is_told_once(refined, fake_dream) -> None:
    fake_dream.error = ValueError("broken")
    asked = len(fake_dream.asked)
    live(refined, HERE, [2.0, 2.1, 2.2, 2.3])
    assert len(fake_dream.asked) == asked + 1 and "broken" in refined.status_text


def test_what_is_erased_while_a_view_is_refined_is_dreamed_as_a_whole_again(refined) -> None:
    refined.volume.erase()
    live(refined, HERE, [2.0, 2.1, 2.2])
    assert fine(refined) > 0
    live(refined, HERE, [3 + 0.01 * k for k in range(100)])
    assert refined.status_text == "this view is finished" and fine(refined) > 0.97
