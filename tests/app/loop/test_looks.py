"""What a look into the network tells besides, with a real small model: the dream's own steps, named, and cut connections."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from app.loop.messages import Inspection
from app.loop.worker import probe_of, report
from diffusion.canvas import Canvas, Region
from diffusion.loaders.loading import load_model
from diffusion.sampling.noise import start_noise
from diffusion.settings import DreamSettings


@pytest.fixture
def asked() -> Inspection:
    noise, whole = start_noise(4, 8, 8, 1), np.ones((8, 8), np.float32)
    return Inspection(0, 1, Canvas((Region("stone", whole),), noise, whole), DreamSettings(steps=2), noise, 3.0)


def test_only_what_is_asked_is_told(tiny_model: Path, asked: Inspection) -> None:
    model = load_model(str(tiny_model), "cpu")
    plain = report(model, asked, probe_of, lambda: False)
    assert plain is not None and plain.inside is not None and plain.ablation == plain.concepts == ()
    more = replace(asked, cut=True, predictions=(asked.start, plain.inside.denoised))
    told = report(model, more, probe_of, lambda: False)
    assert told is not None and [one.part for one in told.ablation] == ["skips", "below"]
    (region,) = told.concepts
    assert region.prompt == "stone" and region.confidence.shape[0] == 2


def test_naming_stops_between_two_pictures(tiny_model: Path, asked: Inspection) -> None:
    count = []
    more = replace(asked, predictions=(asked.start,) * 9)

    def cancelled() -> bool:
        count.append(1)
        return len(count) > 12

    assert report(load_model(str(tiny_model), "cpu"), more, probe_of, cancelled) is None
