"""`rayverie inspect` against counts made by hand."""

from __future__ import annotations

import io
import json

from rich.console import Console

from app.__main__ import main
from app.cli.inspect import inspect, show
from scenes.edit import change_material
from scenes.load import load_scene


def test_figures_of_a_small_scene(tiny_scene, capsys) -> None:
    assert main(["inspect", str(tiny_scene), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["size_blocks"][0] == found["size_blocks"][2] == 8
    faces = {material["name"]: material["faces"] for material in found["materials"]}
    # a pond block, half a block high as the ground around it, shows its top alone: 2×2 texels
    assert faces["pond"] == 4
    # the wall, 4×1 blocks and 1.5 blocks above the ground: tops 4·4, long sides 2·(8·3), short sides 2·(2·3)
    assert faces["wall"] == 16 + 48 + 12
    # the ground's top everywhere else, and its rim around the scene
    assert faces["floor"] == (64 - 5) * 4 + 4 * 16
    assert found["faces"] == sum(faces.values())
    assert found["atlas"]["texels"] == found["faces"] + found["atlas"]["sky_texels"]
    assert 0 < found["atlas"]["filled"] <= 1


def test_the_table_names_every_material(tiny_scene, capsys) -> None:
    assert main(["inspect", str(tiny_scene)]) == 0
    out = capsys.readouterr().out
    assert all(word in out for word in ("floor", "wall", "pond", "red brick wall", "atlas:", "orbit"))


def test_a_narrow_terminal_wraps_prompts_and_cuts_nothing(tiny_scene) -> None:
    scene = load_scene(tiny_scene)
    long = " ".join(f"word{i}" for i in range(40))
    found = inspect(change_material(scene, 0, prompt=long))
    console = Console(width=56, file=io.StringIO())
    show(found, console)
    text = console.file.getvalue()
    assert all(word in text for word in long.split())
    assert "…" not in text
    assert f"{found['faces']:,}" in text
