"""Who may import whom (docs/architecture.md), read from the source: no import is hidden in a function from this."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from app.commands import COMMANDS

ROOT = Path(__file__).parents[1]
WINDOW = {"moderngl_window", "pyglet"}
GL = {"moderngl", "glcontext", *WINDOW}
IMGUI = {"imgui_bundle"}
TORCH = {"torch", "diffusers", "transformers", "accelerate", "safetensors"}
GUI_FILES = ("app/panels/", "app/gui/renderer.py", "app/gui/input.py", "app/gui/theme.py")

# folder → what may be imported in it, besides the standard library
ALLOWED = {
    "scenes": {"scenes", "numpy", "PIL", "pyrr", "yaml"},
    "engine": {"engine", "scenes", "numpy", "scipy", "PIL", "moderngl", "av", "safetensors", "filelock"},
    "diffusion": {"diffusion", "scenes", "numpy", "scipy", "PIL", "yaml", "rich", "faiss", "huggingface_hub", *TORCH},
}
# in app, what may not
FORBIDDEN = {"tests", "diffusers", "transformers"}
# folder of app → the folders of app that it may import; cli, explorer and panels may import what they like
INSIDE_APP = {"loop": set(), "gui": set(), "moving": {"loop"}, "files": {"loop"}, "bench": {"loop", "explorer"}}
SOURCES = sorted(path.relative_to(ROOT) for folder in (*ALLOWED, "app") for path in (ROOT / folder).rglob("*.py"))


def imports(path: Path) -> set[str]:
    """Top-level package names that a source file imports anywhere in it."""
    names = set()
    for node in ast.walk(ast.parse((ROOT / path).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names.add((node.module or "").split(".")[0])
    return names


@pytest.mark.parametrize("path", SOURCES, ids=str)
def test_a_file_imports_only_what_its_folder_may(path: Path) -> None:
    found = imports(path) - sys.stdlib_module_names
    if path.parts[0] in ALLOWED:
        assert found <= ALLOWED[path.parts[0]]
    else:
        assert not found & FORBIDDEN
    if path.as_posix() != "app/explorer/window.py":
        assert not found & WINDOW
    if not path.as_posix().startswith(GUI_FILES):
        assert not found & IMGUI


def app_folders(path: Path) -> set[str]:
    """Folders of app that a source file imports from."""
    modules = [
        n.module or ""
        for n in ast.walk(ast.parse((ROOT / path).read_text(encoding="utf-8")))
        if isinstance(n, ast.ImportFrom)
    ]
    parts = [module.split(".") for module in modules if module.startswith("app.")]
    return {part[1] for part in parts if (ROOT / "app" / part[1]).is_dir()}


@pytest.mark.parametrize("path", [p for p in SOURCES if p.parts[0] == "app" and p.parts[1] in INSIDE_APP], ids=str)
def test_inside_app_the_loop_knows_nothing_of_the_window(path: Path) -> None:
    assert app_folders(path) - {path.parts[1]} <= INSIDE_APP[path.parts[1]]


def test_shaders_hold_no_python() -> None:
    assert not list((ROOT / "shaders").rglob("*.py"))


@pytest.mark.parametrize("words", [["--help"], *([name, "--help"] for name in COMMANDS)])
def test_help_imports_neither_torch_nor_gl(words: list[str]) -> None:
    heavy = sorted(TORCH | GL | IMGUI)
    code = (
        f"import sys; from app.__main__ import main; code = main({words!r})\n"
        f"print(code, [name for name in {heavy!r} if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "0 []"
    assert "usage: rayverie" in done.stdout
