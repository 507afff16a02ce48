"""Regions, windows, executions: what they compose to, on evaluators that can be computed by hand and on a tiny U-Net."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from diffusion.canvas import Region
from diffusion.denoisers.masks import blur, bounding_box, normalise, soften
from diffusion.denoisers.regions import EXECUTIONS, RegionComposer, prepare_regions
from diffusion.denoisers.windows import Box, feather_weights, tile_windows
from diffusion.dream import dream
from diffusion.models.attention import _attend_everywhere, _attend_per_region
from diffusion.models.region_masks import mask_pyramid
from diffusion.sampling.schedules import Timeline
from diffusion.settings import DreamSettings

LINE = Timeline((8.0, 4.0, 2.0, 1.0, 0.0))
WORDS = ["", "stone", "grass", "sky", "water"]
CONTEXTS = {word: torch.full((1, 2, 3), float(i)) for i, word in enumerate(WORDS)}


def pointwise(calls=None):
    """An evaluator that sees one pixel: x/2 + the prompt's number, so every execution must agree exactly."""

    def evaluate(x, sigma, context, geometry, regions):
        if calls is not None:
            calls.append(tuple(x.shape))
        number = context[:, 0, 0].view(-1, 1, 1, 1)
        if regions is not None:
            numbers = regions["contexts"][:, 0, 0].view(-1, 1, 1) * regions["weights"]
            number = torch.zeros((x.shape[0], *x.shape[-2:])).index_add_(0, regions["owners"], numbers)[:, None]
        return x / 2 + number + (0 if geometry is None else geometry)

    return evaluate


def composed(regions, settings=DreamSettings(), size=(8, 12), calls=None, geometry=None, **more):  # noqa: B008
    parts = prepare_regions(regions, settings.softness, torch.device("cpu"))
    noise = torch.ones((1, 4, *size))
    return RegionComposer(pointwise(calls), parts, CONTEXTS, geometry, noise, LINE, settings, **more)


