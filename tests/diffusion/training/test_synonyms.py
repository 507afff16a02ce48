"""Other words for materials: none that are kept for the examination, and the caption's rest stays."""

from __future__ import annotations

import re

import numpy as np
import pytest

from diffusion.training.data.materials import MATERIALS
from diffusion.training.data.synonyms import SYNONYMS, reword

HELD_OUT = [word for material in MATERIALS.values() for word in material.held_out]


def test_every_material_has_more_words_and_no_word_has_two_meanings() -> None:
    assert set(SYNONYMS) == set(MATERIALS)
    words = [w for name in MATERIALS for w in (*MATERIALS[name].nouns, *SYNONYMS[name])]
    assert len(set(words)) == len(words)


@pytest.mark.parametrize("name", SYNONYMS)
def test_no_held_out_word_is_taught(name: str) -> None:
    for word in SYNONYMS[name]:
        assert not [held for held in HELD_OUT if re.search(rf"\b{re.escape(held)}\b", word)]


def test_a_caption_is_reworded_within_its_material() -> None:
    rng = np.random.default_rng(0)
    found = {reword("wet red brick wall at night", rng) for _ in range(60)}
    allowed = {f"wet {w} at night" for w in (*MATERIALS["brick"].nouns, *SYNONYMS["brick"])}
    assert len(found) > 10 and found <= allowed
    assert reword("nothing known", rng) == "nothing known"
