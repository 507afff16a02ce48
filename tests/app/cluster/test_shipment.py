"""Packing a model's files: what is packed, under which names, and that it comes out as it went in."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from app.cluster.shipment import Shipment, pack, unpack
from app.session import ModelChoice
from diffusion.loaders.options import LoadOptions


@pytest.fixture
def there(tmp_path: Path) -> Path:
    """Files of all kinds that a choice may name; what is in them is their name."""
    for name in (
        "model/unet/config.json",
        "model/unet/a.safetensors",
        "model/unet/a.bin",
        "model/tokenizer/merges.txt",
        "one.safetensors",
        "one.rayverie.json",
        "other/lora.safetensors",
        "depth/net.safetensors",
        "adapter/ip.safetensors",
        "adapter/image_encoder/config.json",
        "adapter/notes.txt",
        "vae/config.json",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    return tmp_path


def shipped(choice: ModelChoice, folder: Path) -> tuple[Shipment, ModelChoice]:
    stored: list[np.ndarray] = []

    def put(content: np.ndarray) -> int:
        stored.append(content)
        return len(stored) - 1

    shipment = pack(choice, put)
    assert sorted(shipment.files.values()) == [*range(len(stored))], "each file travels once"
    return shipment, unpack(shipment, folder, lambda number: stored[number])


def content(path: str) -> str:
    return Path(path).read_text()


def test_the_embedded_model_is_everywhere(tmp_path: Path) -> None:
    for choice in (ModelChoice(), ModelChoice("embedded", "cpu")):
        shipment, again = shipped(choice, tmp_path)
        assert not shipment.files and again == choice


def test_a_folder_travels_without_pickles(there: Path, tmp_path: Path) -> None:
    shipment, again = shipped(ModelChoice(str(there / "model"), "cuda"), tmp_path / "out")
    assert {name.partition("/")[2] for name in shipment.files} == {
        "model/unet/config.json",
        "model/unet/a.safetensors",
        "model/tokenizer/merges.txt",
    }
    assert again.ref is not None and again.device == "cuda"
    assert content(f"{again.ref}/unet/a.safetensors") == "model/unet/a.safetensors"


def test_everything_that_a_choice_names_travels_with_its_weights(there: Path, tmp_path: Path) -> None:
    choice = ModelChoice(
        str(there / "one.safetensors"),
        lora=(f"{there}/other/lora.safetensors:0.5",),
        control=(f"normal={there}/depth:0.25", f"{there}/depth/net.safetensors"),
        ip_adapter=str(there / "adapter/ip.safetensors"),
        options=LoadOptions(vae=str(there / "vae"), dtype="float16"),
    )
    shipment, again = shipped(choice, tmp_path / "out")
    assert not any("notes" in name for name in shipment.files)
    assert again.ref is not None and again.ip_adapter is not None and again.options.vae is not None
    assert content(again.ref) == "one.safetensors"
    assert content(again.ref.replace(".safetensors", ".rayverie.json")) == "one.rayverie.json"
    lora, weight = again.lora[0].rsplit(":", 1)
    assert content(lora) == "other/lora.safetensors" and weight == "0.5"
    kind, folder, weight = again.control[0].replace("=", ":").split(":")
    assert (kind, weight) == ("normal", "0.25") and content(f"{folder}/net.safetensors") == "depth/net.safetensors"
    assert content(again.control[1]) == "depth/net.safetensors"
    assert content(again.ip_adapter) == "adapter/ip.safetensors"
    beside = Path(again.ip_adapter).parent / "image_encoder" / "config.json"
    assert content(str(beside)) == "adapter/image_encoder/config.json"
    assert content(f"{again.options.vae}/config.json") == "vae/config.json" and again.options.dtype == "float16"
