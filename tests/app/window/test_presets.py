"""Presets: each is valid, keeps the seed, and comes back from its file; a broken file is nobody's preset."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path

import pytest

from app.files import presets
from app.panels.sampler import SECTIONS, find_unused, sections
from base.errors import InputError
from base.settings import check
from diffusion.settings import DreamSettings


@pytest.mark.parametrize("name", presets.PRESETS)
def test_ours_are_valid_and_keep_the_seed(name: str) -> None:
    settings = presets.apply(DreamSettings(seed=7), presets.PRESETS[name][1])
    check(settings)
    assert settings.seed == 7
    assert presets.apply(DreamSettings(), presets.changes(settings)) == presets.apply(
        DreamSettings(), presets.PRESETS[name][1]
    )


def test_ours_begin_with_what_the_model_prefers_and_the_user_s_stay_what_they_were() -> None:
    prefers = {"scale": 2.0, "steps": 6}
    assert presets.apply(DreamSettings(seed=7), {}, prefers) == DreamSettings(seed=7, scale=2.0, steps=6)
    assert presets.apply(DreamSettings(), {"steps": 4}, prefers) == DreamSettings(scale=2.0, steps=4)
    plain = DreamSettings(scale=7.0)  # a default of the program is a choice of the user's too
    assert presets.apply(DreamSettings(), presets.changes(plain), prefers) == plain


def test_saved_ones_come_back(tmp_path: Path) -> None:
    settings = DreamSettings(steps=13, scale=2.5, seed=99)
    presets.save(tmp_path, "Slow & soft", settings)
    (tmp_path / "broken.json").write_text("{")
    (tmp_path / "wrong.json").write_text('{"steps": -3}')
    found = presets.load(tmp_path)
    assert list(found) == ["Slow & soft"]
    assert presets.apply(DreamSettings(seed=99), found["Slow & soft"]) == settings


@pytest.mark.parametrize("name", ["", "  ", "../up", "a/b", ".hidden"])
def test_a_name_that_is_no_file_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError):
        presets.save(tmp_path, name, DreamSettings())
    assert not list(tmp_path.iterdir())


def test_every_setting_stands_in_exactly_one_section() -> None:
    placed = [name for names in sections().values() for name in names]
    assert sorted(placed) == sorted(f.name for f in fields(DreamSettings))


def test_no_section_names_a_setting_that_is_gone() -> None:
    assert {name for names in SECTIONS.values() for name in names} <= {f.name for f in fields(DreamSettings)}


def test_what_has_no_effect_is_greyed_with_the_reason() -> None:
    assert find_unused(DreamSettings(sampler="heun"))["noise"] == "No effect: the sampler draws no noise."
    assert "noise" not in find_unused(DreamSettings(sampler="euler_ancestral"))
    assert "eta" in find_unused(DreamSettings(sampler="euler")) and "eta" not in find_unused(
        DreamSettings(sampler="ddim")
    )


def test_what_a_few_step_network_learnt_is_greyed_while_it_paints() -> None:
    few, more = DreamSettings(steps=4), DreamSettings(steps=5)
    for name in ("sampler", "guidance", "scale", "cfg_rescale", "further"):
        assert "few-step" in find_unused(few, 4)[name]
        assert name not in find_unused(more, 4) and name not in find_unused(replace(few, few_step=False), 4)
    assert (
        "few_step" not in find_unused(few, 4) and "few_step" in find_unused(more, 4) and "few_step" in find_unused(few)
    )
    assert "softness" not in find_unused(few, 4)
