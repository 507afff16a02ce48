"""A tiny data set, autoencoder and denoiser, trained once for all tests of this folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from diffusion.training.config import UnetConfig, VaeConfig, build
from diffusion.training.learners.unet import train_unet
from diffusion.training.learners.vae import train_vae


@pytest.fixture(scope="session", autouse=True)
def one_thread():
    torch.set_num_threads(1)


def vae_config(folder: Path, **changes: object) -> VaeConfig:
    data = {"folder": str(folder / "data"), "chunks": 1, "pictures": 12, "surfaces": 8, "size": 128, "seed": 5}
    values = {
        "out": str(folder / "vae"),
        "data": data,
        "width": 8,
        "encoder_blocks": [0, 1, 1, 1],
        "decoder_blocks": [1, 1, 1, 1],
        "crop": 32,
        "batch": 2,
        "steps": 6,
        "warmup": 2,
        "log_every": 2,
        "save_every": 3,
        "sample_every": 6,
    }
    return build(VaeConfig, {**values, **changes}, "test")


def unet_config(folder: Path, **changes: object) -> UnetConfig:
    data = {"folder": str(folder / "data"), "chunks": 1, "pictures": 12, "surfaces": 8, "size": 128, "seed": 5}
    values = {
        "out": str(folder / "unet"),
        "vae": str(folder / "vae"),
        "cache": str(folder / "cache"),
        "data": data,
        "channels": [16, 16],
        "groups": 8,
        "heads": 2,
        "crop": 8,
        "crop_wide": 16,
        "wide": 0.3,
        "batch": 4,
        "steps": 6,
        "warmup": 2,
        "log_every": 2,
        "save_every": 3,
        "sample_every": 6,
        "sample_steps": 2,
        "guidances": [1.0, 3.0],
    }
    return build(UnetConfig, {**values, **changes}, "test")


@pytest.fixture(scope="session")
def configs() -> dict[str, Callable]:
    """The makers of tiny configurations by name; importlib mode lets no test import another file."""
    return {"vae": vae_config, "unet": unet_config}


@pytest.fixture(scope="session")
def run_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """data/, vae/, cache/ and unet/ of a run of a few steps."""
    folder = tmp_path_factory.mktemp("train")
    train_vae(vae_config(folder))
    train_unet(unet_config(folder))
    return folder
