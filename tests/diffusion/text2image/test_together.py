"""Pictures made together are those made one by one, in fewer calls of the model."""

from __future__ import annotations

import threading
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from diffusion.errors import ModelError
from diffusion.settings import DreamSettings
from diffusion.text2image import together
from diffusion.text2image.generate import generate
from diffusion.text2image.recipe import GenerateSettings
from diffusion.text2image.together import generate_together

BASE = GenerateSettings("abc", size=(64, 48), dream=DreamSettings(steps=3, scale=3.0, guidance_start=0.0))


@pytest.mark.parametrize("name", ["sd", "xl", "surface", "own"])
def test_the_same_pictures_in_as_many_calls_as_one(name, request) -> None:
    model = request.getfixturevalue(name)
    wishes = [replace(BASE, dream=replace(BASE.dream, seed=seed)) for seed in (3, 14, 15)]
    alone = [generate(model, wish) for wish in wishes]
    before, steps = model.calls, []
    together = generate_together(model, wishes, on_step=lambda event: steps.append(event.step))
    assert model.calls - before == alone[0].dreamed.calls and steps == [0, 1, 2]
    for one, other in zip(alone, together, strict=True):
        assert np.allclose(one.dreamed.latents, other.dreamed.latents, atol=2e-5 * np.abs(one.dreamed.latents).max())
        assert np.abs(one.image.astype(int) - other.image).max() <= 1
        assert one.recipe == other.recipe and one.dreamed.calls == other.dreamed.calls


def test_pictures_of_different_length_and_size_share_what_they_can(sd) -> None:
    wishes = [BASE, replace(BASE, size=(32, 32)), replace(BASE, dream=replace(BASE.dream, steps=5))]
    together = generate_together(sd, wishes)
    for wish, made in zip(wishes, together, strict=True):
        assert np.allclose(generate(sd, wish).dreamed.latents, made.dreamed.latents, atol=1e-4)


def test_with_too_little_memory_fewer_go_together(sd, monkeypatch) -> None:
    sizes, denoise = [], type(sd).denoise

    def limited(self, x, *args, **how):
        sizes.append(len(x))
        if len(x) > 4:
            raise torch.OutOfMemoryError("too large")
        return denoise(self, x, *args, **how)

    monkeypatch.setattr(type(sd), "denoise", limited)
    made = generate_together(sd, [replace(BASE, dream=replace(BASE.dream, seed=seed)) for seed in range(3)])
    assert sizes[0] == 6 and set(sizes[1:]) == {4, 2} and len(made) == 3


def test_an_error_of_one_ends_all(sd, monkeypatch) -> None:
    monkeypatch.setattr(type(sd), "denoise", lambda self, x, *args, **how: torch.full_like(x, torch.nan))
    with pytest.raises(ModelError, match="NaN"):
        generate_together(sd, [BASE, BASE])


def test_an_error_of_one_spares_the_others_further_calls(sd, monkeypatch: pytest.MonkeyPatch) -> None:
    calls, denoise = [], type(sd).denoise

    def fail(_event) -> None:
        raise ValueError("enough")

    monkeypatch.setattr(type(sd), "denoise", lambda *args, **how: calls.append(None) or denoise(*args, **how))
    with pytest.raises(ValueError, match="enough"):
        generate_together(sd, [BASE, BASE], on_step=fail)
    assert len(calls) == 1


def test_an_interruption_ends_all_pictures_at_the_running_call(sd, monkeypatch: pytest.MonkeyPatch) -> None:
    called, stopped, calls = threading.Event(), threading.Event(), []
    denoise = type(sd).denoise

    def slow(model, *args, **named):
        calls.append(None)
        called.set()
        stopped.wait(60)
        return denoise(model, *args, **named)

    class Meeting(together._Meeting):
        def __setattr__(self, name, value) -> None:
            super().__setattr__(name, value)
            if name == "cancelled" and value:
                stopped.set()

    class Interrupted(threading.Thread):
        def join(self, timeout: float | None = None) -> None:
            if not stopped.is_set():
                called.wait(60)
                raise KeyboardInterrupt
            super().join(timeout)

    monkeypatch.setattr(type(sd), "denoise", slow)
    monkeypatch.setattr(together, "_Meeting", Meeting)
    monkeypatch.setattr(together, "threading", SimpleNamespace(Thread=Interrupted, Condition=threading.Condition))
    with pytest.raises(KeyboardInterrupt):
        generate_together(sd, [BASE, BASE])
    assert len(calls) == 1
