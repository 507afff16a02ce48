"""Who may import whom (docs/architecture.md), read from the source: no import is hidden in a function from this."""

from __future__ import annotations

import ast
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from app.commands import COMMANDS

ROOT = Path(__file__).parents[1]
WINDOW = {"moderngl_window", "pyglet"}
GL = {"moderngl", "glcontext", *WINDOW}
IMGUI = {"imgui_bundle"}
COMFYUI = {"comfy", "folder_paths", "latent_preview"}
TORCH = {"torch", "diffusers", "transformers", "tokenizers", "accelerate", "safetensors"}
GUI_FILES = (
    "app/panels/",
    "app/gui/renderer.py",
    "app/gui/input.py",
    "app/gui/theme.py",
    "app/gui/fallback_fonts.py",
)

# folder → what may be imported in it, besides the standard library
ALLOWED = {
    "base": {"base", "numpy", "PIL", "yaml"},
    "scenes": {"base", "scenes", "numpy", "PIL", "pyrr", "yaml"},
    "engine": {
        "base",
        "engine",
        "scenes",
        "numpy",
        "scipy",
        "PIL",
        "moderngl",
        "av",
        "safetensors",
        "filelock",
        "alktx2",
    },
    "diffusion": {
        *(
            "base",
            "diffusion",
            "scenes",
            "numpy",
            "scipy",
            "PIL",
            "yaml",
            "rich",
            "faiss",
            "huggingface_hub",
            "filelock",
            "spandrel",
        ),
        *TORCH,
    },
    "integrations": {"base", "scenes", "engine", "diffusion", "integrations", "numpy", "torch", "moderngl", *COMFYUI},
}
# in app, what may not
FORBIDDEN = {"tests", "diffusers", "transformers"}

# Rooms from the lowest to the highest. A file imports from its own room and from lower ones, never upward.
LAYERS = (
    "base",
    "scenes",
    "scenes/plans",
    "engine",
    "engine/gl",
    "engine/geometry",
    "engine/atlas",
    "engine/edits",
    "engine/storage",
    "engine/unet_view",
    "engine/render",
    "engine/export",
    "diffusion",
    "diffusion/sampling",
    "diffusion/models",
    "diffusion/loaders",
    "diffusion/library",
    "diffusion/upscaling",
    "diffusion/denoisers",
    "diffusion/compositing",
    "diffusion/canvas_check.py",
    "diffusion/dream_run.py",
    "diffusion/dream.py",
    "diffusion/introspection",
    "diffusion/text2image",
    "diffusion/lessons",
    "diffusion/training",
    "diffusion/training/data/materials",
    "diffusion/training/data",
    "diffusion/training/learners",
    "diffusion/training/evaluation",
    "diffusion/training/__main__.py",
    "integrations/comfyui",
    "app",
    "app/loop",
    "app/cluster",
    "app/moving",
    "app/gui",
    "app/files",
    "app/state",
    "app/services",
    "app/actions",
    "app/panels",
    "app/explorer",
    "app/bench",
    "app/cli",
    "app/server",
    "app/mcp",
    "app/web",
    "app/__main__.py",
)
# ComfyUI imports its packs under names of its own, so their files can import each other only relatively.
RELATIVE = "integrations"
SOURCES = sorted(path.relative_to(ROOT) for folder in (*ALLOWED, "app") for path in (ROOT / folder).rglob("*.py"))


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse((ROOT / path).read_text(encoding="utf-8"))


def imports(path: Path) -> set[str]:
    """Top-level package names that a source file imports anywhere in it."""
    names = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(source_of(path, node).split(".")[0])
    return names


def source_of(path: Path, node: ast.ImportFrom) -> str:
    """The full name of the module that a file imports from."""
    relative = path.parts[0] == RELATIVE
    assert node.level == 0 or (relative and node.level == 1), f"{path}: relative import"
    assert node.level or not (node.module or "").startswith(f"{RELATIVE}."), f"{path}: absolute import"
    package = [".".join(path.parent.parts)] if node.level else []
    return ".".join([*package, *([node.module] if node.module else [])])


def module_name(path: Path) -> str:
    parts = path.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_name(path): path for path in SOURCES}


@cache
def imported_files(path: Path) -> frozenset[Path]:
    """The project's own files that a source file imports anywhere in it, for type checking too."""
    found = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                source = source_of(path, node)
                inner = f"{source}.{alias.name}"
                found.add(inner if inner in MODULES else source)
    return frozenset(MODULES[name] for name in found if name in MODULES) - {path}


def layer(path: Path) -> int:
    """The place of a file in LAYERS: that of the file itself, or of the nearest folder that is listed."""
    for place in (path, *path.parents):
        if place.as_posix() in LAYERS:
            return LAYERS.index(place.as_posix())
    raise AssertionError(f"{path} is in no layer")


@pytest.mark.parametrize("path", SOURCES, ids=str)
def test_a_file_imports_only_what_its_folder_may(path: Path) -> None:
    found = imports(path) - sys.stdlib_module_names
    if path.parts[0] in ALLOWED:
        assert found <= ALLOWED[path.parts[0]]
    else:
        assert not found & FORBIDDEN
    if path.as_posix() not in ("app/explorer/window.py", "app/explorer/pyglet_keys.py"):
        assert not found & WINDOW
    if not path.as_posix().startswith(GUI_FILES):
        assert not found & IMGUI
    if path.as_posix() != "integrations/comfyui/border.py":
        assert not found & COMFYUI
    if not path.as_posix().startswith("app/cluster/"):
        assert "ray" not in found


@pytest.mark.parametrize("path", SOURCES, ids=str)
def test_imports_go_downward(path: Path) -> None:
    upward = {other.as_posix() for other in imported_files(path) if layer(other) > layer(path)}
    assert not upward


def test_no_files_import_each_other_in_a_circle() -> None:
    """Files that import nothing unvisited are removed until none is left; what stays lies on a circle or above one."""
    waiting = {path: set(imported_files(path)) for path in SOURCES}
    while free := [path for path, needs in waiting.items() if not needs & waiting.keys()]:
        for path in free:
            del waiting[path]
    assert not [path.as_posix() for path in waiting]


def test_panels_import_no_service() -> None:
    panels = [path for path in SOURCES if path.as_posix().startswith("app/panels/")]
    assert panels
    assert [
        p.as_posix() for p in panels if any(o.as_posix().startswith("app/services/") for o in imported_files(p))
    ] == []


def test_shaders_hold_no_python() -> None:
    assert not list((ROOT / "shaders").rglob("*.py"))


def test_help_imports_neither_torch_nor_gl() -> None:
    """All commands in one process, as a start takes a second: the first that imports too much is named."""
    heavy = sorted(TORCH | GL | IMGUI)
    asked = [["--help"], *([name, "--help"] for name in COMMANDS)]
    code = (
        f"import sys; from app.__main__ import main\n"
        f"for words in {asked!r}:\n"
        f"    code = main(words)\n"
        f"    print(*words, code, [name for name in {heavy!r} if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stderr.splitlines() == [f"{' '.join(words)} 0 []" for words in asked]
    assert done.stdout.count("usage: rayverie") == len(asked)
