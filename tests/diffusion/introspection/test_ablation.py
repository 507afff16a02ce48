"""What is left without connections: the network's own call with zeros in them, and nothing changed afterwards."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from diffusion.canvas import Cancelled
from diffusion.dream import make_unguided_denoiser
from diffusion.introspection.ablation import PARTS, ablate
from diffusion.settings import DreamSettings

SETTINGS = DreamSettings(steps=3, guidance="none")


@pytest.mark.parametrize("name", ["sd", "own", "surface"])
def test_each_part_is_cut_and_given_back(name: str, request: pytest.FixtureRequest, canvas_of) -> None:
    model = request.getfixturevalue(name)
    canvas = canvas_of(model, (8, 12))
    denoise = make_unguided_denoiser(model, canvas, SETTINGS)
    x = torch.from_numpy(canvas.noise)[None]
    with torch.inference_mode():
        before = denoise(x, 2.0)
        found = ablate(model, canvas, SETTINGS, canvas.noise, 2.0)
        assert torch.equal(before, denoise(x, 2.0))
    whole = model.sketch(before[0])
    assert [one.part for one in found] == list(PARTS)
    for one in found:
        assert one.sketch.shape == (8, 12, 3) and not np.array_equal(one.sketch, whole)
        assert 0 <= one.coarse <= 1.0001 and 0 <= one.fine <= 1.0001
    assert not np.array_equal(found[0].sketch, found[1].sketch)


def test_a_network_that_uses_only_its_skips_loses_nothing_below(surface, canvas_of) -> None:
    canvas, block = canvas_of(surface, (8, 12)), next(iter(surface.unet.rising[0].children()))

    def deafen(_module, inputs):
        below, skip = inputs[0].chunk(2, 1)
        return torch.cat((0 * below, skip), 1), *inputs[1:]

    hook = block.register_forward_pre_hook(deafen)
    skips, below = ablate(surface, canvas, SETTINGS, canvas.noise, 2.0)
    hook.remove()
    assert below.coarse == below.fine == pytest.approx(1)
    assert skips.fine < 1


def test_it_stops_between_calls(sd, canvas_of) -> None:
    canvas = canvas_of(sd)
    with pytest.raises(Cancelled):
        ablate(sd, canvas, SETTINGS, canvas.noise, 2.0, cancelled=lambda: True)


def test_a_compiled_network_is_cut_as_well(surface, canvas_of, monkeypatch: pytest.MonkeyPatch) -> None:
    canvas = canvas_of(surface, (8, 12))
    expected = ablate(surface, canvas, SETTINGS, canvas.noise, 2.0)
    monkeypatch.setattr(surface.unet, "_compiled_call_impl", None)
    surface.unet.compile(backend="eager")
    with torch.inference_mode():
        make_unguided_denoiser(surface, canvas, SETTINGS)(torch.from_numpy(canvas.noise)[None], 2.0)
    for one, other in zip(ablate(surface, canvas, SETTINGS, canvas.noise, 2.0), expected, strict=True):
        assert np.array_equal(one.sketch, other.sketch)
