"""Fixtures for all tests: a tiny random model that goes through the same loading code as a real one, and a tiny scene."""

from __future__ import annotations

import atexit
import importlib.util
import os
import shutil
import signal
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from PIL import Image

from engine.gl.context import create_headless_context

os.environ["XDG_DATA_HOME"] = _DATA = tempfile.mkdtemp(prefix="rayverie-tests-")  # nothing of the user's is touched
atexit.register(shutil.rmtree, _DATA, True)
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # as the program does: tests run beside each other

# nor on who started it: under nohup, or behind `&` in a script, these signals are ignored, and by every program that a test starts
for name, usual in (("SIGINT", signal.default_int_handler), ("SIGHUP", signal.SIG_DFL)):
    number = getattr(signal, name, None)  # Windows has no SIGHUP
    if number is not None and signal.getsignal(number) is signal.SIG_IGN:
        signal.signal(number, usual)

# no test depends on how busy the machine is
settings.register_profile("rayverie", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("rayverie")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Windows first: a process that has had an EGL context can't open a GLX window any more, the other way round it can."""
    items.sort(key=lambda item: "window" not in item.path.parent.parts)


MATERIALS = """
background: {prompt: blue sky}
voxels_per_block: 2
materials:
  - {name: floor, source: [-1, -1, -1], display: [120, 160, 90], prompt: green grass, height: 0.5}
  - {name: wall, source: [200, 60, 40], prompt: red brick wall, height: 2}
  - {name: pond, source: [40, 90, 200], prompt: blue water, height: 0.5}
"""


@pytest.fixture(scope="session")
def context():
    """The GL context without a window of all tests of a process."""
    return create_headless_context()


@pytest.fixture
def ctx(context):
    """That context, made current: another test may have had one of its own and left it so."""
    with context:
        yield context


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Stable-Diffusion-like pipeline folder with random weights: 4 channels, CLIP, sides multiples of 16, native 64."""
    file = Path(__file__).parent / "diffusion" / "conftest.py"
    spec = importlib.util.spec_from_file_location("tiny_pipelines", file)
    assert spec is not None and spec.loader is not None
    tiny = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tiny)
    folder = tmp_path_factory.mktemp("tiny_model")
    tiny.write_pipeline(folder, channels=4, extra=0, width=16, scheduler=tiny.SD_LIKE)
    tiny.write_clip(folder, 16)
    return folder


@pytest.fixture(scope="session")
def tiny_scene(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A scene folder: 8×8 blocks of grass with a wall and a pond."""
    folder = tmp_path_factory.mktemp("tiny_scene")
    picture = Image.new("RGBA", (8, 8))
    for x in range(2, 6):
        picture.putpixel((x, 2), (200, 60, 40, 255))
    picture.putpixel((5, 5), (40, 90, 200, 255))
    picture.save(folder / "map.png")
    (folder / "materials.yaml").write_text(MATERIALS)
    return folder


@pytest.fixture(scope="session")
def tiny_upscaler(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Compact network of random weights that doubles pictures."""
    import torch
    from safetensors.torch import save_file

    from diffusion.upscaling.compact import Compact

    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("upscaler") / "tiny.safetensors"
    save_file(Compact(2, 4, 1).state_dict(), path)
    return path
