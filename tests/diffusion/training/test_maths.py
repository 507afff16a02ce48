"""Configurations and measures of pictures."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from base.errors import InputError
from diffusion.training import config_files
from diffusion.training.config import (
    AutoencoderConfig,
    DataConfig,
    DenoiserConfig,
    FeaturesConfig,
    JudgeConfig,
    UpscalerConfig,
)
from diffusion.training.config_files import load_config, save_config
from diffusion.training.evaluation.structure import edge_contrast, period
from diffusion.training.metrics import frechet, psnr, sharpness_ratio, ssim


def test_config_reads_overrides_and_writes_itself_back(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text("steps: 10\ndata: {seed: 4}\nlr: 1e-3\n")
    config = load_config(AutoencoderConfig, path, ["data.chunks=7", "encoder_blocks=[0, 1, 1]"])
    assert (config.steps, config.data.seed, config.data.chunks, config.lr) == (10, 4, 7, 1e-3)
    save_config(config, tmp_path / "b.yaml")
    assert load_config(AutoencoderConfig, tmp_path / "b.yaml") == config


@pytest.mark.parametrize("seed", range(40))
def test_what_does_not_recur_has_no_period_or_one_within_bounds(seed: int) -> None:
    """Also where every peak of the correlation is negative, as in a picture with one step."""
    picture = torch.zeros(3, 48, 48)
    generator = torch.Generator().manual_seed(seed)
    row = int(torch.randint(2, 46, (), generator=generator))
    picture[:, row:] = torch.rand(3, 1, 48, generator=generator)
    found, strength = period(picture, 0)
    assert (found == 0 and strength == 0) or (6 <= found <= 60 and strength > 0)


@pytest.mark.parametrize(
    ("text", "override", "sentence"),
    [
        ("stepz: 3", "", "stepz is no key here"),
        ("data: {sead: 1}", "", "data.sead is no key here"),
        ("numbers: float8", "", "allowed are auto, bfloat16, float32"),
        ("steps: many", "", "must be of type int"),
        ("betas: [0.9]", "", "must be of type tuple"),
        ("steps: 3", "channels=[16, wide]", "channels is 'wide'"),
        ("steps: 3", "steps=[3", "steps=[3 is not valid YAML"),
        ("steps: 0", "", "steps is 0; allowed is 1 to"),
        ("drop_words: 1.5", "", "drop_words is 1.5; allowed is 0.0 to 1.0"),
        ("data: {chunks: 0}", "", "data.chunks is 0; allowed is 1 to"),
        ("steps: 3", "steps", "must be written key=value"),
        ("steps: 3", "steps.a=3", "doesn't exist"),
        ("[1, 2", "", "is not valid YAML"),
        ("seed: 2020-13-45", "", "must be of type int"),  # dates are text in YAML 1.2
        ("[" * 2000, "", "is not valid YAML"),
        ("- 1", "", "must hold"),
    ],
)
def test_bad_configs_are_one_sentence(tmp_path: Path, text: str, override: str, sentence: str) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text(text)
    with pytest.raises(InputError) as caught:
        load_config(DenoiserConfig, path, [override] if override else [])
    assert sentence in str(caught.value)


SHIPPED = {
    "data": DataConfig,
    "features": FeaturesConfig,
    "autoencoder": AutoencoderConfig,
    "decoder": AutoencoderConfig,
    "denoiser": DenoiserConfig,
    "judge": JudgeConfig,
    "own": DenoiserConfig,
    "own_autoencoder": AutoencoderConfig,
    "upscaler": UpscalerConfig,
    "upscaler_data": DataConfig,
}
FOLDERS = {"own": "out/own/denoiser", "own_autoencoder": "out/own/autoencoder"} | {
    "upscaler": "out/upscaler",
    "upscaler_data": "out/upscaler/data",
}


def test_shipped_configs_are_valid() -> None:
    folder = Path(config_files.__file__).parent / "configs"
    assert {path.stem for path in folder.glob("*.yaml")} == set(SHIPPED)
    for name, kind in SHIPPED.items():
        read = load_config(kind, folder / f"{name}.yaml")
        assert (read.folder if isinstance(read, DataConfig) else read.out) == FOLDERS.get(name, f"out/surface/{name}")


def test_measures_know_a_copy_and_a_blur() -> None:
    picture = torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    soft = torch.nn.functional.avg_pool2d(picture, 3, 1, 1)
    assert float(psnr(picture, picture).min()) > 90 and float(psnr(soft, picture).max()) < 20
    assert float(ssim(picture, picture).min()) == pytest.approx(1.0) and float(ssim(soft, picture).max()) < 0.9
    assert (
        float(sharpness_ratio(picture, picture)) == pytest.approx(1.0) and float(sharpness_ratio(soft, picture)) < 0.3
    )


@given(st.integers(8, 24), st.integers(0, 1))
@settings(max_examples=20)
def test_period_finds_the_rows(pixels: int, axis: int) -> None:
    rows = (torch.arange(128) % pixels < 2).float()[:, None].expand(128, 128)
    picture = (rows if axis == 0 else rows.T).expand(3, -1, -1) + 0.05 * torch.rand(
        3, 128, 128, generator=torch.Generator().manual_seed(pixels)
    )
    found, strength = period(picture, axis)
    assert abs(found - pixels) <= 1 and strength > 0.3


def test_edges_on_borders_are_measured() -> None:
    inside = torch.zeros(128, 128)
    inside[32:96, 32:96] = 1
    right = torch.nn.functional.pad(inside[:, 1:] != inside[:, :-1], (0, 1))
    down = torch.nn.functional.pad(inside[1:] != inside[:-1], (0, 0, 0, 1))
    borders = torch.stack((right, down))
    grain = torch.rand(3, 128, 128, generator=torch.Generator().manual_seed(0))
    assert edge_contrast(inside + 0.02 * grain, borders) > 5
    assert edge_contrast(grain, borders) == pytest.approx(1.0, abs=0.15)
    assert edge_contrast(grain, torch.zeros_like(borders)) == 1.0


def test_the_frechet_distance_is_that_of_normal_distributions() -> None:
    g = torch.Generator().manual_seed(0)
    a = torch.randn(20_000, 3, generator=g) * torch.tensor([1.0, 2.0, 3.0])
    b = torch.randn(20_000, 3, generator=g) * torch.tensor([2.0, 2.0, 1.0]) + torch.tensor([0.0, 3.0, 0.0])
    # between normals of independent axes: squared distance of the means plus that of the deviations
    assert frechet(a, b) == pytest.approx(9 + 1 + 0 + 4, rel=0.03)
    assert frechet(a, a) == pytest.approx(0, abs=1e-6)
