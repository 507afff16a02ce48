"""`make dist` builds a wheel with all that the program needs: it runs from another folder, without the sources."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from PIL import Image

ROOT = Path(__file__).parents[1]
PACKAGES = ("app", "base", "engine", "diffusion", "scenes", "shaders")
OTHERS = ("pyproject.toml", "Makefile", "README.md", "LICENSE", "constraints.txt")

pytestmark = pytest.mark.skipif(
    shutil.which("make") is None or not (Path(sys.prefix) / "bin/python").exists(),
    reason="make dist needs make and a virtual environment of Unix",
)


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the sources, so that the build leaves nothing beside them."""
    copy = tmp_path_factory.mktemp("source")
    for name in PACKAGES:
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in OTHERS:
        shutil.copy(ROOT / name, copy)
    return copy


@pytest.fixture(scope="module")
def installed(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel's files, unpacked. The running environment has what they depend on, and is not installed anew."""
    stamp = f"--old-file={sys.prefix}/.installed"
    subprocess.run(["make", stamp, "dist", f"VENV={sys.prefix}"], cwd=source, check=True, capture_output=True)
    (wheel,) = (source / "dist").glob("*.whl")
    site = tmp_path_factory.mktemp("site")
    zipfile.ZipFile(wheel).extractall(site)
    return site


def run(site: Path, folder: Path, *words: str) -> str:
    """What the unpacked program prints, run in `folder`."""
    code = f"import sys, app.__main__ as main; assert main.__file__.startswith({str(site)!r}); sys.exit(main.main())"
    environment = {**os.environ, "PYTHONPATH": str(site), "OMP_NUM_THREADS": "1"}
    done = subprocess.run([sys.executable, "-c", code, *words], cwd=folder, env=environment, capture_output=True)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode()


def test_wheel_holds_every_file_of_the_packages(source: Path, installed: Path) -> None:
    ours = {path.relative_to(source) for name in PACKAGES for path in (source / name).rglob("*") if path.is_file()}
    theirs = {path.relative_to(installed) for path in installed.rglob("*") if path.is_file()}
    assert theirs >= ours
    assert {path.parts[0] for path in theirs - ours} == {next(installed.glob("*.dist-info")).name}


def test_inspect_runs_from_the_wheel(installed: Path, tmp_path: Path) -> None:
    found = json.loads(run(installed, tmp_path, "inspect", "hamlet", "--json"))
    assert found["scene"] == "hamlet"
    assert found["atlas"]["texels"] > 0


def test_render_paints_with_the_embedded_model_from_the_wheel(
    installed: Path, tiny_scene: Path, tmp_path: Path
) -> None:
    words = ("--frames", "1", "--size", "128x96", "--steps", "4", "--quality", "draft", "--out", "film")
    run(installed, tmp_path, "render", str(tiny_scene), *words)
    (frame,) = (tmp_path / "film").glob("*.png")
    low, high = Image.open(frame).convert("L").getextrema()
    assert high - low > 50
