"""Looking into the networks of Stable Diffusion 1.x, 2.x and XL: other depths than the embedded one's, and levels that hear no prompt."""

from __future__ import annotations

import numpy as np
import pytest

from diffusion.dream import dream
from diffusion.introspection.unet_probe import probe_unet
from diffusion.loaders.loading import load_model
from diffusion.settings import DreamSettings
from engine.unet_view.layout import find_partners, lay_out

SETTINGS = DreamSettings(steps=2, guidance="none")
# name, level, whether it hears the prompt
FOUR_LEVELS = [
    ("in", 0, False),
    ("down 1", 0, True),
    ("down 2", 1, True),
    ("down 3", 2, True),
    ("down 4", 3, False),
    ("middle", 3, True),
    ("up 1", 3, False),
    ("up 2", 2, True),
    ("up 3", 1, True),
    ("up 4", 0, True),
    ("out", 0, False),
]
XL = [
    ("in", 0, False),
    ("down 1", 0, False),
    ("down 2", 1, True),
    ("down 3", 2, True),
    ("middle", 2, True),
    ("up 1", 2, True),
    ("up 2", 1, True),
    ("up 3", 0, False),
    ("out", 0, False),
]
FAMILIES = {"sd1": (FOUR_LEVELS, (8, 16)), "sd2": (FOUR_LEVELS, (8, 16)), "xl": (XL, (4, 8))}


@pytest.fixture(params=FAMILIES)
def looked(request, canvas_of):
    """(family, canvas, the event of a dream's last step, what was seen inside)."""
    model = load_model(request.getfixturevalue(f"{request.param}_folder"), "cpu")
    canvas = canvas_of(model, (8, 16), 2)
    events = []
    dream(model, canvas, SETTINGS, on_step=lambda event: events.append((event, event.start_latents)))
    event, start = events[-1]
    return request.param, canvas, event, probe_unet(model, canvas, SETTINGS, start, event.sigma)


def test_blocks_are_named_and_placed_and_drawn_in_their_u(looked) -> None:
    family, _, event, inside = looked
    blocks, _ = FAMILIES[family]
    assert [(block.name, block.level, block.attends_to_text) for block in inside.blocks] == blocks
    assert np.array_equal(inside.denoised, event.denoised[0].numpy())
    across = [(inside.blocks[a].name, inside.blocks[b].name) for a, b in find_partners(inside.blocks)]
    levels = sum(name.startswith("down") for name, _, _ in blocks)
    assert across == [(f"down {n}", f"up {levels + 1 - n}") for n in range(1, levels + 1)]
    anatomy = lay_out(inside.blocks)
    depths = [float(slab.place[1]) for slab in anatomy.slabs]
    middle = next(i for i, block in enumerate(inside.blocks) if block.kind == "middle")
    assert depths[middle] == min(depths) and depths[0] == depths[-1] == max(depths)
    assert np.isfinite(anatomy.points).all()


def test_attention_is_read_at_the_finest_level_that_attends(looked) -> None:
    family, canvas, _, inside = looked
    assert {heard.prompt for heard in inside.prompts} == {region.prompt for region in canvas.regions}
    for heard in inside.prompts:
        assert heard.where.shape[1:] == FAMILIES[family][1]
        assert np.allclose(heard.where.sum(0), 1, atol=1e-5)
    assert np.allclose(sum(heard.share for heard in inside.prompts), 1, atol=1e-6)
