"""What the network does in one call: the blocks in their order, the words where they are heard, and nothing changed by looking."""

from __future__ import annotations

import copy
from dataclasses import replace

import numpy as np
import pytest
import torch

from diffusion.canvas import Cancelled
from diffusion.dream import dream, make_unguided_denoiser
from diffusion.introspection.feature_maps import MAPS
from diffusion.introspection.probe_sheets import highlight_word
from diffusion.introspection.unet_blocks import iterate_blocks
from diffusion.introspection.unet_probe import WordAttention, probe_unet
from diffusion.models.prompt_words import REST, group_words
from diffusion.settings import DreamSettings

SETTINGS = DreamSettings(steps=3, guidance="none")


def steps_of(model, canvas, settings=SETTINGS):
    """The events of a dream, each with a copy of what it started from."""
    seen = []
    dream(model, canvas, settings, on_step=lambda event: seen.append((event, event.start_latents)))
    return seen


@pytest.mark.parametrize("prompts", [1, 2])
@pytest.mark.parametrize("name", ["sd", "own", "surface"])
def test_it_is_the_dreams_own_call_bit_for_bit(name, prompts, request, canvas_of) -> None:
    model = request.getfixturevalue(name)
    canvas = canvas_of(model, (8, 12), prompts)
    for event, x in steps_of(model, canvas):
        inside = probe_unet(model, canvas, SETTINGS, x, event.sigma)
        assert np.array_equal(inside.denoised, event.denoised[0].numpy())
        assert np.array_equal(
            inside.denoised, make_unguided_denoiser(model, canvas, SETTINGS)(event.x, event.sigma)[0].numpy()
        )


def test_a_network_that_knows_surfaces_shows_its_levels_and_where_each_word_acts(surface, canvas_of) -> None:
    canvas = canvas_of(surface, (8, 12), 2)
    inside = probe_unet(surface, canvas, SETTINGS, canvas.noise, 2.0)
    names = [block.name for block in inside.blocks]
    assert names == ["in", "down 1", "down 2", "middle", "up 1", "up 2", "out"]
    assert [b.level for b in inside.blocks] == [0, 0, 1, 1, 1, 0, 0]
    assert [b.name for b in inside.blocks if b.attends_to_text] == ["middle"]
    assert [heard.prompt for heard in inside.prompts] == ["a", "bb"]
    for heard, region in zip(inside.prompts, canvas.regions, strict=True):
        assert np.allclose(heard.where.sum(0), 1, atol=1e-5)
        half = region.mask.reshape(4, 2, 6, 2).mean((1, 3))
        assert np.allclose(heard.share, half, atol=1e-3)


def test_it_is_the_few_step_networks_where_that_painted(sd, canvas_of) -> None:
    torch.manual_seed(3)
    student = copy.deepcopy(sd.unet)
    student.conv_out.weight.data.normal_(std=0.1)
    model, canvas = replace(sd, few_step_unet=student, few_steps=3), canvas_of(sd)
    few, own = SETTINGS, replace(SETTINGS, few_step=False)
    for settings in (few, own):
        event, x = steps_of(model, canvas, settings)[1]
        inside = probe_unet(model, canvas, settings, x, event.sigma)
        assert inside.few_step is (settings is few)
        assert np.array_equal(inside.denoised, event.denoised[0].numpy())


def test_looking_changes_no_dream(sd, canvas_of) -> None:
    canvas, chosen = canvas_of(sd, prompts=2), replace(SETTINGS, guidance="cfg")
    before = dream(sd, canvas, chosen)
    event, x = steps_of(sd, canvas, chosen)[1]
    probe_unet(sd, canvas, chosen, x, event.sigma)
    after = dream(sd, canvas, chosen)
    assert np.array_equal(before.latents, after.latents) and np.array_equal(before.image, after.image)


def test_blocks_come_in_the_order_of_the_data(sd, canvas_of) -> None:
    canvas = canvas_of(sd, (8, 12))
    blocks = probe_unet(sd, canvas, SETTINGS, canvas.noise, 5.0).blocks
    told = [(block.name, block.level, block.attends_to_text, block.shape) for block in blocks]
    assert told == [
        ("in", 0, False, (8, 8, 12)),
        ("down 1", 0, True, (8, 4, 6)),
        ("down 2", 1, False, (16, 4, 6)),
        ("middle", 1, True, (16, 4, 6)),
        ("up 1", 1, False, (16, 8, 12)),
        ("up 2", 0, True, (8, 8, 12)),
        ("out", 0, False, (4, 8, 12)),
    ]
    for block in blocks:
        channels, height, width = block.shape
        assert block.maps.shape == (min(channels, MAPS), height, width) and block.maps.dtype == np.uint8
        assert block.strength.shape == (height, width) and block.strength.max() == 255
        assert len(set(block.channels)) == len(block.maps) and block.seconds > 0


