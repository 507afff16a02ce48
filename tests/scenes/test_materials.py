"""Materials files: what is read, and one sentence with file, field and what is allowed for every mistake."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from base.errors import InputError
from scenes.materials import parse_materials, read_materials, to_yaml_data
from tests.scenes.conftest import material_data


def test_reads_the_layout_and_its_defaults() -> None:
    file = parse_materials(material_data(), "room.yaml")
    wall, bed, floor, ceiling = file.materials
    assert (file.background.prompt, file.background.negative_prompt) == ("a bright sky", "")
    assert (wall.height, wall.start_height, wall.opacity, wall.material_over) == (6.0, 0.0, 1.0, None)
    assert (wall.display, bed.display, floor.display) == ((128, 64, 0), (255, 0, 0), (128, 128, 128))
    assert all(0 <= c <= 255 for c in ceiling.display)
    assert bed.opacity == 0.5 and ceiling.source == (-1, -1, -1)


def test_what_is_written_is_read_back() -> None:
    data = material_data() | {"voxels_per_block": 6, "floor": "floor", "ceiling": "ceiling"}
    data["materials"][0] |= {"start_height": 0.5, "material_over": "bed", "material_under": "floor"}
    file = parse_materials(data, "room.yaml")
    assert parse_materials(yaml.safe_load(yaml.safe_dump(to_yaml_data(file))), "again.yaml") == file


def changed(change: Callable[[dict], object]) -> dict:
    data = copy.deepcopy(material_data())
    change(data)
    return data


WALL = "materials[0]"
MISTAKES = {
    "negative height": (lambda d: d["materials"][0].update(height=-3), f"{WALL}.height", "0 to 256"),
    "height too high": (lambda d: d["materials"][0].update(height=257), f"{WALL}.height", "0 to 256"),
    "height not a number": (lambda d: d["materials"][0].update(height="tall"), f"{WALL}.height", "number"),
    "height is nan": (lambda d: d["materials"][0].update(height=float("nan")), f"{WALL}.height", "0 to 256"),
    "height is true": (lambda d: d["materials"][0].update(height=True), f"{WALL}.height", "number"),
    "height missing": (lambda d: d["materials"][0].pop("height"), f"{WALL}.height", "missing"),
    "start above height": (lambda d: d["materials"][0].update(start_height=6), f"{WALL}.start_height", "below"),
    "long prompt": (lambda d: d["materials"][0].update(prompt="wall " * 3000), f"{WALL}.prompt", "at most 10000"),
    "opacity": (lambda d: d["materials"][0].update(opacity=1.5), f"{WALL}.opacity", "0 to 1"),
    "unknown key": (lambda d: d["materials"][0].update(hieght=3), f"{WALL}.hieght", "'height'"),
    "unknown top key": (lambda d: d.update(materails=[]), "materails", "'materials'"),
    "unknown background key": (lambda d: d["background"].update(promt="x"), "background.promt", "'prompt'"),
    "no prompt": (lambda d: d["materials"][0].pop("prompt"), f"{WALL}.prompt", "missing"),
    "empty prompt": (lambda d: d["materials"][0].update(prompt=" "), f"{WALL}.prompt", "text"),
    "no name": (lambda d: d["materials"][0].pop("name"), f"{WALL}.name", "missing"),
    "no background": (lambda d: d.pop("background"), "background", "missing"),
    "background a text": (lambda d: d.update(background="sky"), "background", "mapping"),
    "no materials": (lambda d: d.update(materials=[]), "materials", "1 to 254"),
    "materials a mapping": (lambda d: d.update(materials={}), "materials", "list"),
    "too many": (lambda d: d.update(materials=d["materials"] * 64), "materials", "1 to 254"),
    "a material is a text": (lambda d: d["materials"].append("x"), "materials[4]", "mapping"),
    "colour of two": (lambda d: d["materials"][0].update(source=[1, 2]), f"{WALL}.source", "three"),
    "colour too bright": (lambda d: d["materials"][0].update(source=[1, 2, 256]), f"{WALL}.source", "255"),
    "display never": (lambda d: d["materials"][0].update(display=[-1, -1, -1]), f"{WALL}.display", "255"),
    "same colour": (lambda d: d["materials"][1].update(source=[0, 0, 0]), "materials[1].source", "materials[0]"),
    "same name": (lambda d: d["materials"][1].update(name="wall"), "materials[1].name", "materials[0]"),
    "over unknown": (lambda d: d["materials"][0].update(material_over="bad"), f"{WALL}.material_over", "'bed'"),
    "under itself": (lambda d: d["materials"][0].update(material_under="wall"), WALL, "wall → wall"),
    "voxels": (lambda d: d.update(voxels_per_block=17), "voxels_per_block", "1 to 16"),
    "floor a list": (lambda d: d.update(floor=["flour"]), "floor", "['flour']; it must be the name of a material."),
    "floor unknown": (lambda d: d.update(floor="flour"), "floor", "'floor'"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_named(name: str) -> None:
    change, field, allowed = MISTAKES[name]
    with pytest.raises(InputError) as caught:
        parse_materials(changed(change), "room.yaml")
    message = str(caught.value)
    assert (caught.value.where, caught.value.field) == ("room.yaml", field)
    assert allowed in message and message.endswith(".") and "\n" not in message


def test_a_cycle_through_two_is_found() -> None:
    data = material_data()
    data["materials"][0]["material_over"] = "bed"
    data["materials"][1]["material_under"] = "wall"
    with pytest.raises(InputError, match="wall → bed → wall"):
        parse_materials(data, "room.yaml")


FILES = {
    "missing": (None, "does not exist"),
    "not yaml": ("materials: [", "not valid YAML"),
    "binary": (b"\xff\xfe\x00\x80", "is not UTF-8 text"),
    "control characters": (b"a: \x07", "not valid YAML"),
    "a list": ("- 1", "mapping"),
    "empty": ("", "mapping"),
    "an object of python": ("!!python/object/apply:os.getcwd []", "not valid YAML"),
    "a date": ("background: 2024-99-99\nmaterials: []", "background must be a mapping"),
    "a key twice": ("background: {prompt: a}\nmaterials: []\nbackground: {prompt: b}", "line 3 .* first in line 1"),
    "a huge number": ("voxels_per_block: " + "9" * 5000, "line 1 .*a number of 5000 digits"),
    "deep": ("[" * 3000, "not valid YAML"),
    "huge": ("#" * (1 << 21), "1 MiB"),
}


@pytest.mark.parametrize("name", FILES)
def test_a_broken_file_is_named(name: str, tmp_path: Path) -> None:
    content, problem = FILES[name]
    file = tmp_path / "materials.yaml"
    if content is not None:
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(InputError, match=problem) as caught:
        read_materials(file)
    assert caught.value.where == str(file)


def test_a_file_that_unfolds_without_end_is_answered_at_once(tmp_path: Path) -> None:
    lines = ["a0: &a0 [x, x]", *(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 40))]
    file = tmp_path / "bomb.yaml"
    file.write_text("\n".join(lines) + "\nbackground: {prompt: *a39}\nmaterials: []")
    with pytest.raises(InputError, match="counting what aliases repeat"):
        read_materials(file)
    with pytest.raises(InputError, match=r"background\.prompt is"):
        data = yaml.safe_load(file.read_text())
        parse_materials({k: data[k] for k in ("background", "materials")}, file)