def stripes(size=(8, 12), words=("stone", "grass", "sky")):
    turn = np.broadcast_to(np.arange(size[1]) * len(words) // size[1], size)
    return tuple(Region(w, (turn == i).astype(np.float32)) for i, w in enumerate(words))


@pytest.mark.parametrize("execution", EXECUTIONS)
@pytest.mark.parametrize("window", [0, 32, 64])
def test_every_execution_gives_each_pixel_its_own_prompt(execution, window):
    x = torch.randn((1, 4, 8, 12), generator=torch.Generator().manual_seed(0))
    chosen = DreamSettings(execution=execution, window=window, batch=3)
    out = composed(stripes(), chosen, multiple=2, geometry=torch.ones(1, 1, 8, 12)).branches(
        x, 8.0, ("positive", "negative")
    )
    numbers = torch.arange(12) // 4 + 1.0
    assert torch.allclose(out["positive"], x / 2 + numbers + 1, atol=1e-5)
    assert torch.allclose(out["negative"], x / 2 + 1, atol=1e-5)


def test_calls_of_each_execution():
    made = {}
    for execution in EXECUTIONS:
        calls = made.setdefault(execution, [])
        chosen = DreamSettings(execution=execution, batch=2)
        composed(stripes(), chosen, calls=calls).branches(torch.zeros(1, 4, 8, 12), 8.0, ("positive", "negative"))
    assert made["sequential"] == [(1, 4, 8, 12)] * 4  # three prompts and a shared unconditional
    assert made["batched"] == [(2, 4, 8, 12)] * 2
    assert made["attention"] == [(2, 4, 8, 12)]  # one view for each branch
    assert sorted(shape[-1] for shape in made["cropped"]) == [5, 6, 12] and sum(s[0] for s in made["cropped"]) == 4


def test_regions_have_their_time():
    early, late = stripes(words=("stone", "grass"))
    shared = np.ones((8, 12), np.float32)
    regions = (replace(early, mask=shared, end=0.5), replace(late, mask=shared, start=0.5))
    composition, x = composed(regions), torch.zeros(1, 4, 8, 12)
    assert torch.equal(composition.branches(x, 8.0, ("positive",))["positive"], torch.full_like(x, 1.0))
    assert torch.equal(composition.branches(x, 1.0, ("positive",))["positive"], torch.full_like(x, 2.0))


def test_where_no_region_is_active_its_owner_is():
    first, second = stripes(words=("stone", "grass"))
    out = composed((first, replace(second, start=0.9))).branches(torch.zeros(1, 4, 8, 12), 8.0, ("positive",))[
        "positive"
    ]
    assert out[..., :6].eq(1).all() and out[..., 6:].eq(2).all()


def test_what_no_mask_covers_is_the_first_regions():
    empty = np.zeros((8, 12), np.float32)
    half = empty.copy()
    half[:, 6:] = 1
    out = composed((Region("stone", empty), Region("grass", half))).branches(
        torch.zeros(1, 4, 8, 12), 8.0, ("positive",)
    )
    assert out["positive"][..., :6].eq(1).all() and out["positive"][..., 6:].eq(2).all()


def test_bootstrapping_shows_a_region_before_a_plain_colour():
    """Equation 9: what is not the region's is a constant, noised to sigma with the run's noise; afterwards everyone sees x."""
    seen = []

    def evaluate(x, sigma, context, geometry, regions):
        seen.append(x)
        return x

    regions = stripes(words=("stone", "grass"))
    chosen = DreamSettings(bootstrap=0.3, execution="sequential")
    parts, noise = prepare_regions(regions, 0, torch.device("cpu")), torch.ones((1, 4, 8, 12))
    backgrounds = torch.full((1, 4), 5.0)
    composition = RegionComposer(evaluate, parts, CONTEXTS, None, noise, LINE, chosen, backgrounds=backgrounds)
    x = torch.zeros(1, 4, 8, 12)
    composition.branches(x, 8.0, ("positive",))
    assert seen[0][..., :6].eq(0).all() and seen[0][..., 6:].eq(5 + 8).all()
    assert seen[1][..., :6].eq(5 + 8).all() and seen[1][..., 6:].eq(0).all()
    seen.clear()
    composition.branches(x, 2.0, ("positive",))
    assert all(t.eq(0).all() for t in seen)


def test_regional_attention_with_one_prompt_is_plain(sd, canvas_of):
    """Equal prompts are one job; unequal ones with equal contexts go through the regional processor and change nothing."""
    canvas, chosen = canvas_of(sd, prompts=2), DreamSettings(steps=2, execution="batched")
    context = sd.context(["a"])[0]
    masks = torch.stack([torch.from_numpy(r.mask) for r in canvas.regions])
    regions = {"contexts": context.repeat(2, 1, 1), "owners": torch.zeros(2, dtype=torch.long), "weights": masks}
    x = torch.randn((1, 4, 8, 8), generator=torch.Generator().manual_seed(0)) * 5
    assert torch.allclose(sd.denoise(x, 5.0, context, None, regions), sd.denoise(x, 5.0, context), atol=1e-4)
    both = dream(sd, canvas, replace(chosen, execution="attention"))
    assert not np.allclose(both.latents, dream(sd, canvas, chosen).latents)  # its own method


@given(st.integers(0, 2**31 - 1), st.integers(1, 2), st.integers(1, 5), st.booleans())
@settings(deadline=None, max_examples=30)
def test_hearing_where_it_counts_is_hearing_everywhere_and_weighing(seed, views, prompts, soft):
    """For any masks, tight or overlapping, with prompts that no pixel hears, and backwards too."""
    g = torch.Generator().manual_seed(seed)
    query = torch.randn(views, 2, 12, 4, generator=g)
    owners = torch.arange(views).repeat_interleave(prompts)
    key, value = torch.randn(2, len(owners), 2, 5, 4, generator=g)
    weights = torch.rand(views, prompts, 12, generator=g)
    weights = weights / weights.sum(1, keepdim=True) if soft else (weights == weights.amax(1, keepdim=True)).float()
    found = []
    for form in (_attend_per_region, _attend_everywhere):
        inputs = [t.clone().requires_grad_() for t in (query, key, value)]
        mixed = form(F.scaled_dot_product_attention, *inputs, owners, weights.flatten(0, 1))
        mixed.square().sum().backward()
        found.append([mixed.detach(), *(t.grad for t in inputs)])
    for a, b in zip(*found, strict=True):
        assert torch.allclose(a, b, atol=1e-4, rtol=1e-4)


def test_regional_attention_views_do_not_mix(sd):
    a, b = sd.context(["a", "zebra"])
    x = torch.randn((2, 4, 8, 8), generator=torch.Generator().manual_seed(0)) * 5
    half = torch.zeros(1, 8, 8)
    half[..., :4] = 1
    regions = {
        "contexts": torch.cat([a, b, b]),
        "owners": torch.tensor([0, 0, 1]),
        "weights": torch.cat([half, 1 - half, torch.ones(1, 8, 8)]),
    }
    both = sd.denoise(x, 5.0, torch.cat([a, b]), None, regions)
    assert torch.allclose(both[1:], sd.denoise(x[1:], 5.0, b), atol=1e-4)
    alone = {"contexts": torch.cat([a, b]), "owners": torch.tensor([0, 0]), "weights": torch.cat([half, 1 - half])}
    assert torch.allclose(both[:1], sd.denoise(x[:1], 5.0, a, None, alone), atol=1e-4)


@given(height=st.integers(1, 33), width=st.integers(1, 33), regions=st.integers(1, 4), levels=st.integers(1, 4))
@settings(max_examples=30)
def test_pyramids_sum_to_one_at_every_level(height, width, regions, levels):
    masks = torch.softmax(torch.randn((regions, height, width), generator=torch.Generator().manual_seed(0)) * 3, 0)
    for pixels, level in mask_pyramid(masks, levels).items():
        assert level.shape == (regions, pixels) and torch.allclose(level.sum(0), torch.ones(pixels), atol=1e-5)


@given(
    regions=st.integers(1, 5),
    height=st.integers(1, 20),
    width=st.integers(1, 20),
    softness=st.floats(0, 4),
    seed=st.integers(0, 99),
)
@settings(max_examples=40)
def test_masks_sum_to_one(regions, height, width, softness, seed):
    masks = (torch.rand((regions, height, width), generator=torch.Generator().manual_seed(seed)) > 0.6).float()
    soft = normalise(soften(normalise(masks), softness))
    assert torch.allclose(soft.sum(0), torch.ones(height, width), atol=1e-5) and (soft >= 0).all()


def test_blur_keeps_flat_masks_and_spreads_edges():
    assert torch.allclose(blur(torch.ones(1, 9, 9), 2.0), torch.ones(1, 9, 9))
    edge = torch.zeros(1, 9, 16)
    edge[..., 8:] = 1
    row = blur(edge, 1.5)[0, 4]
    assert (row.diff() >= -1e-6).all() and row[7] == pytest.approx(1 - float(row[8]), abs=1e-5)


@given(
    height=st.integers(1, 60),
    width=st.integers(1, 60),
    window=st.integers(1, 40),
    overlap=st.floats(0, 0.9),
    multiple=st.sampled_from([1, 2, 4]),
)
@settings(max_examples=80)
def test_windows_cover_everything_with_positive_weight(height, width, window, overlap, multiple):
    boxes = tile_windows((height, width), window, overlap, multiple)
    weight = torch.zeros(height, width)
    for box in boxes:
        feather = feather_weights(box, (height, width))
        assert feather.shape == (box.height, box.width) and (feather > 0).all() and (feather <= 1).all()
        box.cut(weight).add_(feather)
    assert (weight > 0).all() and len(set(boxes)) == len(boxes)


def test_a_single_window_has_weight_one_everywhere():
    assert feather_weights(Box.whole((5, 7)), (5, 7)).eq(1).all()


@given(top=st.integers(0, 15), left=st.integers(0, 15), bottom=st.integers(0, 15), right=st.integers(0, 15))
def test_bounding_boxes_hold_the_mask(top, left, bottom, right):
    mask = torch.zeros(16, 16)
    mask[min(top, bottom) : max(top, bottom) + 1, min(left, right) : max(left, right) + 1] = 1
    box = bounding_box(mask, 4, margin=1)
    assert box.cut(mask).sum() == mask.sum() and box.height % 4 == 0 and box.width % 4 == 0
    assert box.top >= 0 and box.top + box.height <= 16 and box.left >= 0 and box.left + box.width <= 16
