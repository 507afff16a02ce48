"""Which files the LoRA tags of prompts name."""

from __future__ import annotations

from pathlib import Path

import pytest

from diffusion.loaders.prompt_loras import resolve_loras


@pytest.fixture
def folder(tmp_path) -> Path:
    for name in ("moss", "rain"):
        (tmp_path / f"{name}.safetensors").write_bytes(b"")
    return tmp_path


def test_without_tags_the_files_stay_as_they_were_written(folder):
    given = (f"{folder}/moss.safetensors:0.8", f"{folder}/rain.safetensors", "missing.safetensors:x")
    assert resolve_loras(given, ["a (brick:1.3)"]) == (given, ())


def test_a_tag_is_found_beside_a_file_and_in_a_folder(folder):
    moss, rain = folder / "moss.safetensors", folder / "rain.safetensors"
    for given in ([str(folder)], [f"{rain}:0.3"]):
        found, remarks = resolve_loras(given, ["stone <lora:moss:-0.5>", "sky"])
        assert f"{moss}:-0.5" in found and not remarks
        assert len(found) == len([g for g in given if g != str(folder)]) + 1


def test_a_tag_sets_the_weight_of_a_given_file_and_the_first_tag_counts(folder):
    moss = folder / "moss.safetensors"
    assert resolve_loras([f"{moss}:0.8"], ["<lora:moss:0.2> a", "<lora:moss:0.9>"]) == ((f"{moss}:0.2",), ())
    again, _ = resolve_loras((f"{moss}:0.2",), ["<lora:moss:0.2> a"])
    assert again == (f"{moss}:0.2",)  # what a picture remembers names the same again


@pytest.mark.parametrize("name", ["snow", "../moss", "sub/moss"])
def test_an_unknown_tag_is_one_sentence(folder, name):
    found, remarks = resolve_loras([str(folder)], [f"<lora:{name}:1> and <lora:{name}:2>", f"<lora:{name}>"])
    assert found == () and len(remarks) == 1 and name in remarks[0] and "no effect" in remarks[0]
    assert "--lora" in resolve_loras((), [f"<lora:{name}>"])[1][0]


def test_what_is_no_tag_and_no_weight_is_one_sentence_each():
    found, remarks = resolve_loras((), ["<lora::1> (wall:nan)", "again <lora::1>"])
    assert found == () and len(remarks) == 2
    assert "<lora::1> is no LoRA tag" in remarks[0] and "nan is no weight" in remarks[1]