def test_maps_are_those_of_the_network(sd, canvas_of) -> None:
    """The last block's channels are what the network says: its numbers come back from the pictures up to their rounding."""
    canvas = canvas_of(sd)
    said = []
    with sd.unet.conv_out.register_forward_hook(lambda *call: said.append(call[-1][0])):
        out = probe_unet(sd, canvas, SETTINGS, canvas.noise, 5.0).blocks[-1]
    deviations = said[0].std((1, 2), correction=0)
    assert out.channels == tuple(deviations.argsort(descending=True).tolist())
    for channel, picture in zip(out.channels, out.maps, strict=True):
        numbers = said[0][channel].numpy()
        inner = (picture > 0) & (picture < 255)
        assert inner.mean() > 0.9 and np.corrcoef(numbers[inner], picture[inner])[0, 1] > 0.999
    assert np.isclose(out.energy, said[0].square().mean() ** 0.5)


def test_attention_to_all_words_sums_to_one_at_every_pixel(own, canvas_of) -> None:
    canvas = canvas_of(own, (8, 12), 3)
    prompts = probe_unet(own, canvas, SETTINGS, canvas.noise, 5.0).prompts
    assert {heard.prompt for heard in prompts} == {"a", "bb", "ccc"}
    assert np.allclose(sum(heard.share for heard in prompts), 1)
    for heard in prompts:
        assert heard.words == (*heard.prompt, REST) and heard.where.shape == (len(heard.words), 8, 12)
        assert np.allclose(heard.where.sum(0), 1, atol=1e-5) and heard.where.min() >= 0
        region = next(region for region in canvas.regions if region.prompt == heard.prompt)
        assert np.array_equal(heard.share, region.mask)


def test_attention_maps_equal_the_kernels_weights(sd, canvas_of) -> None:
    """With values that are 1 for one token and 0 for the others, attention itself says what that token's weight is."""
    canvas = canvas_of(sd)
    prompt, row = canvas.regions[0].prompt, 1
    seen = []

    def told(attention, inputs, named, _):
        if inputs[0].shape[1] != canvas.noise[0].size:
            return
        heads = lambda t: t.unflatten(-1, (attention.heads, -1)).transpose(1, 2)  # noqa: E731
        key = heads(attention.to_k(named["encoder_hidden_states"]))
        value = torch.zeros_like(key)
        value[:, :, row] = 1
        weights = torch.nn.functional.scaled_dot_product_attention(heads(attention.to_q(inputs[0])), key, value)
        seen.append(weights[0, :, :, 0].mean(0).reshape(canvas.noise[0].shape))

    ears = [
        m for part in iterate_blocks(sd.unet) for m in part.first.modules() if getattr(m, "is_cross_attention", False)
    ]
    hooks = [ear.register_forward_hook(told, with_kwargs=True) for ear in ears]
    heard = probe_unet(sd, canvas, SETTINGS, canvas.noise, 5.0).prompts[0]
    for hook in hooks:
        hook.remove()
    assert dict(sd.text.words(prompt))["a"] == (row,) and len(seen) == 3
    assert np.allclose(heard.where[heard.words.index("a")], torch.stack(seen).mean(0), atol=1e-5)


def test_nothing_stays_behind_whatever_happens(own, canvas_of) -> None:
    canvas = canvas_of(own, prompts=2)
    processors = dict(own.unet.attn_processors)
    asked = []

    def tired() -> bool:
        asked.append(1)
        return len(asked) > 3

    with pytest.raises(Cancelled):
        probe_unet(own, canvas, SETTINGS, canvas.noise, 5.0, cancelled=tired)
    assert len(asked) == 4
    with pytest.raises(RuntimeError):
        probe_unet(own, canvas, SETTINGS, canvas.noise[:3], 5.0)
    assert own.unet.attn_processors == processors
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in own.unet.modules())


def test_words_keep_their_rows_together() -> None:
    assert group_words(["", " cobble", "stone", " wall", "", ""]) == (
        ("cobblestone", (1, 2)),
        ("wall", (3,)),
        (REST, (0, 4, 5)),
    )
    assert group_words(["", ""]) == ((REST, (0, 1)),)


def test_clip_spells_its_words(sd) -> None:
    words = sd.text.words("moss on it")
    assert sorted(row for _, rows in words for row in rows) == list(range(77))
    assert words[-1][0] == REST and "".join(word for word, _ in words[:-1]) == "mossonit"


def test_a_words_sheet_shows_the_picture_where_the_word_acts() -> None:
    where = np.broadcast_to(np.linspace(0, 1, 4, dtype=np.float32), (2, 4, 4)).copy()
    share = np.ones((4, 4), np.float32)
    share[3] = 0
    picture = np.full((32, 32, 3), 200, np.uint8)
    seen = highlight_word(picture, WordAttention("a b", ("a", "b"), where, share), 0)
    assert seen.shape == picture.shape
    assert (np.diff(seen[4, :, 0].astype(int)) >= 0).all() and seen[4, 0, 0] == 40 and seen[4, -1, 0] == 200
    assert not seen[-1].any()
