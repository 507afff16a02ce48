"""Regional Prompts: each material's prompt with the mask of its pixels."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from base.errors import InputError
from diffusion.canvas import Region
from diffusion.denoisers.regions import prepare_regions
from integrations.comfyui.prompt_nodes import RegionalPrompts, plain
from integrations.comfyui.worlds import View
from scenes.prompt_masks import make_prompt_masks
from tests.integrations.comfyui.stand_in import TinyClip, TinyModel


@pytest.mark.parametrize("softness", [0.0, 1.5])
def test_each_prompt_has_its_own_mask(view: View, softness: float) -> None:
    positive, negative = RegionalPrompts().encode(TinyClip(), view, softness, crop=True)
    found = make_prompt_masks(view.gathered.material, view.world.scene)
    regions = [Region(one.prompt, one.mask, one.negative_prompt) for one in found]
    parts = prepare_regions(regions, softness, torch.device("cpu"))
    assert {further["text"] for _, further in positive} == {one.prompt for one in found} and len(positive) > 2
    for (_, further), part in zip(positive, parts, strict=True):
        assert further["text"] == part.texts["positive"] and further["mask"][0].equal(part.mask)
        assert further["mask_strength"] == 1.0 and further["set_area_to_bounds"] is True
    total = sum(further["mask"] for _, further in positive)
    torch.testing.assert_close(total, torch.ones_like(total))
    assert len(negative) == 1 and "mask" not in negative[0][1]  # one negative prompt for all needs no mask


def test_a_model_averages_them_as_our_regions_do(view: View) -> None:
    model, sigma = TinyModel(), torch.tensor([2.0])
    positive, _ = RegionalPrompts().encode(TinyClip(), view, 1.0, crop=False)
    x = torch.linspace(-1, 1, 4 * 12 * 16).view(1, 4, 12, 16)
    made = model.predict(x, sigma, positive)
    expected = sum(further["mask"] * model.predict(x, sigma, [[vectors, {}]]) for vectors, further in positive)
    torch.testing.assert_close(made, expected)


def test_materials_with_other_negative_prompts(view: View) -> None:
    wall = next(m for m in view.world.scene.materials if m.name == "wall")
    changed = tuple(replace(m, negative_prompt="snow") if m is wall else m for m in view.world.scene.materials)
    other = replace(view, world=replace(view.world, scene=replace(view.world.scene, materials=changed)))
    _, negative = RegionalPrompts().encode(TinyClip(), other, 0.0, crop=False)
    masks = {further["text"]: further["mask"] for _, further in negative}
    assert set(masks) == {"", "snow"} and (masks[""] + masks["snow"] == 1).all() and masks["snow"].any()


@pytest.mark.parametrize(
    ("ours", "comfyui"),
    [
        ("brick wall", "brick wall"),
        ("(ivy)", "(ivy:1.1)"),
        ("[moss] on stone", "(moss:0.909091) on stone"),
        ("(brick:1.3) wall", "(brick:1.3) wall"),
        (r"\(old\)", r"\(old\)"),
        ("castle || in rain", "castle, in rain"),
    ],
)
def test_weights_in_comfyuis_syntax(ours: str, comfyui: str) -> None:
    assert plain(ours) == comfyui


@pytest.mark.parametrize("tag", ["<lora:moss:0.8>", "<style:moss.jpg:0.8>"])
def test_tags_are_refused(tag: str) -> None:
    with pytest.raises(InputError, match="has the tag of 'moss"):
        plain(f"wall {tag}")
