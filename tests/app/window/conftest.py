"""A display for the window's tests (Xvfb where there is none), a small scene, and a driver that plays hands and clock."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.loop.messages import (
    DreamFailed,
    DreamFinished,
    InspectionRequest,
    InspectionResult,
    Message,
    ModelBeside,
    ModelInfo,
    ModelKept,
    ModelOrder,
    ModelProgress,
    ModelReplaced,
    NoisedSteps,
    Part,
    PictureFailed,
    PictureMade,
    PicturePreview,
    PictureRequest,
    Preview,
    PreviewOptions,
    Request,
    Status,
)
from app.session import LiveSettings, PaintSettings, Session, ViewSettings
from diffusion.canvas import Dreamed
from diffusion.introspection.ablation import Ablation
from diffusion.introspection.concepts import Concepts
from diffusion.introspection.unet_probe import Block, UnetProbe, WordAttention
from diffusion.models.prompt_words import REST
from diffusion.text2image.recipe import Recipe
from scenes.scene import Background, Material, Scene


@pytest.fixture(scope="session")
def display() -> Iterator[str]:
    """The name of an X display: the one there is, or an Xvfb of our own."""
    if os.environ.get("DISPLAY"):
        yield os.environ["DISPLAY"]
        return
    assert shutil.which("Xvfb"), "the window's tests need Xvfb: scripts/system-packages installs it for `make test`"
    read, write = os.pipe()
    command = ["Xvfb", "-displayfd", str(write), "-screen", "0", "1280x800x24", "-nolisten", "tcp"]
    server = subprocess.Popen(command, pass_fds=(write,), stderr=subprocess.DEVNULL)
    os.close(write)
    with os.fdopen(read) as answer:
        number = answer.readline().strip()
    assert number, "Xvfb did not start"
    os.environ["DISPLAY"] = f":{number}"
    yield os.environ["DISPLAY"]
    del os.environ["DISPLAY"]
    server.terminate()
    server.wait(10)


@pytest.fixture(scope="session")
def scene() -> Scene:
    """A courtyard of 8×8 blocks: a floor, a wall around it, a pillar."""
    plan = np.full((8, 8), 1, np.uint8)
    plan[0], plan[-1], plan[:, 0], plan[:, -1] = 2, 2, 2, 2
    plan[3, 3] = 3
    materials = (
        Material("grass", (0, 255, 0), "a meadow", 0.25, (90, 150, 60)),
        Material("wall", (255, 0, 0), "a brick wall", 2.0, (170, 80, 60)),
        Material("pillar", (0, 0, 255), "white marble", 3.0, (220, 220, 210)),
    )
    return Scene("courtyard", plan, materials, Background("blue sky"), voxels_per_block=2)


class QuickWorker:
    """The `Worker` protocol without a model: every region in a colour of its own, one step for each poll. For the window's tests
    only, which are about the window; `test_program.py` runs the program with a real model."""

    def __init__(self, channels: int = 4) -> None:
        self.channels = channels
        info = ModelInfo("quick", "quick", channels=channels, multiple=64, native=128, takes_depth=False, device="cpu")
        self.messages: list[Message] = [Status("the model quick is ready", info)]
        self.request: Request | None = None
        self.step, self.submitted, self.cancelled, self.closed = 0, 0, 0, False
        self.problem = ""
        self.how = PreviewOptions()
        self.held = False  # no steps are made while it is held
        self.asked: InspectionRequest | None = None
        self.inspected = 0
        self.order: ModelOrder | None = None
        self.spaces: dict[str | None, tuple[str, int]] = {}  # of models that can be loaded: latent space, channels
        self.beside: int | None = None  # channels of the model that is loaded beside this one
        self.loading_held = False  # no model is loaded while it is held
        self.defaults: dict[str, Any] = {}  # of the next model
        self.pictures: list[PictureRequest] = []

    def submit(self, request: Request) -> None:
        self.request, self.step = request, 0
        self.submitted += 1

    def cancel(self) -> None:
        self.cancelled += self.request is not None
        self.request = None

    def generate(self, asked: PictureRequest) -> None:
        self.pictures.append(asked)

    def cancel_pictures(self) -> None:
        self.pictures.clear()

    def picture(self) -> list[Message]:
        """The next picture, in a colour that its seed decides."""
        asked = self.pictures.pop(0)
        settings, seed = asked.settings, asked.settings.dream.seed
        if settings.prompt == "broken":
            return [PictureFailed(asked, "It can't be made.", "Traceback: made up for this test")]
        width, height = (settings.upscale * side for side in settings.size)
        image = np.full((height, width, 3), (40 * seed % 256, 90, 200 - seed % 200), np.uint8)
        recipe = Recipe(settings, None, "quick-01")
        return [PicturePreview(asked.id, 1, 2, image), PictureMade(asked, image, recipe, 2, 0.1)]

    def poll(self) -> list[Message]:
        messages, self.messages = [*self.messages, *self._load()], []
        if self.pictures and not self.held:
            return messages + self.picture()
        if self.request is None or self.held:
            if self.asked is not None and not self.held:
                asked, self.asked, self.inspected = self.asked, None, self.inspected + 1
                failed = InspectionResult(asked, None, self.problem)
                messages.append(failed if self.problem else InspectionResult(asked, made_up(asked), **further(asked)))
            return messages
        request, steps = self.request, self.request.settings.steps
        assert len(request.canvas.noise) == (self.beside if request.beside else self.channels)
        if self.problem:
            self.request = None
            return [*messages, DreamFailed(request, self.problem, "Traceback: made up for this test")]
        self.step += 1
        picture = colours(request)
        messages.append(
            Preview(
                request.id,
                self.step,
                steps,
                1 - self.step / steps,
                picture,
                start=request.canvas.noise,
                denoised=request.canvas.noise / self.step,
                **self._details(request),
            )
        )
        if self.step == steps:
            self.request = None
            image = picture.repeat(8, axis=0).repeat(8, axis=1)
            seconds = {"unet": 0.1, "vae": 0.1, "text": 0.0, "total": 0.2}
            messages.append(DreamFinished(request, Dreamed(request.canvas.noise, image, float(steps), steps, seconds)))
        return messages

    def _load(self) -> list[Message]:
        """What is told of the model that is being loaded. Names of `spaces` can be loaded, others are damaged."""
        order = self.order
        if order is None:
            return []
        if self.loading_held:
            return [ModelProgress(order, "U-Net", 0.25)]
        self.order, ref = None, order.choice.ref
        if ref not in self.spaces:
            return [ModelKept(order, f"{ref} is damaged.", "Traceback: made up for this test")]
        space, channels = self.spaces[ref]
        info = ModelInfo(str(ref), space, channels, 64, 128, takes_depth=False, device="cpu", defaults=self.defaults)
        if order.beside:
            self.beside = channels
            return [ModelBeside(order, info)]
        self.channels, self.beside, self.request = channels, None, None
        return [ModelReplaced(order, info)]

    def drop_beside(self) -> None:
        self.beside = None

    def load_model(self, order: ModelOrder) -> None:
        self.order = order

    def cancel_model(self) -> None:
        if self.order is not None:
            self.messages.append(ModelKept(self.order))
            self.order = None

    def _details(self, request: Request) -> dict[str, Any]:
        if not self.how.closely:
            return {}
        noise = np.random.default_rng(self.step).integers(0, 255, (*request.canvas.change.shape, 3), np.uint8)
        parts = tuple(Part(r.prompt, np.full_like(noise, 40 * i % 256)) for i, r in enumerate(request.canvas.regions))
        return {"noisy": noise, "parts": parts, "guidance": 1 / self.step, "change": 0.1}

    def inspect(self, asked: InspectionRequest | None) -> None:
        self.asked = asked

    def watch(self, how: PreviewOptions) -> None:
        self.how = how

    def close(self) -> None:
        self.closed = True


def further(asked: InspectionRequest) -> dict[str, Any]:
    """Half of the large shapes left without skips, all without what is below; brick from the second step on; a decoder whose stages
    are each of one grey, 200 and more; noised pictures in greens of their own."""
    found: dict[str, Any] = {}
    if asked.cut:
        sketch = np.zeros((4, 4, 3), np.uint8)
        found["ablation"] = (Ablation("skips", 0.2, 0.9, sketch), Ablation("below", 0.95, 0.97, sketch))
    if asked.predictions:
        rows = np.array([[0.1, 0.8], *[[0.9, 0.05]] * (len(asked.predictions) - 1)])
        found["concepts"] = tuple(Concepts(r.prompt, 0.3, ("brick", "sky"), rows) for r in asked.canvas.regions)
    if asked.decoder:
        kinds = (("in", 1, 2, 1), ("up", 1, 2, 2), ("up", 2, 1, 4), ("out", 1, 0, 4))
        grey = (np.full((4, 6 * size, 8 * size), 200 + 10 * i, np.uint8) for i, (*_, size) in enumerate(kinds))
        found["decoder"] = tuple(
            Block(kind, number, level, False, (4, *maps.shape[1:]), 0.1, (0, 1, 2, 3), maps, maps[0], 1.0)
            for (kind, number, level, _), maps in zip(kinds, grey, strict=True)
        )
    if asked.noising is not None:
        steps = tuple(range(asked.noising.settings.start_at, asked.noising.settings.end_at + 1))
        pictures = tuple(np.full((12, 16, 3), (0, 10 * step, 0), np.uint8) for step in steps)
        found["noised"] = NoisedSteps(steps, tuple(10.0 - step for step in steps), pictures)
    return found


def colours(request: Request) -> np.ndarray:
    """uint8 [h,w,3]: every region of a request in a strong colour of its own."""
    picture = np.zeros((*request.canvas.change.shape, 3), np.uint8)
    for region in request.canvas.regions:
        code = sum(map(ord, region.prompt))
        picture[region.mask > 0] = (55 + code * 7 % 200, 55 + code * 13 % 200, 55 + code * 29 % 200)
    return picture


def made_up(asked: InspectionRequest) -> UnetProbe:
    """What a network of two levels might show of a step: every block's maps flat, in a grey of their own."""
    _, height, width = asked.start.shape
    plan = [("in", 1, 0), ("down", 1, 0), ("down", 2, 1), ("middle", 1, 1), ("up", 1, 1), ("up", 2, 0), ("out", 1, 0)]
    blocks = []
    for i, (kind, number, level) in enumerate(plan):
        size = height >> level, width >> level
        maps = np.full((16, *size), 30 * (i + 1), np.uint8)
        blocks.append(
            Block(
                kind,
                number,
                level,
                kind == "up",
                (16 << level, *size),
                0.01 * (i + 1),
                (*range(16),),
                maps,
                maps[0],
                i + 1.0,
            )
        )
    ramp = np.broadcast_to(np.linspace(0, 1, width, dtype=np.float32), (height, width))
    heard = tuple(
        WordAttention(
            region.prompt,
            (*region.prompt.split(), REST),
            np.stack([ramp, *[1 - ramp] * region.prompt.count(" "), ramp]),
            region.mask,
        )
        for region in asked.canvas.regions
    )
    return UnetProbe(tuple(blocks), heard, asked.start, True)


