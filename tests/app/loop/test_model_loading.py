"""The chosen model is loaded part by part; it can be stopped between two, and its memory is given back when it goes."""

from __future__ import annotations

import weakref
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from app.loop.memory_room import Room
from app.loop.messages import ModelOrder
from app.loop.model_loading import facts_of, fits_beside, load_choice, load_ordered
from app.model_additions import ModelAddition, parse_addition
from app.session import ModelChoice
from base.errors import InputError
from diffusion.canvas import Cancelled


def test_each_part_is_told_with_the_share_of_the_bytes_before_it(tiny_model: Path) -> None:
    told: list[tuple[str, float]] = []
    model = load_choice(ModelChoice(str(tiny_model), "cpu"), lambda part, share: told.append((part, share)))
    assert model.channels == 4 and [part for part, _ in told] == ["U-Net", "text encoder", "VAE"]
    facts = facts_of(ModelChoice(str(tiny_model)))
    assert facts is not None
    sizes = {part.name: part.bytes for part in facts.parts}
    assert told[1][1] == pytest.approx(sizes["unet"] / facts.bytes) and told[0][1] == 0
    assert told[2][1] == pytest.approx(1 - sizes["vae"] / facts.bytes)


def test_loading_stops_where_it_is_told_to(tiny_model: Path) -> None:
    def stop(part: str, share: float) -> None:
        if part == "VAE":
            raise Cancelled

    with pytest.raises(Cancelled):
        load_choice(ModelChoice(str(tiny_model), "cpu"), stop)


def test_the_networks_of_a_model_that_goes_are_freed(tiny_model: Path) -> None:
    model = load_choice(ModelChoice(str(tiny_model), "cpu"))
    model.context(["a wall"])
    model.decode(model.denoise(torch.zeros(1, 4, 8, 8), 1.0, model.context(["a wall"])[0])[0])
    gone = [weakref.ref(part) for part in (model.unet, model.vae, model.text._encoder.clips[0].model)]
    del model
    assert all(reference() is None for reference in gone)


def test_what_had_no_room_is_gone_before_loading_begins_again() -> None:
    class Weights:
        pass

    read: list[weakref.ref[Weights]] = []

    def load(choice: ModelChoice, report) -> str:
        weights = Weights()
        read.append(weakref.ref(weights))
        if len(read) == 1:
            raise MemoryError
        assert read[0]() is None
        return "model"

    model = load_ordered(ModelOrder(0, ModelChoice()), load, print, lambda: False, lambda: None, lambda choice: True)
    assert model == "model" and len(read) == 2


def test_what_fits_beside_counts_the_model_and_what_is_added(tiny_model: Path, monkeypatch) -> None:
    facts = facts_of(ModelChoice(str(tiny_model)))
    assert facts is not None
    for free, fits in ((facts.bytes // 2, False), (100 * facts.bytes, True)):
        monkeypatch.setattr("app.loop.model_loading.measure_room", lambda device, free=free: Room("cpu", free))
        assert fits_beside(ModelChoice(str(tiny_model))) == fits
    assert facts_of(ModelChoice("nobody/nothing")) is None and fits_beside(ModelChoice("nobody/nothing"))


def test_a_model_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="nor a model in the local hub cache"):
        load_choice(ModelChoice("nobody/nothing"))


@given(
    st.from_regex(r"[a-z/ =:]{1,8}[a-z]", fullmatch=True),
    st.floats(0, 2).map(lambda x: float(f"{x:g}")),
    st.sampled_from(["", "depth", "edges"]),
)
def test_what_is_added_is_written_as_it_is_read(file: str, weight: float, kind: str) -> None:
    added = ModelAddition(file, weight, kind)
    again = parse_addition(added.text)
    assert again.text == added.text
    if "=" not in file and ":" not in file:
        assert again == added
