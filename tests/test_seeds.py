"""docs/seeds.md: each of its commands runs with a tiny model, and each panel it names is there."""

from __future__ import annotations

import functools
import json
import re
import shlex
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from app.__main__ import main
from app.commands import COMMANDS
from app.loop.chosen_model import load_chosen
from app.panels import PANELS
from base.errors import nearest
from tests.diffusion.library.fake_hub import ID, hub_with
from tests.diffusion.test_control import write_control
from tests.scenes.mesh_files import drum, glb_of

DOCS = Path(__file__).parents[1] / "docs"
SYSTEMS = ("raycast_diffusion", "diffusion notebook", "iterative mixing", "DiffusionGen2", "diffusion visualization")
SMALL = {
    "generate": {"--size": "32x32", "--steps": "3"},
    "compare": {"--size": "32x32", "--steps": "2"},
    "lesson export": {"--size": "32x32", "--steps": "2"},
    "dream": {"--steps": "2", "--canvas": "48", "--no-sky": ""},
    "render": {"--steps": "2", "--canvas": "48", "--size": "64x48", "--no-sky": ""},
}
"""What a command is told besides, where the page doesn't say it: short runs of few pixels, without the sky's six faces."""
WAITING = ("serve",)
"""Commands that wait for others: tests of their own start them."""


@dataclass(frozen=True)
class Row:
    system: str
    feature: str
    where: str
    command: str


def rows() -> list[Row]:
    lines = [line for line in (DOCS / "seeds.md").read_text(encoding="utf-8").splitlines() if line.startswith("| ")]
    return [Row(*(cell.strip() for cell in line.strip("|").split(" | "))) for line in lines[1:]]


def is_workflow(row: Row) -> bool:
    """Whether a row's command is a workflow for ComfyUI: tests/integrations/comfyui read and run those."""
    return row.command.strip("`").endswith(".json")


def words_of(row: Row) -> list[str]:
    program, *words = shlex.split(row.command.strip("`"))
    assert program == "rayverie", row.feature
    return words


def test_every_row_is_of_a_system_and_every_system_has_rows() -> None:
    assert {row.system for row in rows()} == set(SYSTEMS)
    assert len({row.feature for row in rows()}) == len(rows())


@pytest.mark.parametrize("row", rows(), ids=lambda row: row.feature)
def test_where_a_feature_is_exists(row: Row) -> None:
    if link := re.fullmatch(r"\[\w+\]\(([\w.]+)#?([\w-]*)\)", row.where):
        headings = re.findall(r"^#+ (.+)$", (DOCS / link[1]).read_text(encoding="utf-8"), re.MULTILINE)
        assert not link[2] or link[2] in {re.sub(r"[^\w -]", "", head.lower()).replace(" ", "-") for head in headings}
    else:
        assert row.where.removesuffix(" panel") in {panel.title for panel, _ in PANELS}
    if is_workflow(row):
        assert (DOCS.parent / row.command.strip("`")).is_file()
    else:
        assert row.where.endswith("panel") or words_of(row), "a feature of the window alone names its panel"


@pytest.fixture(scope="module")
def controlnet(tmp_path_factory: pytest.TempPathFactory, tiny_model: Path) -> Path:
    return write_control(tmp_path_factory.mktemp("controlnet"), tiny_model, 0)


@pytest.fixture(scope="module")
def load_once():
    """`load_chosen` for commands of one picture, which loads each choice of a model once: most rows choose the same."""
    return functools.cache(load_chosen)


@pytest.fixture
def there(
    tmp_path: Path, tiny_model: Path, tiny_upscaler: Path, controlnet: Path, load_once, monkeypatch
) -> Iterator[None]:
    """A working directory with the files that the page speaks of, and a hub with a model."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("app.cli.generate.load_chosen", load_once)
    for name, folder in (("pipeline", tiny_model), ("controlnet", controlnet)):
        Path(name).symlink_to(folder)
    Path("upscaler.safetensors").symlink_to(tiny_upscaler)
    extrinsic = [1.0, 0.0, 0.0, 0.0, 0.0, -1.0, 0.0, 0.0, 0.0, 0.0, -1.0, 0.0, -4.0, 3.0, 9.0, 1.0]
    intrinsic = {"width": 64, "height": 48, "intrinsic_matrix": [40.0, 0.0, 0.0, 0.0, 40.0, 0.0, 31.5, 23.5, 1.0]}
    camera = {"class_name": "PinholeCameraParameters", "extrinsic": extrinsic, "intrinsic": intrinsic}
    Path("trajectory.json").write_text(
        json.dumps({"class_name": "PinholeCameraTrajectory", "parameters": [camera] * 2})
    )
    shutil.copytree(tiny_model / "vae", "autoencoder")
    ramp = np.linspace(0, 255, 32 * 32 * 3).astype(np.uint8).reshape(32, 32, 3)
    Image.fromarray(ramp).save("wall.png")
    Path("profiles.yaml").write_text("profiles: [{name: a, steps: 4, capture_steps: 2, cfg: 5.0}]")
    Path("vase.glb").write_bytes(glb_of(*drum()))
    Path("run/samples").mkdir(parents=True)
    Path("run/log.jsonl").write_text('{"loss": 1.0, "step": 1}\n')
    Image.fromarray(ramp).save("run/samples/0000001.png")
    Path("pictures").mkdir()
    for number in range(2):
        Image.fromarray(ramp).save(f"pictures/{number}.png")
        Path(f"pictures/{number}.txt").write_text("a ramp")
    Image.fromarray(np.kron([[0, 255]], np.ones((32, 16), np.uint8)).astype(np.uint8)).save("mask.png")
    with hub_with(tiny_model, monkeypatch):
        yield


@pytest.mark.parametrize("system", SYSTEMS)
@pytest.mark.usefixtures("there")
def test_every_command_runs(system: str, tiny_model: Path, tiny_scene: Path, capsys) -> None:
    own = [row for row in rows() if row.system == system and not is_workflow(row)]
    commands = [words for row in own if (words := words_of(row))]
    ours = {"hamlet": str(tiny_scene), "grass": "floor", "owner/name": ID}
    for words in commands:
        name = words[0]
        assert name in COMMANDS, nearest(name, COMMANDS)
        if name in WAITING:
            continue
        words = [ours.get(word, word) for word in words]
        what = name if name in SMALL else " ".join(words[:2])
        told = [(flag, value) for flag, value in SMALL.get(what, {}).items() if flag not in words]
        small = [part for pair in told for part in pair if part]
        model = ["--model", str(tiny_model), "--device", "cpu"] if what in SMALL else []
        model = model[2:] if "--model" in words else model
        if "--no-model" in words:
            small, model = ["--size", "64x48"], []
        code, said = main([*words, *model, *small]), capsys.readouterr().err
        assert code == 0, f"{shlex.join(words)}: {said}"
        assert "no effect" not in said, f"{shlex.join(words)}: {said}"
