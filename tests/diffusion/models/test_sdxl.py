"""Stable Diffusion XL: what regions make of a vector that all pixels share, and what a canvas' size is told as."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest
import torch
from diffusers import StableDiffusionXLPipeline

from base.errors import InputError
from diffusion.denoisers.regions import EXECUTIONS
from diffusion.dream import dream
from diffusion.loaders.loading import load_model
from diffusion.models.sdxl_conditioning import pooled_vectors, size_condition
from diffusion.settings import DreamSettings

SETTINGS = DreamSettings(steps=4, sampler="ddim", spacing="trailing", scale=3.0, guidance_start=0.0, softness=0.0)
CLOSE = {"atol": 2e-5, "rtol": 2e-4}


def test_what_it_says_of_itself(xl, sd) -> None:
    assert (xl.channels, xl.takes_depth, xl.multiple, xl.native, xl.prediction) == (4, False, 32, 64, "epsilon")
    assert xl.text.pooled == 12 and sd.text.pooled == 0
    assert xl.context(["a"])[0].shape == (1, 78, 28) and not xl.context([""])[0].any()


def test_an_empty_prompt_is_encoded_where_the_model_says_so(xl_folder, tmp_path) -> None:
    folder = shutil.copytree(xl_folder, tmp_path / "xl")
    index = json.loads((folder / "model_index.json").read_text()) | {"force_zeros_for_empty_prompt": False}
    (folder / "model_index.json").write_text(json.dumps(index))
    ours = load_model(folder, "cpu").context([""])[0]
    pipe = StableDiffusionXLPipeline.from_pretrained(folder, local_files_only=True)
    rows, _, vector, _ = pipe.encode_prompt("", do_classifier_free_guidance=False)
    assert torch.allclose(ours[:, :-1], rows, atol=1e-6) and torch.allclose(ours[:, -1, :12], vector, atol=1e-6)


@pytest.mark.parametrize(("first", "second"), [("mossy wall", "a sky"), ("moss", ""), ("a " * 100, "sky")])
def test_each_text_encoder_reads_its_own_words(xl, xl_folder, first, second) -> None:
    pipe = StableDiffusionXLPipeline.from_pretrained(xl_folder, local_files_only=True)
    ours = xl.context([f"{first} || {second}"])[0]
    if len(first) < 50:  # diffusers cuts what is longer
        rows, _, vector, _ = pipe.encode_prompt(first, prompt_2=second or " ", do_classifier_free_guidance=False)
        assert torch.allclose(ours[:, -1, :12], vector, atol=1e-6) and torch.allclose(ours[:, :-1], rows, atol=1e-6)
    left, right, empty = (xl.context([words])[0] for words in (first, second or " ", " "))
    assert torch.equal(ours[:, :-1, :12], left[:, :-1, :12])
    assert torch.equal(ours[:, :77, 12:], right[:, :77, 12:]) and torch.equal(ours[:, -1, :12], right[:, -1, :12])
    if ours.shape[1] > 78:
        assert torch.equal(ours[:, 77:-1, 12:], empty[:, :77, 12:].repeat(1, (ours.shape[1] - 78) // 77, 1))


def test_one_text_encoder_reads_a_comma(sd, xl) -> None:
    assert torch.equal(sd.context(["moss || a sky"])[0], sd.context(["moss, a sky"])[0])
    assert sd.text.unread_syntax(["moss"]) == () == xl.text.unread_syntax(["a || b"])
    assert sd.text.unread_syntax(["a || b"]) == (
        "|| in a prompt has no effect: the model has only one text encoder, so it is read as a comma.",
    )


def test_a_small_canvas_is_declared_as_the_models_own_size() -> None:
    assert size_condition(1024, 1024, 1024) == (1024, 1024, 0, 0, 1024, 1024)
    assert size_condition(896, 1152, 1024) == (896, 1152, 0, 0, 896, 1152)  # one of its own shapes
    assert size_condition(512, 512, 1024)[:2] == (1024, 1024) and size_condition(256, 512, 1024)[:2] == (512, 1024)
    assert size_condition(2048, 1536, 1024)[:2] == (2048, 1536)


def test_prompts_that_share_a_call_share_their_vectors_by_area(xl) -> None:
    contexts = torch.cat(xl.context(["moss", "stone", "sky"]))
    weights = torch.zeros(3, 4, 4)
    weights[0, :1], weights[1, 1:], weights[2] = 1, 1, 1
    regions = {"contexts": contexts, "weights": weights, "owners": torch.tensor([0, 0, 1])}
    vectors = pooled_vectors(contexts[:2], 12, regions)
    moss, stone, sky = contexts[:, -1, :12]
    assert torch.allclose(vectors[0], 0.25 * moss + 0.75 * stone, atol=1e-6) and torch.allclose(vectors[1], sky)


@pytest.mark.parametrize("execution", EXECUTIONS)
def test_one_prompt_everywhere_is_the_same_dream_however_it_is_carried_out(xl, canvas_of, execution) -> None:
    """Two regions of one prompt are one region."""
    one, two = canvas_of(xl, (8, 12)), canvas_of(xl, (8, 12), 2)
    two = replace(two, regions=tuple(replace(r, prompt=one.regions[0].prompt) for r in two.regions))
    chosen = replace(SETTINGS, execution=execution)
    assert np.allclose(dream(xl, two, chosen).latents, dream(xl, one, SETTINGS).latents, **CLOSE)


@pytest.mark.parametrize("execution", ["batched", "sequential"])
def test_each_region_has_its_own_vector_where_it_has_its_own_call(xl, canvas_of, execution) -> None:
    """Each pixel of one step without guidance is what its own prompt alone predicts there."""
    canvas = canvas_of(xl, (8, 12), 2)
    chosen = replace(SETTINGS, execution=execution, guidance="none", steps=1)
    both = dream(xl, canvas, chosen).latents
    for region in canvas.regions:
        alone = replace(canvas, regions=(replace(region, mask=np.ones_like(region.mask)),))
        where = region.mask > 0
        assert np.allclose(both[:, where], dream(xl, alone, chosen).latents[:, where], **CLOSE)


def test_the_vector_matters(xl, canvas_of) -> None:
    """Otherwise the tests above would hold without it."""
    context = xl.context(["moss"])[0]
    other = context.clone()
    other[:, -1] = xl.context(["sky"])[0][:, -1]
    x = torch.from_numpy(canvas_of(xl).noise)[None] * 5
    assert not torch.allclose(xl.denoise(x, 5.0, context), xl.denoise(x, 5.0, other), atol=1e-4)


def test_a_refiner_is_refused(xl_folder, tmp_path) -> None:
    folder = shutil.copytree(xl_folder, tmp_path / "xl")
    config = folder / "unet" / "config.json"
    numbers = {"projection_class_embeddings_input_dim": 5 * 8 + 12}
    config.write_text(json.dumps(json.loads(config.read_text()) | numbers))
    with pytest.raises(InputError, match="is a refiner"):
        load_model(folder, "cpu")
