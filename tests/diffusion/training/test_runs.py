"""Training end to end in small: it writes what it promises, diffusers loads it, and a killed run goes on bit for bit."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import torch
from diffusers import DiffusionPipeline

from base.errors import InputError
from diffusion.training.evaluation.compare import compare
from diffusion.training.learners import vae as vae_module
from diffusion.training.learners.unet import train_unet
from diffusion.training.learners.vae import train_vae

WITHOUT_TEXT = dict.fromkeys(("text_encoder", "tokenizer", "depth_estimator", "feature_extractor"))
"""The folder has none of these: contexts come from MiniLM and depth from the scene."""


def weights(folder: Path) -> dict[str, torch.Tensor]:
    return torch.load(folder / "checkpoint.pt", weights_only=True)["model"]


def same(a: dict[str, torch.Tensor], b: dict[str, torch.Tensor]) -> bool:
    return a.keys() == b.keys() and all(torch.equal(a[k], b[k]) for k in a)


def test_a_run_leaves_config_log_samples_and_a_pipeline(run_folder: Path) -> None:
    for part in ("vae", "unet"):
        assert (run_folder / part / "config.yaml").read_text().startswith("out:")
        lines = [json.loads(line) for line in (run_folder / part / "log.jsonl").read_text().splitlines()]
        assert {"loss", "grad_norm", "lr", "steps_per_s"} <= lines[0].keys()
        assert list((run_folder / part / "samples").glob("*.png"))
    assert {"val_mse_raw", "val_mse_ema"} <= lines[-1].keys()
    assert any(k.startswith("mse_") for line in lines for k in line)


def test_diffusers_alone_loads_the_folder(run_folder: Path) -> None:
    pipeline = DiffusionPipeline.from_pretrained(run_folder / "unet" / "model", **WITHOUT_TEXT)
    assert pipeline.unet.config.in_channels == pipeline.vae.config.latent_channels + 1
    assert pipeline.scheduler.config.prediction_type == "v_prediction"
    assert float(pipeline.scheduler.alphas_cumprod[-1]) == 0.0


@pytest.mark.parametrize("kind", ["vae", "unet"])
def test_resuming_equals_never_stopping(run_folder: Path, tmp_path: Path, configs: dict, kind: str) -> None:
    for part in ("data", "cache", "vae"):
        if part != kind:
            shutil.copytree(run_folder / part, tmp_path / part)
    config, train = configs[kind], {"vae": train_vae, "unet": train_unet}[kind]
    half = config(tmp_path, minutes=1e-9)  # stops after one step, as a kill would, with the schedule of the whole run
    train(half)
    assert torch.load(tmp_path / kind / "checkpoint.pt", weights_only=True)["step"] == 1
    train(config(tmp_path))
    assert same(weights(tmp_path / kind), weights(run_folder / kind))


def test_a_loss_that_is_no_number_stops_and_keeps_the_checkpoint(
    run_folder: Path, tmp_path: Path, configs: dict, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(run_folder / "data", tmp_path / "data")
    train_vae(configs["vae"](tmp_path, steps=3))
    before = (tmp_path / "vae" / "checkpoint.pt").read_bytes()
    monkeypatch.setattr(vae_module, "picture_loss", lambda shown, truth, config: {"pixels": shown.sum() * float("nan")})
    with pytest.raises(InputError, match="step 3 gave a loss that is not finite"):
        train_vae(configs["vae"](tmp_path))
    assert (tmp_path / "vae" / "checkpoint.pt").read_bytes() == before


def test_a_checkpoint_of_another_shape_is_refused(run_folder: Path, tmp_path: Path, configs: dict) -> None:
    shutil.copytree(run_folder / "data", tmp_path / "data")
    shutil.copytree(run_folder / "vae", tmp_path / "vae")
    with pytest.raises(InputError, match="doesn't fit this model"):
        train_vae(configs["vae"](tmp_path, width=16))


def test_a_denoiser_without_autoencoder_says_so(tmp_path: Path, configs: dict) -> None:
    with pytest.raises(InputError, match="train the autoencoder first"):
        train_unet(configs["unet"](tmp_path))


def test_schedules_and_objectives_are_compared_on_one_scale(run_folder: Path, tmp_path: Path, configs: dict) -> None:
    for part in ("data", "cache", "vae"):
        shutil.copytree(run_folder / part, tmp_path / part)
    found = compare(configs["unet"](tmp_path, out=str(tmp_path / "compare"), steps=2, guidances=[]))
    assert len(found) == 9 and json.loads((tmp_path / "compare" / "compare.json").read_text()) == found
    assert all(0 < error < 100 for row in found.values() for error in row.values())
