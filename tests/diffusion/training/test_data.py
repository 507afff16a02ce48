"""The drawn world: every material draws, patterns repeat at a patch's border, views know their depth and surfaces."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from diffusion.models.depth import FARTHEST, NEAREST
from diffusion.training.data.adjectives import ADJECTIVES, COLOURS, recolour
from diffusion.training.data.bank import CHANNELS, build_bank, draw_surface, pack
from diffusion.training.data.captions import LIGHT_WORDS, STYLE_WORDS, Mood, Surface, caption
from diffusion.training.data.light import LIGHTS, STYLES
from diffusion.training.data.materials import MATERIALS, Layers
from diffusion.training.data.materials.patterns import PATCH, Patch, colour
from diffusion.training.data.views import SLOTS, World, depth_channel, paint, trace_world

TEXELS = 8


@pytest.mark.parametrize("name", MATERIALS)
def test_every_material_draws_layers_in_range(name: str) -> None:
    layers = draw_surface(Surface(name), 3, TEXELS)
    assert layers.albedo.shape == (3, PATCH * TEXELS, PATCH * TEXELS)
    assert torch.isfinite(layers.albedo).all() and torch.isfinite(layers.height).all()
    assert float(layers.albedo.min()) > -0.5 and float(layers.albedo.max()) < 1.6
    assert float(layers.albedo.std()) > 0.005
    assert pack(layers).shape == (CHANNELS, PATCH * TEXELS, PATCH * TEXELS)


@pytest.mark.parametrize("word", ADJECTIVES)
def test_every_adjective_changes_the_surface(word: str) -> None:
    plain = pack(draw_surface(Surface("brick"), 3, TEXELS))
    changed = pack(draw_surface(Surface("brick", (word,)), 3, TEXELS))
    assert float((plain - changed).abs().mean()) > 0.01


@given(st.sampled_from(list(COLOURS)), st.sampled_from(["brick", "tiles", "grass", "snow"]))
@settings(max_examples=20)
def test_a_colour_word_brings_the_mean_near_its_colour(word: str, material: str) -> None:
    layers = recolour(draw_surface(Surface(material), 1, TEXELS), word)
    assert float((layers.albedo.mean((1, 2)) - colour(COLOURS[word]).view(3)).abs().max()) < 0.22


def test_at_least_24_materials_with_enough_words_and_none_shared() -> None:
    assert len(MATERIALS) >= 24
    for material in MATERIALS.values():
        assert len(material.nouns) >= 8 and len(material.held_out) == 3
        assert not set(material.nouns) & set(material.held_out)
    held_out = {noun for m in MATERIALS.values() for noun in m.held_out}
    assert not held_out & {noun for m in MATERIALS.values() for noun in m.nouns}


@given(st.integers(0, 2**31), st.floats(0.3, 3.0))
@settings(max_examples=10)
def test_noise_is_normalised_and_wraps(seed: int, size: float) -> None:
    field = Patch(seed, texels=TEXELS).fbm(size, 2.0)
    assert abs(float(field.mean())) < 0.05 and abs(float(field.std()) - 1) < 1e-3
    jump = (field[:, 0] - field[:, -1]).abs().mean()
    inside = (field[:, 1:] - field[:, :-1]).abs().mean(0).max()
    assert float(jump) <= 1.5 * float(inside)


def test_bricks_meet_at_the_border_and_have_their_size() -> None:
    bond = Patch(0, texels=16).courses(0.8, 0.34, 0.5)
    assert float(bond.edge.min()) >= 0 and float(bond.edge.max()) <= 0.2
    assert len(bond.tone[:, 0].unique()) == 24  # 8 / 0.34, rounded to an even number of courses


def test_depth_channel_is_absolute_and_follows_the_focal_length() -> None:
    z = torch.tensor([NEAREST, FARTHEST, math.inf, 5.657])
    assert torch.allclose(depth_channel(z), torch.tensor([1.0, -1.0, -1.0, 0.0]), atol=1e-3)
    # twice the focal length shows a surface as large as at half the distance
    assert torch.allclose(depth_channel(torch.tensor([8.0]), 2 * 27.7), depth_channel(torch.tensor([4.0])))


def test_a_cast_box_stands_where_it_was_put() -> None:
    box = np.array([[[-1, 0, -6], [1, 3, -5]]], float)
    world = World(box, np.array([1]), np.array([0, 1.5, 0.0]), 0.0, 0.0, 27.7 * 8, 64)
    hit = trace_world(world)
    assert int(hit["slot"][32, 32]) == 1 and float(hit["z"][32, 32]) == pytest.approx(5.0, abs=1e-4)
    assert hit["normal"][:, 32, 32].tolist() == [0, 0, 1]
    tilted = trace_world(World(box[:0], box[:0, 0, 0].astype(int), np.array([0, 2.0, 0]), 0.3, -0.4, 100.0, 64))
    down = tilted["slot"] == 0
    ground = tilted["eye"] + tilted["rays"] * torch.where(down, tilted["z"], torch.zeros(()))
    assert float(ground[1][down].abs().max()) < 1e-3
    assert bool(torch.isinf(tilted["z"][tilted["slot"] == SLOTS - 1]).all())


@pytest.mark.parametrize("light", LIGHTS)
@pytest.mark.parametrize("style", ["", *STYLES])
def test_pictures_repeat_and_differ_by_light(light: str, style: str) -> None:
    bank = build_bank([Surface("brick"), Surface("clouds")], 1, texels=TEXELS)
    box = np.array([[[-1, 0, -6], [1, 3, -5]]], float)
    world = World(box, np.array([1]), np.array([0, 1.5, 0.0]), 0.0, 0.1, 27.7 * 4, 64)
    first, again = (paint(world, bank, [0, 0, 0, 1], Mood(light, style), 4) for _ in range(2))
    assert torch.equal(first.image, again.image)
    assert first.depth.shape == (8, 8) and first.slots.shape == (SLOTS, 8, 8)
    assert bool(((first.slots.int().sum(0) - 255).abs() <= 2).all())
    night = paint(world, bank, [0, 0, 0, 1], Mood("noon" if light == "night" else "night", style), 4)
    assert float((first.image.float() - night.image.float()).abs().mean()) > 3


@given(st.integers(0, 2**31), st.sampled_from(list(MATERIALS)), st.sampled_from(list(LIGHTS)), st.booleans())
@settings(max_examples=40)
def test_captions_name_what_is_there(seed: int, name: str, light: str, said: bool) -> None:
    rng = np.random.default_rng(seed)
    text = caption([Surface(name, ("wet",), "blue")], Mood(light, "pencil", said), rng)
    assert any(noun in text for noun in MATERIALS[name].nouns)
    assert "blue" in text and any(w in text for w in ADJECTIVES["wet"].words)
    assert any(w in text for w in STYLE_WORDS["pencil"])
    assert not said or any(w in text for w in LIGHT_WORDS[light])


def test_wet_makes_gloss_and_glow_survives_layers() -> None:
    wet = draw_surface(Surface("cobble", ("wet",)), 2, TEXELS)
    assert isinstance(wet, Layers) and float(torch.as_tensor(wet.gloss).mean()) > 0.4
    assert draw_surface(Surface("lava"), 2, TEXELS).glow is not None
