"""Random prompts and banks of one's own: what is drawn, what is read, and what is refused."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import save_file

from base.errors import InputError
from diffusion.text2image.caption_files import MOST, open_bank, read_captions
from diffusion.text2image.prompt_drawing import draw_captions
from diffusion.text2image.prompt_matching import BANK, PromptBank
from diffusion.training.data.categories import MOODS, count_categories, find_categories
from diffusion.training.data.materials import MATERIALS

WORDS = tuple("abcdefgh")


@given(seed=st.integers(0, 2**31), count=st.integers(1, 12), temperature=st.floats(0, 2))
def test_drawn_captions_are_distinct_and_follow_from_the_seed(seed, count, temperature):
    similarity = np.linspace(0, 1, len(WORDS))
    one, again = (
        draw_captions(WORDS, np.random.default_rng(seed), count, similarity=similarity, temperature=temperature)
        for _ in range(2)
    )
    assert one == again and len(set(one)) == len(one) == min(count, len(WORDS))


def test_without_temperature_the_most_similar_come_first_and_with_it_by_their_weights():
    similarity, rng = np.array([0.1, 0.9, 0.5]), np.random.default_rng(0)
    assert draw_captions("abc", rng, 3, similarity=similarity) == ["b", "c", "a"]
    drawn = Counter(draw_captions("abc", rng, similarity=similarity, temperature=0.4)[0] for _ in range(4000))
    weights = np.exp(similarity / 0.4)
    shares = np.array([drawn[letter] for letter in "abc"]) / 4000
    np.testing.assert_allclose(shares, weights / weights.sum(), atol=0.03)
    flat = Counter(draw_captions("abc", rng)[0] for _ in range(3000))
    assert min(flat.values()) > 850


@pytest.mark.parametrize(
    ("caption", "categories"),
    [
        ("mossy stone wall, sunset", {"stone wall", "sunset"}),
        ("brick wall in the moonlight", {"brick", "night"}),
        ("Watercolor painting, foggy, meadow", {"watercolour", "fog", "meadow"}),
        ("grassland", {"grass"}),
        ("a cat on a mat", set()),
        ("bricked up", set()),  # no part of a word
    ],
)
def test_captions_are_sorted_by_the_words_of_the_training(caption, categories):
    assert find_categories(caption) == categories


def test_every_material_and_mood_has_prompts_and_nearly_every_prompt_has_a_material():
    captions = read_captions(BANK)
    counts = count_categories(captions)
    assert set(counts) == {*MATERIALS, *MOODS} and min(counts.values()) >= 10
    without = [caption for caption in captions if not find_categories(caption) - set(MOODS)]
    assert len(without) < 0.02 * len(captions)


def embed(prompts):
    vectors = np.array([[len(p), p.count("a") + 1] for p in prompts], np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def test_a_text_file_is_one_prompt_on_each_line(tmp_path: Path):
    (tmp_path / "own.txt").write_text("\ufeffmossy  wall\n\n# not this\r\nbricks\nmossy wall\n", encoding="utf-8")
    assert read_captions(tmp_path / "own.txt") == ("mossy wall", "bricks")
    open_bank(tmp_path / "own.txt", embed).save(tmp_path / "own.safetensors")
    assert open_bank(tmp_path / "own.safetensors", embed).captions == ("mossy wall", "bricks")
    assert open_bank(None, embed).captions == PromptBank.load().captions


def test_a_folder_of_captions_is_read_as_trainers_keep_them(tmp_path: Path):
    for name, text in (("b.txt", "a red\nbrick wall\n"), ("a.txt", "moss"), (".hidden.txt", "no"), ("a.png", "no")):
        (tmp_path / name).write_text(text)
    assert read_captions(tmp_path) == ("moss", "a red brick wall")
    lines = ('{"file_name": "a.png", "text": "old moss"}', "", '{"caption": "ivy"}', '{"prompt": "ivy"}')
    (tmp_path / "metadata.jsonl").write_text("\n".join(lines))
    assert read_captions(tmp_path) == read_captions(tmp_path / "metadata.jsonl") == ("old moss", "ivy")


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        ("own.txt", "# nothing\n\n", "has no captions"),
        ("own.txt", "a" * 1001, "1001 characters"),
        ("own.txt", "\n".join(map(str, range(MOST + 1))), "more than 20000"),
        ("own.jsonl", '{"text": 3}', "line 1"),
        ("own.jsonl", '{"text": "a"}\n{"file_name": "b"}', "line 2"),
        ("own.jsonl", "not JSON", "line 1"),
        ("own.safetensors", "no bank", "prompt bank"),
    ],
)
def test_a_bank_that_cannot_be_read_is_one_sentence(tmp_path: Path, name: str, text: str, problem: str):
    (tmp_path / name).write_text(text)
    with pytest.raises(InputError, match=problem):
        read_captions(tmp_path / name)


def test_a_bank_that_is_missing_or_no_text_is_one_sentence(tmp_path: Path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "raw.txt").write_bytes(b"\xff\xfe\x00")
    for path in (tmp_path / "none.txt", tmp_path / "empty", tmp_path / "raw.txt"):
        with pytest.raises(InputError, match=path.name):
            read_captions(path)


@pytest.mark.parametrize(
    ("captions", "vectors", "problem"),
    [
        ('["a"]', np.zeros((1, 2)), "finite vector"),
        ('["a", "b"]', np.ones((1, 2)), "each caption"),
        ('{"a": 1}', np.ones((1, 2)), "each caption"),
        ('["a", 3]', np.ones((2, 2)), "each caption"),
        ('["a"]', np.full((1, 2), np.nan), "finite vector"),
        ('["a"]', np.ones(1), "each caption"),
        ('["a"]', np.ones((1, 3)), "vectors of 3 numbers"),
    ],
)
def test_a_bank_of_another_kind_is_refused(tmp_path: Path, captions: str, vectors: np.ndarray, problem: str):
    path = tmp_path / "bank.safetensors"
    header = {"format": "rayverie-bank", "version": "1", "captions": captions}
    save_file({"vectors": vectors.astype(np.float16)}, path, metadata=header)
    with pytest.raises(InputError, match=problem):
        open_bank(path, embed)
