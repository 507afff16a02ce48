"""The rules of what is finished, what may change, and which look is better."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.atlas import policy
from engine.gl.shaders import load_shader_source
from tests.engine.village import CAMERAS, SIZE

steps = st.floats(0, 100)
densities = st.floats(0, 300)


@given(steps, densities, steps, densities)
def test_an_equal_or_worse_look_is_never_accepted(old_steps, old, new_steps, new):
    if new_steps <= old_steps and new <= old:
        assert not policy.accepts_write(np.array(old_steps), np.array(old), new_steps, np.array(new))


@given(steps, densities, st.floats(1, 100), densities)
def test_what_is_accepted_is_better_and_then_stays(old_steps, old, new_steps, new):
    if policy.accepts_write(np.array(old_steps), np.array(old), new_steps, np.array(new)):
        assert new * new_steps > old * old_steps
        assert not policy.accepts_write(np.array(new_steps), np.array(new), new_steps, np.array(new))
        assert policy.is_final(np.array(new_steps), np.array(new), new_steps, np.array(new))


@pytest.fixture
def gathered(volume):
    return volume.gather(CAMERAS["street"], SIZE)


def test_change_falls_with_steps_and_a_coarse_painting_is_free_to_be_refined(gathered):
    blank = policy.change_map(gathered, 10)
    assert (blank == 1).all() and policy.coverage(gathered, 10) == 0

    def change(stored_steps, share):
        stored = replace(
            gathered, steps=np.full_like(gathered.steps, stored_steps), stored_density=gathered.density * share
        )
        return policy.change_map(stored, 10)[(gathered.density > 1) & (gathered.density < policy.CELL_DENSITY)]

    assert (change(10, 1) == 0).all()
    assert (change(12, 1) == 0).all()
    assert (change(5, 1) == 1).all()
    assert (change(10, policy.FINAL_SHARE * 1.01) == 0).all()
    assert (change(10, policy.FINAL_SHARE * 0.99) == 1).all()
    assert all(((change(s, d) >= 0) & (change(s, d) <= 1)).all() for s in (0, 3, 10) for d in (0, 0.3, 2))


@given(share=st.floats(0.001, 3), stored_steps=st.sampled_from([0, 4, 10]))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_finer_and_what_is_lacking(gathered, share, stored_steps):
    stored = replace(
        gathered, steps=np.full_like(gathered.steps, stored_steps), stored_density=gathered.density * share
    )
    finer, lacking = policy.upscale_ratio(stored, 10), policy.missing_share(stored, 10)
    done = policy.final_mask(stored, 10)
    assert (finer >= 1).all() and (finer[done] == 1).all() and (lacking[done] == 0).all()
    assert ((lacking >= 0) & (lacking <= 1)).all() and ((lacking > 0) == ~done).all()
    could = (gathered.density > 0) & (gathered.density < policy.CELL_DENSITY)
    if stored_steps and share < policy.FINAL_SHARE * 0.99:
        np.testing.assert_allclose(finer[could], 1 / share, rtol=1e-4)
    if stored_steps == 10 and share < policy.FINAL_SHARE / 4.1:
        assert (lacking[could] == 1).all()  # two octaves: as good as nothing
    trusted = policy.guide_weight(stored, 10)
    assert ((trusted >= 0) & (trusted <= 1)).all()
    assert (trusted[stored.stored_density >= policy.FULL_GUIDE_DENSITY] >= policy.MIN_GUIDE_WEIGHT - 1e-6).all()


@pytest.mark.parametrize("finer", [2.0, 4.0])
def test_colours_are_trusted_where_the_coarse_painting_was_of_one_material(gathered, finer):
    material = np.zeros((48, 96), np.int16)
    material[:, :48] = 1
    dense = np.full(material.shape, policy.FULL_GUIDE_DENSITY, np.float32)
    steps_ = np.full(material.shape, 10, np.float32)
    held = np.zeros(material.shape, bool)
    wide = replace(
        gathered,
        material=material,
        stored_density=dense,
        density=dense * finer,
        steps=steps_,
        frozen=held,
        edge_contaminated=held,
    )
    trusted = policy.guide_weight(wide, 10)
    away = np.abs(np.arange(96) - 47.5)  # latent pixels of this view from the border
    assert (trusted[:, away < policy.MIXED_DISTANCE * finer] == np.float32(policy.MIN_GUIDE_WEIGHT)).all()
    assert (trusted[:, away > policy.OWN_DISTANCE * finer] == 1).all()
    assert (np.diff(trusted[0, 48:]) >= 0).all()
    assert (policy.guide_weight(replace(wide, material=material * 0), 10) == 1).all()  # no border: all its own
    hazy = policy.guide_weight(replace(wide, stored_density=dense / 2, density=dense * finer / 2), 10)
    np.testing.assert_allclose(hazy, trusted / 2)


def test_what_lies_beside_the_view_is_not_counted(gathered):
    steps_ = np.full_like(gathered.steps, 10)
    steps_[:, :2] = steps_[:1] = 0
    stored = replace(gathered, steps=steps_, stored_density=gathered.density)
    assert policy.coverage(stored, 10) < 1 and policy.coverage(stored, 10, (2, 1)) == 1


def test_what_the_view_may_not_paint_is_not_counted(gathered):
    density = gathered.density.copy()
    density[:3] = 0
    steps_ = np.full_like(gathered.steps, 10)
    steps_[:3] = 0
    partly = replace(gathered, density=density, steps=steps_, stored_density=gathered.density)
    assert policy.coverage(partly, 10) == 1
    assert policy.coverage(replace(partly, density=np.zeros_like(density)), 10) == 1


def test_the_shader_has_the_same_numbers():
    text = load_shader_source("atlas/scatter_latents")
    for name in ("GRAZING", "CELL_DENSITY", "FINAL_SHARE", "EDGE_PENALTY", "DEPTH_EDGE", "CORNER"):
        assert f"const float {name} = {getattr(policy, name)};" in text


def test_freed_paint_says_how_fine_it_was_and_that_its_colours_are_not_the_surfaces_own(gathered):
    """Its density was stored as less than it was, so that a view that has it free may paint it anew."""
    stored = policy.EDGE_PENALTY * np.minimum(gathered.density, policy.CELL_DENSITY) / 2
    freed = gathered.density > 0
    seen = replace(
        gathered, steps=np.zeros_like(gathered.steps), stored_density=stored.astype(np.float32), edge_contaminated=freed
    )
    np.testing.assert_allclose(policy.upscale_ratio(seen, 10)[freed], 2.0, rtol=1e-4)
    assert not policy.guide_weight(seen, 10)[freed].any() and (policy.upscale_ratio(seen, 10)[~freed] == 1).all()
    assert not policy.guide_mask(seen, 10).any()
