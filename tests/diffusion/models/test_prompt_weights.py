"""What weights and length do to a context: compel's formula on CLIP and on MiniLM, and chunks that nobody misses."""

from __future__ import annotations

import math

import pytest
import torch
from compel import Compel

from diffusion.models.clip import pad_contexts
from diffusion.models.minilm import TOKEN_GAIN, TOKENS, WIDTH, MiniLMEncoder, _load, model_folder


@pytest.fixture(scope="module")
def minilm() -> MiniLMEncoder:
    return MiniLMEncoder()


def clip_states(model, ids, mask=None):
    """[77,D] of a tiny CLIP, asked directly."""
    return model(torch.tensor([ids]), attention_mask=None if mask is None else torch.tensor([mask]))[0][0]


def clip_ids(clip, letters):
    start, end = clip.tokenizer.bos_token_id, clip.tokenizer.eos_token_id
    words = clip.tokenizer(letters, add_special_tokens=False).input_ids
    return [start, *words, end, *[clip.tokenizer.pad_token_id] * (75 - len(words))]


@torch.inference_mode()
def test_a_strong_word_on_clip(sd):
    clip = sd.text._encoder.clips[0]
    plain, empty = (clip_states(clip.model, clip_ids(clip, words)) for words in ("a b c", ""))
    wanted = plain.clone()
    wanted[2] = empty[2] + 1.5 * (plain[2] - empty[2])
    assert torch.allclose(sd.context(["a (b:1.5) c"])[0][0], wanted, atol=1e-6)
    assert torch.equal(sd.context(["a (b:1.0) c"])[0], sd.context(["a b c"])[0])


@torch.inference_mode()
@pytest.mark.parametrize("weight", [0.7, 0.25, 0.0, -0.5])
def test_weak_words_on_clip(sd, weight):
    """compel: the scaled states, blended with those that nothing weak is attended in, by tan((1 - w)·90°)."""
    clip = sd.text._encoder.clips[0]
    ids, empty = clip_ids(clip, "a b c d"), clip_states(clip.model, clip_ids(clip, ""))

    def scaled(mask):
        states = clip_states(clip.model, ids, mask).clone()
        for row, factor in ((2, weight), (4, 0.9)):
            states[row] = empty[row] + factor * (states[row] - empty[row])
        return states

    first, second = ([int(i != row) for i in range(77)] for row in (2, 4))
    shares = [1.0, *(math.tan((1 - max(w, 1e-5)) * math.pi / 2) for w in (weight, 0.9))]
    terms = [scaled([1] * 77), scaled(first), scaled(second)]
    wanted = sum(share * term for share, term in zip(shares, terms, strict=True)) / sum(shares)
    assert torch.allclose(sd.context([f"a (b:{weight}) c (d:0.9)"])[0][0], wanted, atol=1e-5)


@torch.inference_mode()
@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("a b c", "a b c"),
        ("a (b:1.5) c", "a (b)1.5 c"),
        ("a (b c:1.3) d", "a (b c)1.3 d"),
        ("a (b:0.7) c (d:0.9)", "a (b)0.7 c (d)0.9"),
        ("a (b:0.25) c (d:1.2)", "a (b)0.25 c (d)1.2"),
    ],
)
def test_the_package_compel_gives_the_same_on_clip(sd, ours, theirs):
    clip = sd.text._encoder.clips[0]
    wanted = Compel(clip.tokenizer, clip.model).build_conditioning_tensor(theirs)
    assert isinstance(wanted, torch.Tensor)
    assert torch.allclose(sd.context([ours])[0], wanted, atol=1e-5)


def test_long_prompts_on_clip_are_chunks_side_by_side(sd):
    """76 letters are two chunks; BREAK makes two of any prompt. Each is encoded alone."""
    first, second = " ".join("a" * 75), "b"
    long = sd.context([f"{first} {second}"])[0]
    assert long.shape[1] == 154
    assert torch.equal(long, torch.cat(sd.context([first]) + sd.context([second]), 1))
    assert torch.equal(sd.context(["a BREAK b"])[0], torch.cat(sd.context(["a"]) + sd.context(["b"]), 1))


