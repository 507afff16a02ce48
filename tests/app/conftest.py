"""A model that answers at once with what it was asked, for tests of everything around a model."""

from __future__ import annotations

import threading
from types import SimpleNamespace

import numpy as np
import pytest

from app.loop.messages import Request
from app.loop.view_canvas import canvas_from
from diffusion.canvas import Cancelled, Canvas, Dreamed
from diffusion.settings import DreamSettings
from engine.atlas.views import GatheredView
from scenes.camera import Camera
from scenes.scene import SKY


class FakeModel(SimpleNamespace):
    """What the worker needs of a model; 4 channels, sides multiples of 16, native 64."""

    def __init__(self, **changes: object) -> None:
        base = {
            "id": "fake",
            "space": "fake",
            "channels": 4,
            "multiple": 16,
            "native": 64,
            "takes_depth": True,
            "device": "cpu",
            "few_steps": 0,
            "knows_surfaces": False,
            "defaults": {},
            "controls": (),
            "style": None,
        }
        super().__init__(**(base | changes))

    def twin(self) -> FakeModel:
        return self

    def preview(self, latents: np.ndarray) -> np.ndarray:
        return self.sketch(latents).repeat(4, axis=0).repeat(4, axis=1)

    def sketch(self, latents: np.ndarray) -> np.ndarray:
        return np.clip(latents[:3] * 50 + 128, 0, 255).astype(np.uint8).transpose(1, 2, 0)


class FakeDream:
    """Plays `diffusion.dream.dream`: one call a step; waits before each step until `gate` is open; raises `error`."""

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.gate.set()
        self.started = threading.Event()
        self.asked: list[DreamSettings] = []
        self.models: list[str] = []  # ids of what dreamed
        self.error: Exception | None = None

    def __call__(
        self, model, canvas: Canvas, settings: DreamSettings, *, on_step=None, cancelled=None, on_part=None
    ) -> Dreamed:
        self.asked.append(settings)
        self.models.append(getattr(model, "id", ""))
        self.started.set()
        if self.error is not None:
            raise self.error
        for step in range(settings.steps):
            self.gate.wait(20)
            if cancelled is not None and cancelled():
                raise Cancelled
            if on_step is not None:
                on_step(_event(step, settings, canvas))
        height, width = canvas.change.shape
        keep = canvas.change[None] == 0
        kept = canvas.guide.latents if canvas.guide is not None else None
        latents = canvas.noise if kept is None else np.where(keep, kept, canvas.noise)
        image = np.full((8 * height, 8 * width, 3), 90, np.uint8)
        seconds = {"unet": 0.0, "vae": 0.0, "text": 0.0, "total": 0.0}
        return Dreamed(latents.astype(np.float32), image, float(settings.steps), settings.steps, seconds)


def _event(step: int, settings: DreamSettings, canvas: Canvas) -> SimpleNamespace:
    """A `StepEvent` in numpy: the prediction grows from nothing, and every region predicts a constant of its own."""
    denoised = canvas.noise[None] * (step + 1) / settings.steps
    branches = {"positive": denoised, "negative": denoised - 0.25}
    regions = tuple((r.prompt, np.full_like(denoised, i), (0, 0)) for i, r in enumerate(canvas.regions))
    return SimpleNamespace(
        step=step,
        steps=settings.steps,
        sigma=1.0,
        x=denoised,
        start_latents=denoised[0],
        denoised=denoised,
        denoised_latents=denoised[0],
        guidance=float(abs(branches["positive"] - branches["negative"]).mean()),
        regions=regions,
    )


@pytest.fixture
def fake_dream() -> FakeDream:
    return FakeDream()


@pytest.fixture
def fake_model() -> FakeModel:
    return FakeModel()


def make_gathered(height: int = 4, width: int = 6, **changes: object) -> GatheredView:
    """A gathered view of an unpainted world: sky above, material 0 below."""
    shape = (height, width)
    material = np.full(shape, SKY, np.int16)
    material[height // 2 :] = 0
    base = {
        "camera": Camera(),
        "size": (8 * width, 8 * height),
        "chart": np.zeros(shape, np.int32),
        "texel": np.zeros((*shape, 3), np.int32),
        "material": material,
        "depth": np.where(material == SKY, np.inf, 3.0).astype(np.float32),
        "normal": np.zeros((*shape, 3), np.float32),
        "density": np.ones(shape, np.float32),
        "noise": np.random.default_rng(0).standard_normal((4, *shape), dtype=np.float32),
        "latents": np.zeros((4, *shape), np.float32),
        "steps": np.zeros(shape, np.float32),
        "stored_density": np.zeros(shape, np.float32),
        "colours": np.zeros((8 * height, 8 * width, 4), np.uint8),
        "revision": 0,
        "frozen": np.zeros(shape, bool),
        "edge_contaminated": np.zeros(shape, bool),
    }
    parts = base | changes
    side = np.where(parts["material"] == SKY, -1, 2).astype(np.int8)
    pixels = {
        "pixel_material": parts["material"].repeat(8, 0).repeat(8, 1),
        "side": side,
        "pixel_side": side.repeat(8, 0).repeat(8, 1),
        "pixel_depth": parts["depth"].repeat(8, 0).repeat(8, 1),
    }
    return GatheredView(**(pixels | parts))


@pytest.fixture
def gathered() -> GatheredView:
    return make_gathered()


@pytest.fixture
def request_of(gathered: GatheredView, two_materials):
    """id → a request of a small view, with so many steps."""

    def make(number: int, steps: int = 3) -> Request:
        return Request(number, gathered, canvas_from(gathered, two_materials, steps), DreamSettings(steps=steps))

    return make


@pytest.fixture
def two_materials():
    from scenes.scene import Background, Material, Scene

    grass = Material("grass", (0, 255, 0), "green grass", 1.0, (0, 255, 0))
    moss = Material("moss", (0, 128, 0), "green grass", 1.0, (0, 128, 0))
    wall = Material("wall", (255, 0, 0), "brick wall", 2.0, (255, 0, 0), negative_prompt="snow")
    return Scene("two", np.ones((4, 4), np.uint8), (grass, moss, wall), Background("blue sky", "clouds"))
