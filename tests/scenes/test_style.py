"""The style of a scene: added to every prompt once, stored in materials.yaml, refused when it means nothing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from app.session import SceneChoice, open_scene
from base.errors import InputError
from scenes import edit
from scenes.load import BUILTIN, load_scene, save_scene
from scenes.materials import parse_materials
from scenes.scene import SKY
from scenes.style import LIGHTS, Style
from scenes.style_tags import with_absolute_styles
from tests.scenes.conftest import material_data


@pytest.mark.parametrize(
    ("style", "prompt", "whole"),
    [
        (Style(), "moss", "moss"),
        (Style(light="night"), "moss", "moss, night"),
        (Style("pencil sketch", light="noon"), "moss", "moss, noon, pencil sketch"),
        (Style(light="night"), "moss, noon", "moss, noon"),  # a prompt's own light wins
        (Style("pencil sketch, old"), "moss, old, pencil sketch", "moss, old, pencil sketch"),
        (Style(light="night"), "a nightstand", "a nightstand, night"),
    ],
)
def test_words_are_added_once(style: Style, prompt: str, whole: str) -> None:
    assert style.extend(prompt) == (whole, "")
    assert style.extend(whole) == (whole, "")


def test_all_prompts_of_a_scene_have_the_style() -> None:
    scene = replace(load_scene(BUILTIN[0]), style=Style("watercolour", "text", "fog"))
    for material in (*range(len(scene.materials)), SKY):
        prompt, negative = scene.prompt(material)
        assert prompt.endswith(", fog, watercolour") and negative.endswith("text")
    assert set(scene.prompts) == {text for m in (*range(len(scene.materials)), SKY) for text in scene.prompt(m)}


def test_a_style_is_saved_with_its_scene(tmp_path) -> None:
    scene = edit.change_style(load_scene(BUILTIN[0]), prompt="  watercolour ", negative_prompt="text", light="")
    save_scene(scene, tmp_path / "mine")
    assert load_scene(tmp_path / "mine").style == scene.style == Style("watercolour", "text")


def test_flags_replace_parts_of_the_style() -> None:
    assert open_scene(SceneChoice()).style == Style(light="noon")
    assert open_scene(SceneChoice(light="none", style="pencil")).style == Style("pencil")
    assert open_scene(SceneChoice(light="night", style_negative="fog")).style == Style("", "fog", "night")


@pytest.mark.parametrize(
    ("style", "field", "words"),
    [
        ({"light": "dusk"}, "style.light", ", ".join(LIGHTS)),
        ({"light": ["noon"]}, "style.light", "text"),
        ({"promt": "x"}, "style.promt", "'prompt'"),
        ({"prompt": 3}, "style.prompt", "text"),
        ("noon", "style", "mapping"),
    ],
)
def test_a_style_that_means_nothing_is_refused(style: object, field: str, words: str) -> None:
    with pytest.raises(InputError) as refused:
        parse_materials(material_data() | {"style": style}, "room.yaml")
    assert refused.value.field == field and words in str(refused.value)


def test_no_style_is_an_empty_one() -> None:
    for data in (material_data(), material_data() | {"style": None}, material_data() | {"style": {"light": ""}}):
        assert parse_materials(data, "room.yaml").style == Style()


def test_a_style_picture_may_have_any_name() -> None:
    for name in ("x" * 3000, "a\0b", "a:b"):
        assert with_absolute_styles(f"moss <style:{name}:0.5>", Path()) == f"moss <style:{name}:0.5>"
