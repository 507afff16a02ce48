"""The rules of what is finished, what may change, and which look is better."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import policy
from engine.shaders import source
from tests.engine.village import CAMERAS, SIZE

steps = st.floats(0, 100)
densities = st.floats(0, 300)


@given(steps, densities, steps, densities)
def test_an_equal_or_worse_look_is_never_accepted(old_steps, old, new_steps, new):
    if new_steps <= old_steps and new <= old:
        assert not policy.accepts(np.array(old_steps), np.array(old), new_steps, np.array(new))


@given(steps, densities, st.floats(1, 100), densities)
def test_what_is_accepted_is_better_and_then_stays(old_steps, old, new_steps, new):
    if policy.accepts(np.array(old_steps), np.array(old), new_steps, np.array(new)):
        assert new * new_steps > old * old_steps
        assert not policy.accepts(np.array(new_steps), np.array(new), new_steps, np.array(new))
        assert policy.frozen(np.array(new_steps), np.array(new), new_steps, np.array(new))


@pytest.fixture
def look(volume):
    return volume.gather(CAMERAS["street"], SIZE)


def test_change_falls_with_steps_and_density(look):
    blank = policy.change_map(look, 10)
    assert (blank == 1).all() and policy.coverage(look, 10) == 0

    def change(stored_steps, share):
        stored = replace(look, steps=np.full_like(look.steps, stored_steps), painted=look.density * share)
        return policy.change_map(stored, 10)[look.density > 1]

    assert (change(10, 1) == 0).all()
    assert (change(12, 1) == 0).all()
    assert (change(5, 1) >= 0.5 - 1e-6).all()
    far = [change(10, s).mean() for s in (1 / 2, 1 / 8, 1 / 32, 1 / 1000)]
    assert far[0] == 0 and (np.diff(far) > 0).all() and far[-1] <= 1
    assert all(((change(s, d) >= 0) & (change(s, d) <= 1)).all() for s in (0, 3, 10) for d in (0, 0.3, 2))


def test_what_the_view_may_not_paint_is_not_counted(look):
    density = look.density.copy()
    density[:3] = 0
    steps_ = np.full_like(look.steps, 10)
    steps_[:3] = 0
    partly = replace(look, density=density, steps=steps_, painted=look.density)
    assert policy.coverage(partly, 10) == 1
    assert policy.coverage(replace(partly, density=np.zeros_like(density)), 10) == 1


def test_the_shader_has_the_same_numbers():
    text = source("scatter")
    for name in ("GRAZING", "ENOUGH", "FROZEN_SHARE", "EDGE_PENALTY", "DEPTH_EDGE", "CORNER"):
        assert f"const float {name} = {getattr(policy, name)};" in text
