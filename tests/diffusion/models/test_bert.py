"""MiniLM's own reader and encoder give what transformers gives."""

from __future__ import annotations

import pytest
import torch

from diffusion.models.minilm import _load, model_folder

PROMPTS = ("red brick wall, warm light", "Ünïcode 漢字 — ☃ snow's antidisestablishmentarianism  x\ty", "", "a " * 300)


@pytest.fixture(scope="module")
def theirs():
    from transformers import AutoTokenizer, BertModel

    folder = model_folder()
    model = BertModel.from_pretrained(folder, local_files_only=True, use_safetensors=True, add_pooling_layer=False)
    return AutoTokenizer.from_pretrained(folder, local_files_only=True), model.eval()


@pytest.mark.parametrize("prompt", PROMPTS)
def test_words_are_cut_into_the_same_pieces(theirs, prompt: str) -> None:
    ids = theirs[0](prompt, add_special_tokens=False, verbose=False).input_ids
    found = _load(model_folder())[0].encode(prompt, add_special_tokens=False)
    assert (found.ids, found.tokens) == (ids, theirs[0].convert_ids_to_tokens(ids))


@torch.inference_mode()
@pytest.mark.parametrize("prompt", PROMPTS)
@pytest.mark.parametrize("unheard", [(), (1,)])
def test_states_are_the_same(theirs, prompt: str, unheard: tuple[int, ...]) -> None:
    tokenizer, model = _load(model_folder())
    ids = torch.tensor([tokenizer.encode(prompt).ids[:24]])
    mask = torch.ones_like(ids)
    mask[0, list(unheard)] = 0
    wanted = theirs[1](input_ids=ids, attention_mask=mask).last_hidden_state
    assert torch.allclose(model(ids, mask if unheard else None), wanted, atol=1e-5)
