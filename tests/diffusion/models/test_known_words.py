from __future__ import annotations

import gzip
import itertools
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import save_file

from base.errors import InputError
from diffusion.loaders.loading import load_model
from diffusion.models.known_words import ReadingEncoder, Vocabulary, WordReader, noun_vectors, open_reader
from diffusion.models.minilm import MiniLMEncoder
from diffusion.models.word_senses import Sense, WordSenses, paraphrases
from diffusion.training.data.materials import MATERIALS
from diffusion.training.data.vocabulary import list_known_words
from scenes.load import BUILTIN, builtin_folder, load_scene

EMBEDDED = Path("diffusion/embedded")
SMALL = Vocabulary(("moss", "brick wall", "moss bed"), ("wet", "at night", "night", "and", "of"))


def embed(texts: list[str]) -> np.ndarray:
    """Moss and what mentions it lie along one axis, walls along another, all else along a third."""
    axes = [0 if "moss" in t or "plant" in t else 1 if "wall" in t or "rampart" in t else 2 for t in texts]
    return np.eye(3, dtype=np.float32)[axes]


@pytest.fixture
def reader(tmp_path: Path) -> WordReader:
    senses = tmp_path / "senses.txt.gz"
    senses.write_bytes(
        gzip.compress(b"# notice\nlichen\tplant\ta plant on stones\nrampart,bulwark\twall\ta wall around a town")
    )
    return WordReader(SMALL, lambda: np.eye(3, dtype=np.float32)[[0, 1, 0]], embed, senses)


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("wet moss at night", "wet moss at night"),
        ("wet lichen at night", "wet moss at night"),
        ("Lichen", "moss"),
        ("(lichen:1.3), [ramparts] BREAK lichen", "(moss:1.3), [brick wall] BREAK moss"),
        ("lichen and ramparts of night", "moss and brick wall of night"),
        ("<lora:lichen:0.8> moss", "<lora:lichen:0.8> moss"),
        ("wet brick wall", "wet brick wall"),
        ("castle brick wall", "brick wall"),
        ("gulls", "gulls"),  # nothing known is near
        ("a b c d e f lichen", "a b c d e f lichen"),  # a sentence, no subject
        ("", ""),
        ("12, !", "12, !"),
        ("8lichen", "8lichen"),
        ("8k lichen", "8k moss"),
        ("lichen2 lichen_bed", "lichen2 lichen_bed"),
    ],
)
def test_unknown_subjects_are_read_as_the_nearest_noun(reader: WordReader, said: str, told: str) -> None:
    known, readings = reader.read(said)
    assert known == told
    assert bool(readings) == (said != told)


@given(st.text(st.sampled_from("moss lichen(:1.3)[],<lora:x:1> BREAK\n-é"), max_size=40))
def test_any_text_is_read_and_what_is_known_stays(text: str) -> None:
    spans = list(SMALL.subjects(text))
    assert all(0 <= a < b <= len(text) for a, b in spans)
    assert all(b <= c for (_, b), (c, _) in itertools.pairwise(spans))
    assert not any(text[a:b].lower() in SMALL.nouns + SMALL.modifiers for a, b in spans)


def test_paraphrases_replace_each_noun_and_add_definitions() -> None:
    senses = WordSenses(
        [Sense(("rampart", "bulwark"), ("wall",), "a wall"), Sense(("peat moss",), ("moss",), "a moss")]
    )
    assert paraphrases("old ramparts", senses) == ("old rampart", "old bulwark", "old wall", "a wall")
    assert paraphrases("peat moss", senses) == ("moss", "a moss")  # the longest noun counts
    assert paraphrases("xyz", senses) == ()


def test_damaged_files_are_named(tmp_path: Path) -> None:
    path = tmp_path / "senses.txt.gz"
    for content in (
        b"",
        b"text",
        gzip.compress(b"one column"),
        gzip.compress(b"\xff\t\t"),
        gzip.compress(b"x" * 999)[:20],
    ):
        path.write_bytes(content)
        with pytest.raises(InputError, match="can't be read as a list of senses"):
            WordSenses.load(path)
    for content in ("[]", '{"nouns": [], "modifiers": []}', '{"nouns": [1], "modifiers": []}', '{"nouns": ["a"]}'):
        path.write_text(content)
        with pytest.raises(InputError, match=r"nouns|modifiers"):
            Vocabulary.load(path)
    with pytest.raises(InputError, match="no vectors of the model's nouns"):
        noun_vectors(EMBEDDED / "bank.safetensors", ["no such noun"])
    bank = tmp_path / "bank.safetensors"
    for metadata in (None, {"captions": "x"}, {"captions": '["moss", "wall"]'}):
        save_file({"vectors": np.zeros((1, 3), np.float32)}, bank, metadata)
        with pytest.raises(InputError, match="no vectors of the model's nouns"):
            noun_vectors(bank, ["wall"])
    with pytest.raises(InputError, match="does not exist"):
        noun_vectors(tmp_path / "none.safetensors", ["wall"])
    assert open_reader(tmp_path, MiniLMEncoder()) is None


def test_the_embedded_list_is_that_of_the_captions() -> None:
    assert Vocabulary.load(EMBEDDED / "vocabulary.json") == list_known_words()


def test_words_of_no_caption_are_read_as_their_material() -> None:
    reader = open_reader(EMBEDDED, MiniLMEncoder())
    assert reader is not None
    material = {noun: name for name, m in MATERIALS.items() for noun in m.nouns}
    asked = [(noun, name) for name, m in MATERIALS.items() for noun in m.held_out]
    right = [material.get(reader.read(noun)[0]) == name for noun, name in asked]
    assert np.mean(right) > 0.62  # 60 % of the nearest by the words' own vectors
    assert all(reader.read(noun) == (noun, ()) for noun in material)


def test_the_built_in_scenes_say_what_the_model_knows() -> None:
    encoder = MiniLMEncoder()
    reader = open_reader(EMBEDDED, encoder)
    assert reader is not None
    for name in BUILTIN:
        for prompt in load_scene(builtin_folder(name)).prompts:
            assert reader.read(prompt)[1] == (), (name, prompt)


def test_a_loaded_model_gets_known_words_and_the_user_a_note() -> None:
    model = load_model(None, "cpu")
    assert isinstance(model.text._encoder, ReadingEncoder)
    (told,), (known,) = model.context(["ocean, noon"]), model.context(["sea, noon"])
    assert (told == known).all()
    assert [str(r) for r in model.text.readings(["ocean, noon", "moss", "ocean"])] == ["“ocean” is read as “sea”"]
    assert model.text.words("ocean")[0][0] == "sea"