def test_contexts_of_one_call_have_one_length(sd, xl):
    short, long, empty = sd.context(["a", "a BREAK b", ""])
    assert torch.equal(short, torch.cat([sd.context(["a"])[0], sd.context([""])[0]], 1))
    assert long.shape == short.shape == empty.shape
    a, long, empty = xl.context(["a", "a BREAK b", ""])
    alone = xl.context(["a"])[0]
    assert a.shape == long.shape == empty.shape == (1, 155, 28) and not empty.any()
    assert torch.equal(a[:, :77], alone[:, :77]) and torch.equal(a[:, -1], alone[:, -1]) and not a[:, 77:-1].any()
    assert torch.equal(long[:, -1], alone[:, -1])
    assert pad_contexts([alone], empty, 12)[0] is alone


def test_words_of_a_long_prompt_on_clip(sd):
    words = dict(sd.text.words("a (b:1.5) BREAK c"))
    assert (words["a"], words["b"], words["c"]) == ((1,), (2,), (78,))
    assert sorted(row for rows in words.values() for row in rows) == list(range(154))


@torch.inference_mode()
def minilm_states(words, mask=None):
    tokenizer, model = _load(model_folder())
    return model(torch.tensor([tokenizer.encode(words).ids]), None if mask is None else torch.tensor([mask]))[0].clone()


def minilm_context(states):
    whole = states.mean(0) / states.mean(0).norm() * WIDTH**0.5
    return torch.stack([whole, *(TOKEN_GAIN * states), *[whole] * (TOKENS - 1 - len(states))])


@torch.inference_mode()
@pytest.mark.parametrize("weight", [1.4, 0.5])
def test_weights_on_minilm(minilm, weight):
    """Of the states [start, red, brick, wall, end], relative to the mean state of the empty prompt; the sentence vector follows."""
    empty = minilm_states("").mean(0)

    def scaled(mask=None):
        states = minilm_states("red brick wall", mask)
        states[2] = empty + weight * (states[2] - empty)
        return states

    states = scaled()
    if weight < 1:
        share = math.tan((1 - weight) * math.pi / 2)
        states = (states + share * scaled([1, 1, 0, 1, 1])) / (1 + share)
    assert torch.allclose(minilm.encode([f"red (brick:{weight}) wall"])[0], minilm_context(states), atol=1e-5)


def test_stronger_words_pull_the_sentence(minilm):
    def likeness(prompt, other):
        a, b = minilm.sentences([prompt, other])
        return float(a @ b)

    at = [likeness(f"old wall with (moss:{w})", "moss") for w in (0.0, 0.5, 1.0, 1.5, 2.0)]
    assert at == sorted(at) and at[-1] > at[0] + 0.1


LONG = (
    "a tall red brick wall of an old abandoned factory building at noon in the summer sunlight "
    "with a wooden door beside it and ivy and {}"
)


def test_the_end_of_a_long_prompt_counts(minilm):
    snow, moss = minilm.encode([LONG.format("WHITE SNOW"), LONG.format("GREEN MOSS")])
    assert (snow - moss).abs().max() > 0.1
    assert snow[0].norm() == pytest.approx(WIDTH**0.5, rel=1e-5)
    words = dict(minilm.words(LONG.format("WHITE SNOW")))
    assert {"factory", "door", "snow"} <= words.keys()


def test_chunks_on_minilm_are_averaged_by_length(minilm):
    parts = minilm.encode(["red brick wall", "noon"])
    wanted = (3 * parts[0] + parts[1]) / 4
    wanted[0] *= WIDTH**0.5 / wanted[0].norm()
    assert torch.allclose(minilm.encode(["red brick wall BREAK noon"])[0], wanted, atol=1e-5)


def test_the_words_of_a_web_ui_are_markup(minilm):
    """Brackets, numbers, BREAK and the name of a LoRA are no words."""
    told = "red (brick:1.4) wall <lora:moss:0.8> BREAK noon"
    assert {word for word, _ in minilm.words(told)} == {"red", "brick", "wall", "noon", "the whole"}
    assert torch.equal(*minilm.encode(["red (brick:1.4) wall <lora:moss:0.8>", "red (brick:1.4) wall"]))


def test_many_prompts_at_once_are_the_same(minilm):
    told = ["red brick wall", LONG.format("ivy"), "old (moss:1.3)", "noon", "", "red BREAK brick"]
    assert torch.allclose(minilm.encode_many(told), minilm.encode(told), atol=1e-4)
