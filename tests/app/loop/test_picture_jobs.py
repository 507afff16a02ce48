"""Single pictures on the worker: in order, in turns with dreams of views, previewed, cancelled; the same as `generate` makes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from app.loop.inline_worker import InlineWorker
from app.loop.messages import DreamFinished, Message, PictureFailed, PictureMade, PicturePreview, PictureRequest
from app.loop.picture_jobs import enlarge_picture
from app.loop.worker import ThreadWorker
from app.session import ModelChoice
from diffusion.canvas import Cancelled, Dreamed
from diffusion.loaders.options import LoadOptions
from diffusion.settings import DreamSettings
from diffusion.text2image.metadata import write_png
from diffusion.text2image.recipe import GenerateSettings, Recipe
from tests.app.loop.workers import wait


class FakeGenerate:
    """Plays `generate`: waits before each step until `gate` is open; a prompt "broken" raises."""

    def __init__(self) -> None:
        self.gate, self.started, self.told = threading.Event(), threading.Event(), {}
        self.gate.set()

    def __call__(self, model: Any, settings: GenerateSettings, *, on_step=None, cancelled=None, **told) -> Any:
        self.told = told
        self.started.set()
        if settings.prompt == "broken":
            raise ValueError("no such colour")
        latents = np.zeros((1, 4, 2, 2), np.float32)
        for step in range(settings.dream.steps):
            self.gate.wait(20)
            if cancelled():
                raise Cancelled
            on_step(SimpleNamespace(step=step, steps=settings.dream.steps, denoised=latents))
        dreamed = Dreamed(latents[0], np.zeros((16, 16, 3), np.uint8), 1.0, settings.dream.steps, {"total": 0.5})
        return SimpleNamespace(image=dreamed.image, recipe=Recipe(settings, told["model_ref"], "fake"), dreamed=dreamed)


def asked(id: int, steps: int = 4, every: int = 0, prompt: str = "a wall") -> PictureRequest:
    return PictureRequest(id, GenerateSettings(prompt=prompt, dream=DreamSettings(steps=steps)), every)


def made(count: int = 1) -> Callable[[list[Message]], bool]:
    return lambda found: sum(isinstance(m, PictureMade) for m in found) == count


@pytest.fixture
def generate() -> FakeGenerate:
    return FakeGenerate()


@pytest.fixture
def worker(fake_model, fake_dream, generate: FakeGenerate) -> Iterator[ThreadWorker]:
    told = ModelChoice(ref="mine", lora=("moss:0.5",), options=LoadOptions(attention_slicing=True))
    worker = ThreadWorker(lambda: fake_model, fake_dream, generate=generate, choice=told, threads=None)
    yield worker
    generate.gate.set()
    fake_dream.gate.set()
    worker.close()


def test_pictures_are_made_in_order_with_what_the_model_was_loaded_with(worker, generate: FakeGenerate) -> None:
    for id in range(3):
        worker.generate(asked(id))
    messages = [m for m in wait(worker, made(3)) if isinstance(m, PictureMade)]
    assert [m.request.id for m in messages] == [0, 1, 2]
    assert messages[0].recipe.model == "mine" and messages[0].calls == 4 and messages[0].seconds == 0.5
    told = {
        "model_ref": "mine",
        "loras": ("moss:0.5",),
        "controls": (),
        "adapter": None,
        "options": LoadOptions(attention_slicing=True),
    }
    assert generate.told == told


@pytest.mark.parametrize(("every", "shown"), [(0, []), (1, [1, 2, 3, 4]), (2, [1, 2, 4])])
def test_previews_come_at_the_interval_and_progress_at_every_step(worker, every: int, shown: list[int]) -> None:
    worker.generate(asked(0, steps=5, every=every))
    previews = [m for m in wait(worker, made()) if isinstance(m, PicturePreview)]
    assert [m.step for m in previews] == [1, 2, 3, 4, 5] and {m.steps for m in previews} == {5}
    assert [m.step for m in previews if m.image is not None] == shown


def test_cancelling_drops_those_that_wait_and_stops_the_running_one(worker, generate: FakeGenerate) -> None:
    generate.gate.clear()
    worker.generate(asked(0))
    worker.generate(asked(1))
    assert generate.started.wait(20)
    worker.cancel_pictures()
    worker.generate(asked(2))
    generate.gate.set()
    messages = wait(worker, made())
    assert {m.request.id for m in messages if isinstance(m, PictureMade)} == {2}
    assert {m.id for m in messages if isinstance(m, PicturePreview)} == {2}


def test_views_and_pictures_take_turns(worker, generate: FakeGenerate, request_of) -> None:
    generate.gate.clear()
    for id in range(3):
        worker.generate(asked(id))
    assert generate.started.wait(20)
    worker.submit(request_of(0))
    generate.gate.set()
    messages = wait(worker, made(3))
    order = [type(m) for m in messages if isinstance(m, PictureMade | DreamFinished)]
    assert order == [PictureMade, DreamFinished, PictureMade, PictureMade]


def test_cancelling_the_view_s_dream_leaves_pictures_alone_and_the_other_way_round(worker, request_of) -> None:
    worker.generate(asked(5))
    worker.cancel()
    wait(worker, made())
    worker.submit(request_of(0))
    worker.cancel_pictures()
    wait(worker, lambda found: any(isinstance(m, DreamFinished) for m in found))


def test_a_failure_is_a_message_and_the_next_picture_is_made(worker) -> None:
    worker.generate(asked(0, prompt="broken"))
    worker.generate(asked(1))
    messages = wait(worker, made())
    failed = next(m for m in messages if isinstance(m, PictureFailed))
    assert failed.problem == "ValueError: no such colour" and "Traceback" in failed.traceback


def test_without_a_thread_too(fake_model, fake_dream, generate: FakeGenerate) -> None:
    worker = InlineWorker(fake_model, fake_dream, generate=generate)
    worker.generate(asked(0))
    assert any(isinstance(m, PictureMade) for m in worker.poll())


def test_a_picture_of_a_file_is_enlarged_tile_by_tile_and_can_be_cancelled(
    fake_model, fake_dream, generate: FakeGenerate, tiny_upscaler: Path, tmp_path: Path
) -> None:
    small = Recipe(GenerateSettings(prompt="a wall"), None, "fake")
    write_png(tmp_path / "small.png", np.zeros((300, 40, 3), np.uint8), small)
    wish = replace(small.settings, upscale=2, upscaler=tiny_upscaler)
    fake_model.device = "cpu"
    worker = InlineWorker(fake_model, fake_dream, generate=generate)
    worker.generate(PictureRequest(0, wish, source=tmp_path / "small.png"))
    messages = worker.poll()
    assert [(m.step, m.steps) for m in messages if isinstance(m, PicturePreview)] == [(1, 2), (2, 2)]
    message = next(m for m in messages if isinstance(m, PictureMade))
    assert message.image.shape == (600, 80, 3) and message.calls == 0
    assert message.recipe.settings == wish and not generate.told
    worker.generate(PictureRequest(1, wish, source=tmp_path / "none.png"))
    failed = next(m for m in worker.poll() if isinstance(m, PictureFailed))
    assert "none.png does not exist" in failed.problem
    with pytest.raises(Cancelled):
        emit: list[Message] = []
        enlarge_picture(fake_model, PictureRequest(2, wish), tmp_path / "small.png", emit.append, lambda: bool(emit))
    assert len(emit) == 1


def test_the_picture_is_the_command_line_s_to_the_pixel(tiny_model: Path) -> None:
    from diffusion.loaders.loading import load_model
    from diffusion.text2image.generate import generate

    model = load_model(str(tiny_model), "cpu")
    settings = GenerateSettings(prompt="brick wall", size=(32, 32), dream=DreamSettings(steps=2, seed=3))
    worker = ThreadWorker(lambda: model, choice=ModelChoice(ref=str(tiny_model)), threads=None)
    try:
        worker.generate(PictureRequest(0, settings, every=1))
        message = next(m for m in wait(worker, made()) if isinstance(m, PictureMade))
    finally:
        worker.close()
    alone = generate(model, settings, model_ref=str(tiny_model))
    assert (message.image == alone.image).all() and message.recipe == alone.recipe