def _symbol(name: str) -> int:
    """pyglet's symbol of a key of app.state.keymap."""
    from app.explorer.pyglet_keys import SYMBOLS

    return next(symbol for symbol, ours in SYMBOLS.items() if ours == name)


@dataclass
class Driver:
    """Plays the hands and the clock of a real window. Every `frames` step is 1/50 s of the explorer's time."""

    window: Any
    explorer: Any
    worker: QuickWorker
    times: list[float] = field(default_factory=lambda: [0.0])

    def frames(self, count: int = 1) -> None:
        for _ in range(count):
            self.times[0] += 0.02
            self.explorer.frame()
            self.window.wnd.swap_buffers()

    def until(self, condition: Callable[[], bool], what: str, count: int = 600) -> None:
        for _ in range(count):
            if condition():
                return
            self.frames()
            time.sleep(0.002)
        raise AssertionError(
            f"{what}: not within {count} frames; log: {[e.text for e in self.explorer.state.log.entries]}"
        )

    def press(self, name: str) -> None:
        """A key of app.state.keymap goes down."""
        self.window.native.dispatch_event("on_key_press", _symbol(name), 0)

    def release(self, name: str) -> None:
        self.window.native.dispatch_event("on_key_release", _symbol(name), 0)

    def tap(self, name: str) -> None:
        self.press(name)
        self.frames()
        self.release(name)
        self.frames()

    def mouse(self, x: float, y: float) -> None:
        """Point at (x, y), y down."""
        self.window.native.dispatch_event("on_mouse_motion", int(x), int(self.window.size[1] - y), 0, 0)

    def drag(self, start: tuple[float, float], end: tuple[float, float], button: int = 1) -> None:
        height = self.window.size[1]
        self.mouse(*start)
        self.frames(2)
        self.window.native.dispatch_event("on_mouse_press", int(start[0]), int(height - start[1]), button, 0)
        self.frames(2)
        dx, dy = int(end[0] - start[0]), int(start[1] - end[1])
        self.window.native.dispatch_event("on_mouse_drag", int(end[0]), int(height - end[1]), dx, dy, button, 0)
        self.frames(2)
        self.window.native.dispatch_event("on_mouse_release", int(end[0]), int(height - end[1]), button, 0)
        self.frames(2)

    def agree(self, number: int = 0) -> None:
        """Wait for the question whether something may be forgotten, and give this answer."""
        self.until(lambda: self.explorer.state.overlays.question is not None, "it is asked")
        self.explorer.do("answer", number)

    def pixels(self) -> np.ndarray:
        """uint8 [H,W,3] of what the window shows, row 0 at the top."""
        width, height = self.window.pixels
        data = self.window.target.read((0, 0, width, height), components=3, alignment=1)
        return np.frombuffer(data, np.uint8).reshape(height, width, 3)[::-1]

    def errors(self) -> list[str]:
        return [entry.text for entry in self.explorer.state.log.entries if entry.level == "error"]


@pytest.fixture(params=[4])
def drive(display: str, scene: Scene, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Driver]:
    """An open explorer on the courtyard, its scene and model (param: of so many channels) ready, at rest."""
    from app.explorer.explorer import Explorer
    from app.explorer.window import Window
    from app.state.platform import Folders

    window = Window((960, 640))
    worker, times = QuickWorker(request.param), [0.0]
    folders = Folders(tmp_path / "config", tmp_path / "pictures", tmp_path / "data")
    view = ViewSettings(daylight=0.0, size=(960, 640))
    session = Session(view=view, live=LiveSettings(refine=False), paint=PaintSettings(sky=False))
    explorer = Explorer(window.ctx, window, session, scene, worker, folders=folders, clock=lambda: times[0])
    window.listen(explorer)
    driver = Driver(window, explorer, worker, times)
    driver.until(lambda: explorer.state.open_scene is not None, "the scene opens")
    driver.frames(3)
    yield driver
    explorer.close()
    window.destroy()
