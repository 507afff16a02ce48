"""What nodes declare, and the pack as ComfyUI imports it."""

from __future__ import annotations

import inspect
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from integrations.comfyui.nodes import NODE_CLASS_MAPPINGS, NODE_DISPLAY_NAME_MAPPINGS

PACK = Path(__file__).parents[3] / "integrations" / "comfyui"
COMFYUIS = {"torch", "numpy", "scipy", "safetensors"}  # of our dependencies, what ComfyUI brings
SOCKETS = {"MODEL", "CLIP", "CONDITIONING", "LATENT", "IMAGE", "MASK", "NOISE", "GUIDER", "SAMPLER", "SIGMAS"}
VALUES = {"INT", "FLOAT", "STRING", "BOOLEAN"}


@pytest.mark.parametrize("name", NODE_CLASS_MAPPINGS)
def test_a_node_explains_itself(name: str) -> None:
    node = NODE_CLASS_MAPPINGS[name]
    inputs = node.INPUT_TYPES()
    assert set(inputs) <= {"required", "optional"} and node.DESCRIPTION.endswith((".", "--no-model"))
    assert len(node.RETURN_TYPES) == len(node.RETURN_NAMES) == len(getattr(node, "OUTPUT_TOOLTIPS", node.RETURN_TYPES))
    assert node.CATEGORY.startswith("Rayverie/") and NODE_DISPLAY_NAME_MAPPINGS[name].endswith("(Rayverie)")
    parameters = inspect.signature(getattr(node, node.FUNCTION)).parameters
    free = any(p.kind is p.VAR_KEYWORD for p in parameters.values())
    for kind, group in inputs.items():
        for key, (type_, options) in group.items():
            assert free or key in parameters, key
            assert options["tooltip"], key
            if key in parameters and kind == "optional":
                assert parameters[key].default is not inspect.Parameter.empty, key
            if type_ in ("INT", "FLOAT"):
                assert options["min"] <= options["default"] <= options["max"], key
            elif isinstance(type_, list):
                assert options["default"] in type_, key
            else:
                assert type_ in SOCKETS | VALUES or type_.startswith("RAYVERIE_"), key
    given = {key for group in inputs.values() for key in group}
    assert {key for key, p in parameters.items() if p.kind is not p.VAR_KEYWORD} - {"self"} <= given


def test_the_page_names_every_node_and_workflow() -> None:
    page = (PACK.parents[1] / "docs" / "comfyui.md").read_text(encoding="utf-8")
    cells = {name.strip() for row in re.findall(r"^\| (.+?) \|", page, re.MULTILINE) for name in row.split(",")}
    assert {title.removesuffix(" (Rayverie)") for title in NODE_DISPLAY_NAME_MAPPINGS.values()} <= cells
    assert {f"`{path.name}`" for path in (PACK / "workflows").iterdir()} <= cells


IMPORT = """
import importlib.util, json, sys
from pathlib import Path

folder = Path(sys.argv[1])
sys.meta_path = [finder for finder in sys.meta_path if "Editable" not in repr(finder)]  # Rayverie is not installed
sys.path = [str(folder), *(p for p in sys.path if p and not (Path(p) / "scenes").is_dir())]
sys.modules["comfy"] = None  # so that importing it fails
name = str(folder / "custom_nodes" / "rayverie")
spec = importlib.util.spec_from_file_location(name, name + "/__init__.py")
sys.modules[name] = module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
import app, scenes

print(json.dumps([sorted(module.NODE_CLASS_MAPPINGS), app.whose, str(Path(scenes.__file__).parent), sorted(sys.modules)]))
"""


def test_it_is_imported_without_comfyui_and_as_comfyui_does_it(tmp_path: Path) -> None:
    """By its path, under a name that is no module's, linked from another folder, beside a package `app` that isn't ours."""
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "__init__.py").write_text("whose = 'ComfyUI'")
    (tmp_path / "custom_nodes").mkdir()
    (tmp_path / "custom_nodes" / "rayverie").symlink_to(PACK)
    done = subprocess.run([sys.executable, "-c", IMPORT, str(tmp_path)], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    names, app, scenes, loaded = json.loads(done.stdout)
    assert (names, app, scenes) == (sorted(NODE_CLASS_MAPPINGS), "ComfyUI", str(PACK.parents[1] / "scenes"))
    required = {line.split(">=")[0] for line in (PACK / "requirements.txt").read_text().splitlines() if ">=" in line}
    assert required <= set(loaded)
    pyproject = tomllib.loads((PACK.parents[1] / "pyproject.toml").read_text())
    ours = pyproject["project"]["dependencies"]
    others = {re.split("[><=]", line)[0].replace("-", "_") for line in ours} - required - COMFYUIS
    assert not others & set(loaded)  # what ComfyUI's users would have to install besides
