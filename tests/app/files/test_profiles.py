"""raycast_diffusion's profiles as presets, and what they have that presets have not."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.__main__ import main
from app.files import presets
from app.files.profiles import is_profiles, read_profiles
from base.errors import InputError
from diffusion.denoisers.inert import find_inert
from diffusion.settings import DreamSettings

PROFILES = """
profiles:
  - {name: sd15, steps: 30, bootstrapping_steps: 10, capture_steps: 25, cfg: 5.0, width: 512, height: 512}
  - {name: lightning, steps: 10, bootstrapping_steps: 2, capture_steps: 8, cfg: 0.5, width: 1024, height: 1024}
  - {name: plain, steps: 4, capture_steps: 9}
"""  # names and keys as in its resources/profiles.yaml


@pytest.fixture
def profiles(tmp_path: Path) -> Path:
    (tmp_path / "profiles.yaml").write_text(PROFILES)
    return tmp_path / "profiles.yaml"


def test_every_key_becomes_a_setting(profiles: Path) -> None:
    sd15, lightning, plain = read_profiles(profiles)
    assert is_profiles(profiles) and [p.name for p in (sd15, lightning, plain)] == ["sd15", "lightning", "plain"]
    of = sd15.settings
    assert (of.steps, of.scale, of.guidance, of.guidance_start) == (30, 5.0, "cfg", 0.0)
    assert (of.execution, of.bootstrap) == ("batched", 10 / 30)
    assert of.capture == 6  # the latents after index 30 - 25, counted from 0
    assert (lightning.settings.guidance, lightning.settings.capture) == ("none", 3)
    assert (plain.settings.scale, plain.settings.bootstrap, plain.settings.capture) == (7.0, 0.0, 0)
    assert not {"scale", "bootstrap", "execution", "guidance_start"} & find_inert(sd15.settings).keys()


def test_what_is_no_part_of_a_preset_is_told(profiles: Path) -> None:
    profiles.write_text(PROFILES.replace("cfg: 5.0", "cfg: 5.0, scheduler: ddim") + "version: 2\n")
    sd15, _, plain = read_profiles(profiles)
    assert sd15.remarks == (
        "sd15: scheduler has no counterpart here.",
        "sd15: version has no counterpart here.",
        "sd15: a preset has no size; give --size 512x512 of generate, or --canvas 512 of other commands.",
    )
    assert plain.remarks == ("plain: version has no counterpart here.",)
    profiles.write_text("profiles: [{name: wide, steps: 3, width: 640}]")
    (wide,) = read_profiles(profiles)
    assert "--size 640x640" in wide.remarks[0]


def test_the_command_saves_presets_that_the_panel_reads(profiles: Path, tmp_path: Path, capsys) -> None:
    out = tmp_path / "presets"
    assert main(["import", str(profiles), "--out", str(out), "--margin", "3"]) == 0
    told = capsys.readouterr().err
    assert "--size 1024x1024" in told and "sd15.json" in told and "--margin has no effect" in told
    found = presets.load(out)
    assert set(found) == {"sd15", "lightning", "plain"} and found["sd15"]["capture"] == 6
    assert main(["import", str(profiles), "--out", str(out)]) == 0  # again the same
    presets.save(out, "sd15", DreamSettings())
    (out / "plain.json").unlink()
    assert main(["import", str(profiles), "--out", str(out)]) == 2
    assert "sd15.json is a preset with other settings" in capsys.readouterr().err
    assert not (out / "plain.json").exists()


def test_what_may_be_materials_is_not_taken_for_profiles(tmp_path: Path) -> None:
    path = tmp_path / "walls.yaml"
    path.write_text("materials: []")
    assert not is_profiles(path)
    path.write_bytes(b"\xff")
    with pytest.raises(InputError, match="it must be a scene's materials or profiles"):
        is_profiles(path)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "profiles is missing or no list"),
        ("profiles: {}", "profiles is missing or no list"),
        ("profiles: [3]", "profiles[0] is int"),
        ("profiles: [{steps: 3}]", "profiles[0].name is missing"),
        ("profiles: [{name: a}]", "profiles[0].steps is missing"),
        ("profiles: [{name: a, steps: 0}]", "profiles[0].steps is 0; allowed is 1 to 200"),
        ("profiles: [{name: a, steps: x}]", "profiles[0].steps"),
        ("profiles: [{name: a, steps: 3, cfg: 99}]", "profiles[0].cfg is 99"),
        ("profiles: [{name: a, steps: 3}, {name: a, steps: 3}]", "profiles[1].name is 'a', as an earlier profile's"),
        ("profiles: [{name: a/b, steps: 3}]", "'a/b'"),
        ('profiles: [{name: "a\\nb", steps: 3}]', "is 'a\\nb'"),
        ("profiles: [{name: a, steps: 3, width: 0}]", "profiles[0].width is 0; allowed is 8 to 4096"),
        ("profiles: [", "not valid YAML"),
    ],
)
def test_bad_profiles_are_one_sentence(text: str, said: str, tmp_path: Path, capsys) -> None:
    (tmp_path / "p.yaml").write_text(text)
    assert main(["import", str(tmp_path / "p.yaml"), "--out", str(tmp_path / "out")]) == 2
    told = capsys.readouterr().err
    assert said in told and told.count("\n") == 1 and not (tmp_path / "out").exists()
