"""Prompt matching: the bank finds what is near, says how near, and survives the disk."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from base.errors import InputError
from diffusion.models.minilm import MiniLMEncoder
from diffusion.text2image.prompt_matching import BANK, FAR, Match, PromptBank, choose_match, suggest_captions
from diffusion.training.data.vocabulary import list_captions, main
from scenes.load import BUILTIN, load_scene

WORDS = ("brick", "stone", "grass", "water", "snow", "wall", "red", "old")


def embed(prompts):
    """Bag of words on the unit sphere: close enough to a sentence encoder to have neighbours."""
    vectors = np.array([[word in prompt.split() for word in WORDS] for prompt in prompts], dtype=np.float32) + 1e-3
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


@pytest.fixture
def bank():
    return PromptBank.build(["red brick wall", "old stone wall", "grass", "water", "snow", "grass"], embed)


def test_repeated_captions_stand_once(bank):
    assert bank.captions == ("red brick wall", "old stone wall", "grass", "water", "snow")


def test_the_nearest_comes_first_with_its_cosine(bank):
    matches = suggest_captions("old red brick wall", bank, embed, k=3)
    assert matches[0].caption == "red brick wall"
    assert [m.similarity for m in matches] == sorted((m.similarity for m in matches), reverse=True)
    assert matches[0].similarity == pytest.approx(
        float(embed(["old red brick wall"])[0] @ embed(["red brick wall"])[0]), abs=1e-6
    )


def test_asking_for_more_than_there_is_gives_all(bank):
    assert len(suggest_captions("grass", bank, embed, k=50)) == 5


def test_the_bank_survives_the_disk(bank, tmp_path):
    bank.save(tmp_path / "bank.safetensors")
    again = PromptBank.load(tmp_path / "bank.safetensors")
    assert again.captions == bank.captions
    for ours, theirs in zip(suggest_captions("snow", bank, embed), suggest_captions("snow", again, embed), strict=True):
        assert ours.caption == theirs.caption
        assert ours.similarity == pytest.approx(theirs.similarity, abs=2e-3)  # stored as float16


@pytest.mark.parametrize("content", [b"", b"not a bank", b"\x00" * 64])
def test_a_broken_bank_is_named(tmp_path, content):
    path = tmp_path / "bank.safetensors"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"bank\.safetensors"):
        PromptBank.load(path)


def test_cold_choice_is_the_best_and_a_warm_one_follows_its_weights():
    matches = (Match("a", 0.9), Match("b", 0.8), Match("c", 0.1))
    assert choose_match(matches).caption == "a"
    drawn = Counter(choose_match(matches, temperature=0.1, seed=seed).caption for seed in range(2000))
    weight = np.exp(np.array([0.9, 0.8, 0.1]) / 0.1)
    for caption, share in zip("abc", weight / weight.sum(), strict=True):
        assert drawn[caption] / 2000 == pytest.approx(share, abs=0.04)  # 3.6 standard errors at most
    assert choose_match(matches, temperature=0.1, seed=5) == choose_match(matches, temperature=0.1, seed=5)


def test_the_shipped_bank_knows_the_built_in_scenes_words_and_not_a_cat():
    encoder, bank = MiniLMEncoder(), PromptBank.load(BANK)
    near = suggest_captions("red brick wall, noon", bank, encoder.sentences, k=3)
    assert near[0].caption == "red brick wall, noon" and near[0].similarity > 0.99
    assert suggest_captions("a cat", bank, encoder.sentences)[0].similarity < FAR
    for scene in map(load_scene, BUILTIN):
        for prompt in set(scene.prompts) - {""}:
            assert suggest_captions(prompt, bank, encoder.sentences, k=1)[0].similarity > FAR, prompt


def test_the_vocabulary_is_the_same_each_time_and_has_no_repeats():
    words = list_captions(mixtures=50)
    assert words == list_captions(mixtures=50)
    assert len(set(words)) == len(words)
    assert {"brick wall", "brick wall, night"} <= set(words)


def test_asking_for_help_writes_no_bank(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as left:
        main(["--help"])
    assert left.value.code == 0 and "output file" in capsys.readouterr().out
    assert not list(tmp_path.iterdir())


def test_each_word_is_its_rows() -> None:
    words = MiniLMEncoder().words("weathered cobblestones")
    assert words[:-1] == (("weathered", (2,)), ("cobblestones", (3, 4, 5)))
    assert words[-1][1] == (0, 1, *range(6, 24))
