"""A painted world without a model: shown as with one, no torch, and whatever would dream says why it doesn't."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from app.__main__ import main
from app.actions.paint import dreams
from app.loop.absent_model import ABSENT, AbsentWorker, model_of_world
from app.loop.headless_session import open_headless_session
from app.loop.messages import DreamFailed, InspectionResult, PictureFailed, Status
from app.session import SceneChoice, Session
from base.errors import InputError


@pytest.fixture(scope="module")
def world(tiny_model, tiny_scene, tmp_path_factory) -> Path:
    """A world of the tiny scene, painted by one dream of the tiny model."""
    file = tmp_path_factory.mktemp("world") / "tiny.world"
    small = ["--views", "1", "--steps", "2", "--canvas", "48", "--no-sky"]
    assert (
        main(["dream", str(tiny_scene), "--model", str(tiny_model), "--device", "cpu", *small, "--world", str(file)])
        == 0
    )
    return file


def test_a_film_of_a_world_needs_neither_model_nor_torch(world, tiny_scene, tmp_path) -> None:
    before, out = world.read_bytes(), tmp_path / "film"
    words = ["render", str(tiny_scene), "--world", str(world), "--no-model", "--path", "orbit", "--frames", "1"]
    words += ["--size", "64x48", "--out", str(out), "--steps", "3"]
    code = f"import sys; from app.__main__ import main; code = main({words!r}); sys.exit(code or 9 * ('torch' in sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=Path(__file__).parents[3])
    assert done.returncode == 0, done.stderr
    assert "have no effect: --no-model loads none" in " ".join(done.stderr.split()) and "0 model calls" in done.stderr
    assert world.read_bytes() == before
    assert np.asarray(Image.open(out / "00000.png")).std() > 0


def test_the_paint_is_there_and_nothing_is_dreamed(world, tiny_scene) -> None:
    session = Session(SceneChoice(str(tiny_scene)), world=world)
    with open_headless_session(session, model=model_of_world(world)) as headless:
        camera = next(iter(headless.scene.paths.values())).keyframes[0].camera
        assert headless.volume.revision > 0 and headless.model.channels == 4
        assert not headless.painter.consider(camera, (64, 48)) and not headless.painter.client.busy
        assert headless.painter.status_text == "no model is loaded"


def test_what_is_asked_of_it_fails_in_one_sentence(world) -> None:
    worker = AbsentWorker(info := model_of_world(world))
    asked = SimpleNamespace()
    assert worker.poll() == [Status(f"{ABSENT}; what is painted is shown", info)]
    worker.submit(asked)
    worker.inspect(asked)
    worker.inspect(None)
    worker.generate(asked)
    assert worker.poll() == [
        DreamFailed(asked, ABSENT, ""),
        InspectionResult(asked, None, ABSENT),
        PictureFailed(asked, ABSENT, ""),
    ]
    assert worker.poll() == []


def test_actions_that_dream_erase_nothing(world) -> None:
    told = []
    context = SimpleNamespace(state=SimpleNamespace(notify=lambda words, level: told.append(words)))
    scene = SimpleNamespace(painter=SimpleNamespace(client=SimpleNamespace(model=model_of_world(world))))
    assert not dreams(context, scene) and told == ["Nothing can be dreamed: no model is loaded (--no-model)"]


def test_without_a_world_there_is_nothing_to_show(tmp_path) -> None:
    with pytest.raises(InputError, match="--no-model shows a painted world: name one with --world"):
        model_of_world(None)
    with pytest.raises(InputError, match="is not there; name another with --world"):
        model_of_world(tmp_path / "a.world")
