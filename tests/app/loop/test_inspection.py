"""What a look into the network tells besides, with a real small model: the dream's own steps, named, and cut connections."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from app.loop.answers import probe_of, report
from app.loop.inspection import inspect_further
from app.loop.messages import InspectionRequest, NoisingRequest
from diffusion.canvas import Cancelled, Canvas, Region
from diffusion.introspection.decoder_probe import probe_decoder
from diffusion.loaders.loading import load_model
from diffusion.sampling.noise import start_noise
from diffusion.sampling.unsampling import scale_for_model
from diffusion.settings import DreamSettings
from diffusion.text2image.unsample import unsample


@pytest.fixture
def asked() -> InspectionRequest:
    noise, whole = start_noise(4, 8, 8, 1), np.ones((8, 8), np.float32)
    return InspectionRequest(0, 1, Canvas((Region("stone", whole),), noise, whole), DreamSettings(steps=2), noise, 3.0)


def test_only_what_is_asked_is_told(tiny_model: Path, asked: InspectionRequest) -> None:
    model = load_model(str(tiny_model), "cpu")
    plain = report(model, asked, probe_of, lambda: False)
    assert plain is not None and plain.inside is not None and plain.ablation == plain.concepts == ()
    more = replace(asked, cut=True, predictions=(asked.start, plain.inside.denoised))
    told = report(model, more, probe_of, lambda: False)
    assert told is not None and [one.part for one in told.ablation] == ["skips", "below"]
    (region,) = told.concepts
    assert region.prompt == "stone" and region.confidence.shape[0] == 2


def test_the_decoder_is_looked_into_with_the_steps_prediction(tiny_model: Path, asked: InspectionRequest) -> None:
    model = load_model(str(tiny_model), "cpu")
    told = report(model, replace(asked, decoder=True), probe_of, lambda: False)
    assert told is not None and told.inside is not None
    assert [stage.kind for stage in told.decoder][:3] == ["in", "middle", "up"]
    expected = probe_decoder(model, told.inside.denoised)
    assert [stage.energy for stage in told.decoder] == [stage.energy for stage in expected]


def test_naming_stops_between_two_pictures(tiny_model: Path, asked: InspectionRequest) -> None:
    count = []
    more = replace(asked, predictions=(asked.start,) * 9)

    def cancelled() -> bool:
        count.append(1)
        return len(count) > 12

    assert report(load_model(str(tiny_model), "cpu"), more, probe_of, cancelled) is None


def test_a_picture_is_noised_with_the_dreams_own_noise(tiny_model: Path, asked: InspectionRequest) -> None:
    model, picture = load_model(str(tiny_model), "cpu"), np.full((64, 64, 3), 90, np.uint8)
    settings = DreamSettings(steps=6, start_at=1, end_at=4)
    told = report(model, replace(asked, noising=NoisingRequest(picture, settings)), probe_of, lambda: False)
    assert told is not None and told.noised is not None
    found = unsample(model, picture, asked.canvas.noise, settings)
    assert told.noised.steps == found.steps == (1, 2, 3, 4) and told.noised.sigmas == found.sigmas
    seen = scale_for_model(found.latents, torch.tensor(found.sigmas))
    for shown, latents in zip(told.noised.pictures, seen, strict=True):
        assert (shown == model.decode(latents)).all()
    assert report(model, asked, probe_of, lambda: False).noised is None  # type: ignore[union-attr]


def test_a_look_at_the_decoder_is_given_up_between_two_stages(tiny_model: Path, asked: InspectionRequest) -> None:
    model, inside = load_model(str(tiny_model), "cpu"), SimpleNamespace(denoised=asked.start)
    with pytest.raises(Cancelled):
        inspect_further(model, replace(asked, decoder=True), inside, lambda: True)
    assert inspect_further(model, asked, inside, lambda: True) == {}
