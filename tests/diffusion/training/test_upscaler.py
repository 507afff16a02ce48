"""The upscaler's run, tiny: pictures at twice the usual resolution, training, shipping."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from base.errors import InputError
from diffusion.training.config import DataConfig, UpscalerConfig
from diffusion.training.config_files import build
from diffusion.training.data.dataset import write_chunks
from diffusion.training.data.pictures import DrawnPictures
from diffusion.training.evaluation.ship_upscaler import ship_upscaler
from diffusion.training.learners.upscaler import NAME, compare, make_training_pair, train_upscaler
from diffusion.training.start_weights import load_start_upscaler
from diffusion.upscaling.compact import Compact
from diffusion.upscaling.weights import open_upscaler, read_compact

DATA = {"chunks": 1, "pictures": 6, "surfaces": 6, "size": 128, "zoom": 2, "texels": 16, "seed": 5}
RUN = {"steps": 6, "warmup": 1, "batch": 2, "save_every": 3, "sample_every": 6, "log_every": 3, "compiled": False}


def config(where: Path, **changes: object) -> UpscalerConfig:
    own = {
        "out": str(where / "run"),
        "data": {"folder": str(where / "data"), **DATA},
        "channels": 4,
        "layers": 1,
        "crop": 32,
    }
    return build(UpscalerConfig, {**RUN, **own, **changes}, "test")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with pictures and a finished run."""
    where = tmp_path_factory.mktemp("upscaler")
    write_chunks(config(where).data)
    train_upscaler(config(where))
    return where


def test_twice_the_resolution_shows_the_same_finer(folder: Path, tmp_path: Path) -> None:
    """`zoom` changes nothing of the worlds but the camera's resolution."""
    usual = replace(config(folder).data, folder=str(tmp_path), size=64, zoom=1, texels=8)
    write_chunks(usual)
    fine, coarse = DrawnPictures(config(folder).data), DrawnPictures(usual)
    for index in range(fine.count):
        one, other = fine.note(index)["world"], coarse.note(index)["world"]
        assert one["size"] == 2 * other["size"] and one["focal"] == 2 * other["focal"]
        assert {k: v for k, v in one.items() if k not in ("size", "focal")} == {
            k: v for k, v in other.items() if k not in ("size", "focal")
        }


def test_a_run_learns_resumes_and_ends_with_half_precision(folder: Path) -> None:
    log = [json.loads(line) for line in (folder / "run" / "log.jsonl").read_text().splitlines()]
    assert {"psnr_network_box", "psnr_lanczos_box", "sharpness_network_bicubic"} <= log[-1].keys()
    weights = load_file(folder / "run" / NAME)
    assert {tensor.dtype for tensor in weights.values()} == {torch.float16}
    before = (folder / "run" / NAME).read_bytes()
    train_upscaler(config(folder))  # it is finished already
    assert (folder / "run" / NAME).read_bytes() == before
    assert open_upscaler(folder / "run" / NAME).scale == 2


def test_pairs_are_of_one_place(folder: Path) -> None:
    pictures, asked = DrawnPictures(config(folder).data), config(folder, disturbed=0.0)
    for index in range(pictures.count):
        small, large = make_training_pair(pictures.tensor("images", index), asked, np.random.default_rng(index))
        assert small.shape == (3, 16, 16) and large.shape == (3, 32, 32)
        box = Image.fromarray(large.permute(1, 2, 0).numpy()).resize((16, 16), Image.Resampling.BOX)
        assert np.abs(np.asarray(box, float) - small.permute(1, 2, 0).numpy()).mean() < 3


def test_some_small_pictures_are_noisy_or_compressed(folder: Path) -> None:
    large = DrawnPictures(config(folder).data).tensor("images", 0)
    plain, other = (
        make_training_pair(large, config(folder, disturbed=share), np.random.default_rng(3))[0] for share in (0.0, 1.0)
    )
    apart = (plain.float() - other.float()).abs().mean()
    assert 0 < apart < 8


def test_what_repeats_pixels_is_worse_than_lanczos(folder: Path) -> None:
    """The measure itself: a network that adds nothing."""
    network = Compact(2, 4, 0)
    torch.nn.init.zeros_(network.body[-1].weight)  # pyright: ignore[reportArgumentType]
    torch.nn.init.zeros_(network.body[-1].bias)  # pyright: ignore[reportArgumentType]
    pictures = DrawnPictures(config(folder).data)
    figures, _ = compare(network, [pictures.tensor("images", i) for i in range(4)])
    assert figures["psnr_network_bicubic"] < figures["psnr_lanczos_bicubic"]
    assert 20 < figures["psnr_lanczos_bicubic"] < 60


def test_shipping_keeps_what_is_known_of_other_parts(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "training.json").write_text('{"steps": 7, "config": {}}')
    target = ship_upscaler(config(folder), tmp_path / "upscaler.safetensors")
    notes = json.loads((tmp_path / "training.json").read_text())
    assert notes["steps"] == 7 and notes["upscaler"]["steps"] == 6
    assert notes["upscaler"]["figures"]["psnr_network_box"] > 5 and "folder" not in notes["upscaler"]["config"]["data"]
    assert target.read_bytes() == (folder / "run" / NAME).read_bytes()
    with pytest.raises(InputError, match="train the upscaler first"):
        ship_upscaler(config(folder, out="nowhere"), target)


def test_the_usual_data_stays_what_it_was() -> None:
    assert (DataConfig().zoom, DataConfig().texels) == (1, 64)


def test_a_run_goes_on_from_a_shallower_network(folder: Path, tmp_path: Path) -> None:
    """Layers that the start lacks pass on what they get: before its first step the new network is the old one."""
    weights, picture = folder / "run" / NAME, torch.rand((1, 3, 12, 9), generator=torch.Generator().manual_seed(1))
    deeper = Compact(2, 4, 3)
    load_start_upscaler(deeper, str(weights))
    with torch.no_grad():
        assert torch.allclose(deeper(picture), read_compact(weights)(picture), atol=1e-6)
    trained = train_upscaler(config(folder, out=str(tmp_path), layers=3, start=str(weights)))
    assert read_compact(trained).layers == 3


@pytest.mark.parametrize("change", [{"channels": 8}, {"layers": 0}, {"scale": 3}])
def test_a_start_of_another_shape_is_refused(folder: Path, change: dict[str, int]) -> None:
    network = Compact(**{"scale": 2, "channels": 4, "layers": 1, **change})
    with pytest.raises(InputError, match="only layers may be added"):
        load_start_upscaler(network, str(folder / "run" / NAME))
