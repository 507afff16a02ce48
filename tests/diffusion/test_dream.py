"""A whole dream on tiny random models: sizes, memory bit for bit, determinism, cancelling, failing."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
import torch

from diffusion.canvas import DREAM_PARTS, Cancelled
from diffusion.compositing.stored_colours import cell_errors, fill_unknown, find_known_cells, guide_latents
from diffusion.denoisers.regions import EXECUTIONS
from diffusion.dream import dream
from diffusion.errors import ModelError
from diffusion.sampling.solvers import SAMPLERS
from diffusion.settings import DreamSettings
from tests.diffusion.conftest import vary

FEW = DreamSettings(steps=3, guidance_start=0.0)


@pytest.mark.parametrize("name", ["sd", "own", "wide", "surface"])
def test_every_layout_dreams(name, request, canvas_of):
    model = request.getfixturevalue(name)
    dreamed = dream(model, canvas_of(model, (8, 12), prompts=2), FEW)
    assert dreamed.latents.shape == (model.channels, 8, 12) and np.isfinite(dreamed.latents).all()
    assert dreamed.image.shape == (64, 96, 3) and dreamed.image.dtype == np.uint8
    assert dreamed.calls == 3 and dreamed.steps == 3
    assert set(dreamed.seconds) == {"unet", "vae", "text", "total", *DREAM_PARTS}
    assert 0 < sum(dreamed.seconds[part] for part in DREAM_PARTS) <= dreamed.seconds["total"]


def test_a_dream_tells_which_part_begins(own, canvas_of):
    told: list[str] = []
    dream(own, canvas_of(own), FEW, on_step=lambda event: told.append(f"step {event.step}"), on_part=told.append)
    assert told == ["preparing", "steps", "step 0", "step 1", "step 2", "decoding", "blending"]


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_every_sampler_is_deterministic_and_counts_its_calls(own, canvas_of, sampler):
    settings = replace(FEW, sampler=sampler, guidance="none")
    first, second = (dream(own, canvas_of(own), settings) for _ in range(2))
    assert np.array_equal(first.latents, second.latents) and np.array_equal(first.image, second.image)
    assert first.calls <= SAMPLERS[sampler].calls * 3
    assert not np.array_equal(first.latents, dream(own, canvas_of(own, seed=1), settings).latents)


def test_a_kept_canvas_costs_nothing_and_is_the_memory(sd, canvas_of):
    memory = np.random.default_rng(3).standard_normal((4, 8, 8), dtype=np.float32)
    dreamed = dream(sd, canvas_of(sd, change=np.zeros((8, 8), np.float32), latents=memory), FEW)
    assert dreamed.calls == 0 and np.array_equal(dreamed.latents, memory)
    colours = np.random.default_rng(4).integers(0, 256, (64, 64, 4), dtype=np.uint8)
    colours[..., 3] = 255
    canvas = canvas_of(sd, change=np.zeros((8, 8), np.float32), latents=memory, colours=colours)
    dreamed = dream(sd, canvas, FEW)
    assert dreamed.seconds["vae"] == 0 and np.array_equal(dreamed.image, colours[..., :3])


@pytest.mark.parametrize("form", ["soft", "threshold"])
@pytest.mark.parametrize("sampler", SAMPLERS)
def test_kept_texels_stay_bit_for_bit_and_free_ones_change(sd, canvas_of, sampler, form):
    memory = np.random.default_rng(3).standard_normal((4, 8, 8), dtype=np.float32)
    change = np.zeros((8, 8), np.float32)
    change[:, 3:5], change[:, 5:] = 0.5, 1.0
    settings = replace(FEW, sampler=sampler, change_form=form)
    dreamed = dream(sd, canvas_of(sd, change=change, latents=memory), settings)
    assert np.array_equal(dreamed.latents[:, :, :3], memory[:, :, :3])
    assert (dreamed.latents[:, :, 5:] != memory[:, :, 5:]).all()


def test_a_change_map_of_ones_is_plain_sampling(sd, canvas_of):
    memory = np.full((4, 8, 8), np.nan, np.float32)  # any value may stand where change is 1
    plain = dream(sd, canvas_of(sd), FEW)
    assert np.array_equal(dream(sd, canvas_of(sd, latents=memory), FEW).latents, plain.latents)


def test_n_equal_prompts_are_one(sd, canvas_of):
    two = canvas_of(sd, prompts=2)
    same = replace(two, regions=tuple(replace(r, prompt="stone") for r in two.regions))
    one = replace(two, regions=(replace(same.regions[0], mask=np.ones((8, 8), np.float32)),))
    assert np.array_equal(dream(sd, same, FEW).latents, dream(sd, one, FEW).latents)


def test_executions_agree(sd, canvas_of):
    three = canvas_of(sd, prompts=3)
    turns = np.arange(8) % 3  # interleaved regions: each one's box is the whole canvas, so cropping changes nothing
    masks = [np.broadcast_to(turns == i, (8, 8)).astype(np.float32) for i in range(3)]
    regions = tuple(replace(r, mask=m) for r, m in zip(three.regions, masks, strict=True))
    results = {e: dream(sd, replace(three, regions=regions), replace(FEW, execution=e)) for e in EXECUTIONS}
    for name in ("sequential", "cropped"):
        np.testing.assert_allclose(results[name].latents, results["batched"].latents, rtol=1e-4, atol=1e-3)
    assert results["sequential"].calls == 4 * 3  # three regions and one shared unconditional
    assert results["attention"].calls == 3


def test_one_window_over_everything_is_no_window(sd, canvas_of):
    canvas = canvas_of(sd, prompts=2)
    assert np.array_equal(dream(sd, canvas, replace(FEW, window=64)).latents, dream(sd, canvas, FEW).latents)


def test_windows_reach_every_texel(sd, canvas_of):
    canvas = canvas_of(sd, size=(20, 28), prompts=3)
    dreamed = dream(sd, canvas, replace(FEW, window=64, softness=1.0, bootstrap=0.4))
    assert np.isfinite(dreamed.latents).all() and dreamed.image.shape == (160, 224, 3)


def test_colours_are_a_memory_too(sd, canvas_of):
    colours = np.full((64, 64, 4), 255, np.uint8)
    colours[:, 32:, 3] = 0
    change = np.ones((8, 8), np.float32)
    change[:, :4] = 0.0
    dreamed = dream(sd, canvas_of(sd, change=change, colours=colours), replace(FEW, memory="colours"))
    white = sd.encode(np.full((64, 64, 3), 255, np.uint8)).numpy()
    np.testing.assert_allclose(dreamed.latents[:, :, 0], white[:, :, 0], atol=1e-3)


def test_capture_stores_an_earlier_step(sd, canvas_of):
    events = []
    dreamed = dream(sd, canvas_of(sd), replace(FEW, capture=2), on_step=events.append)
    assert dreamed.steps == 2 and np.array_equal(dreamed.latents, events[1].denoised[0].numpy())
    assert np.array_equal(dreamed.image, dream(sd, canvas_of(sd), FEW).image)


def test_strength_runs_the_end_of_the_schedule(sd, canvas_of):
    memory = np.zeros((4, 8, 8), np.float32)
    events = []
    settings = DreamSettings(steps=10, strength=0.3)
    assert dream(sd, canvas_of(sd, latents=memory), settings, on_step=events.append).calls == 3
    assert [e.step for e in events] == [7, 8, 9]


def test_events_carry_what_viewers_need(sd, canvas_of):
    events = []
    dream(sd, canvas_of(sd, prompts=2), FEW, on_step=events.append)
    assert [e.step for e in events] == [0, 1, 2] and events[0].steps == 3
    assert set(events[0].branches) == {"positive", "negative"} and len(events[0].regions) == 2
    assert sd.preview(events[-1].denoised[0]).shape == (64, 64, 3)  # a small decoder: the picture itself
    assert all(a.sigma > b.sigma for a, b in itertools.pairwise(events))


def test_cancel_is_asked_before_every_call(sd, canvas_of):
    asked = iter([False, False, True])
    calls = sd.calls
    with pytest.raises(Cancelled):
        dream(sd, canvas_of(sd), FEW, cancelled=lambda: next(asked))
    assert sd.calls == calls + 2


def test_nan_names_step_and_sigma(sd, canvas_of, monkeypatch):
    honest = sd.denoise

    def broken(x, sigma, *rest, **how):
        return honest(x, sigma, *rest, **how) * (float("nan") if sigma < 5 else 1.0)

    monkeypatch.setattr(sd, "denoise", broken)
    with pytest.raises(ModelError, match=r"step 2 of 3 \(sigma"):
        dream(sd, canvas_of(sd), FEW)


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ({"change": np.zeros((8, 8), np.float32)}, "has no guide"),
        ({"noise": np.zeros((3, 8, 8), np.float32)}, "3 channels"),
        ({"noise": np.zeros((4, 7, 8), np.float32)}, "multiples of 16"),
        ({"depth": np.zeros((4, 4), np.float32)}, "depth"),
        ({"regions": ()}, "without regions"),
        ({"latents": np.zeros((4, 2, 2), np.float32)}, "latents"),
        ({"colours": np.zeros((8, 8, 4), np.uint8)}, "colours"),
        ({"region_ids": np.zeros((8, 8), np.int16)}, "region_ids"),
        ({"region_ids": np.full((64, 64), 2, np.int16)}, "region 2"),
    ],
)
def test_a_contradictory_canvas_is_refused(sd, canvas_of, parts, words):
    with pytest.raises(ValueError, match=words):
        dream(sd, canvas_of(sd, **parts), FEW)


def test_no_global_torch_state_is_touched(sd, canvas_of):
    state, grad, threads = torch.random.get_rng_state(), torch.is_grad_enabled(), torch.get_num_threads()
    dream(sd, canvas_of(sd), replace(FEW, sampler="dpmpp_sde", noise="seeded"))
    assert torch.equal(torch.random.get_rng_state(), state)
    assert torch.is_grad_enabled() == grad and torch.get_num_threads() == threads


def test_what_steers_a_remembered_place(sd, canvas_of):
    """Where a texel may change a little: stored latents by "latents", encoded colours by "colours"."""
    colours = np.full((64, 64, 4), 255, np.uint8)
    white = sd.encode(colours[..., :3])
    memory = np.full((4, 8, 8), 2.0, np.float32)
    change = np.full((8, 8), 0.01, np.float32)
    canvas, last = canvas_of(sd, change=change, latents=memory, colours=colours), []
    for source in ("latents", "colours"):
        dream(sd, canvas, replace(FEW, memory=source, change_form="threshold"), on_step=last.append)
    latents, encoded = (last[i].denoised[0] for i in (2, 5))
    assert torch.allclose(latents, torch.from_numpy(memory), atol=1e-5)
    assert torch.allclose(encoded, white, atol=1e-5)


def test_both_memories_together_are_cell_by_cell_the_one_that_tells_more(sd, canvas_of):
    stored = torch.randn((4, 8, 8), generator=torch.Generator().manual_seed(3))
    colours = np.full((64, 64, 4), 255, np.uint8)
    colours[..., :3] = sd.decode(stored)
    colours[:, 32:, :3] = np.random.default_rng(0).integers(0, 256, (64, 32, 3))  # there something else lies
    colours[:8, 32:48, 3] = 0  # and there nothing does
    canvas = canvas_of(sd, change=np.ones((8, 8), np.float32), latents=stored.numpy(), colours=colours)
    encoded, both = sd.encode(fill_unknown(colours)), guide_latents(sd, canvas, "both")[0]
    taken = (both == stored).all(0).numpy()
    assert taken[:, :4].all() and taken[0, 4:6].all() and not taken[:, 4:].all()
    assert torch.equal(both[:, ~taken], encoded[:, ~taken])
    worse = cell_errors(sd.decode(stored), colours) - cell_errors(sd.decode(encoded), colours)
    assert (worse[~taken] > 0).all() and (worse[taken & find_known_cells(colours)] <= 0).all()


def test_colours_guide_only_where_they_are_known_to(sd, canvas_of):
    colours = np.full((64, 64, 4), 255, np.uint8)
    known = np.zeros((8, 8), bool)
    known[:, :4] = True
    canvas = canvas_of(sd, change=np.ones((8, 8), np.float32), colours=colours, known_mask=known)
    other = colours.copy()
    other[:, 32:, :3] = 0
    told = [guide_latents(sd, vary(canvas, colours=those), "colours") for those in (colours, other)]
    assert told[0] is not None and torch.equal(told[0], told[1])


def test_known_colours_that_are_all_kept_are_only_encoded(sd, canvas_of):
    colours = np.random.default_rng(0).integers(0, 256, (64, 64, 4), dtype=np.uint8)
    colours[..., 3] = 255
    dreamed = dream(sd, canvas_of(sd, change=np.zeros((8, 8), np.float32), colours=colours), FEW)
    assert dreamed.calls == 0 and np.array_equal(dreamed.image, colours[..., :3])
    np.testing.assert_allclose(dreamed.latents, sd.encode(colours[..., :3]).numpy(), atol=1e-6)
