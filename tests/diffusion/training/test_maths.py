"""The formulas: noise schedules, objectives, Min-SNR weights, configs, measures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from base.errors import InputError
from diffusion.training import config as config_module
from diffusion.training.config import (
    JudgeConfig,
    SegmenterConfig,
    StudentConfig,
    UnetConfig,
    VaeConfig,
    load_config,
    save_config,
)
from diffusion.training.evaluation.structure import edge_coincidence, period
from diffusion.training.learners.noising import (
    BETAS,
    STEPS,
    make_scheduler,
    min_snr_weight,
    noised,
    prediction_target,
    stratified_timesteps,
)
from diffusion.training.loop import learning_rate
from diffusion.training.metrics import frechet, psnr, sharpness_ratio, ssim
from diffusion.training.surface.config import AutoencoderConfig, DenoiserConfig, FeaturesConfig


@pytest.mark.parametrize("schedule", BETAS)
@pytest.mark.parametrize("zero_snr", [True, False])
def test_schedules_fall_and_end_without_signal_when_asked(schedule: str, zero_snr: bool) -> None:
    abar = make_scheduler(schedule, "v", zero_snr).alphas_cumprod
    assert bool((abar[1:] <= abar[:-1]).all())
    assert (float(abar[-1]) == 0.0) == zero_snr


@given(st.floats(0.001, 0.999), st.integers(0, 1000))
@settings(max_examples=30)
def test_v_and_x_give_back_picture_and_noise(signal: float, seed: int) -> None:
    g = torch.Generator().manual_seed(seed)
    x0, n = torch.randn(2, 3, 4, 4, generator=g), torch.randn(2, 3, 4, 4, generator=g)
    abar = torch.full((2,), signal)
    x, v = noised(x0, n, abar), prediction_target("v", x0, n, abar)
    assert torch.allclose(signal**0.5 * x - (1 - signal) ** 0.5 * v, x0, atol=1e-4)
    assert torch.allclose((1 - signal) ** 0.5 * x + signal**0.5 * v, n, atol=1e-4)


@given(st.floats(0.0005, 0.9995))
@settings(max_examples=50)
def test_min_snr_weighs_the_same_error_of_x0_alike_in_every_objective(signal: float) -> None:
    abar = torch.tensor([signal])
    snr = signal / (1 - signal)
    # d(x0) = d(v) / sqrt(1 - abar) = d(eps) * sqrt((1 - abar) / abar)
    by_x0 = float(min_snr_weight("x0", abar, 5.0, 0.0))
    assert float(min_snr_weight("v", abar, 5.0, 0.0)) * (snr + 1) == pytest.approx(by_x0, rel=1e-4)
    assert float(min_snr_weight("eps", abar, 5.0, 0.0)) * snr == pytest.approx(by_x0, rel=1e-4)
    assert by_x0 == pytest.approx(min(snr, 5.0), rel=1e-4)


def test_min_snr_keeps_the_first_step_alive() -> None:
    assert float(min_snr_weight("v", torch.zeros(1), 5.0, 0.25)) == 0.25
    assert float(min_snr_weight("v", torch.zeros(1), 0.0, 0.0)) == 1.0


@given(st.integers(1, 64), st.integers(0, 1000))
@settings(max_examples=30)
def test_stratified_times_fill_every_part(count: int, seed: int) -> None:
    t = stratified_timesteps(count, torch.Generator().manual_seed(seed))
    assert sorted((t * count // STEPS).tolist()) == pytest.approx(list(range(count)), abs=1)
    assert int(t.min()) >= 0 and int(t.max()) < STEPS


def test_config_reads_overrides_and_writes_itself_back(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text("steps: 10\ndata: {seed: 4}\nlr: 1e-3\n")
    config = load_config(VaeConfig, path, ["data.chunks=7", "encoder_blocks=[0, 1, 1, 1]"])
    assert (config.steps, config.data.seed, config.data.chunks, config.lr) == (10, 4, 7, 1e-3)
    save_config(config, tmp_path / "b.yaml")
    assert load_config(VaeConfig, tmp_path / "b.yaml") == config


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
        ("objective: noise", "", "allowed are v, eps, x0"),
        ("schedule: quadratic", "", "allowed are scaled_linear"),
        ("steps: many", "", "must be of type int"),
        ("betas: [0.9]", "", "must be of type tuple"),
        ("steps: 3", "channels=[16, wide]", "channels is 'wide'"),
        ("steps: 3", "steps=[3", "steps=[3 is not valid YAML"),
        ("steps: 0", "", "must be above 0"),
        ("steps: 3", "steps", "must be written key=value"),
        ("steps: 3", "steps.a=3", "doesn't exist"),
        ("[1, 2", "", "is not valid YAML"),
        ("seed: 2020-13-45", "", "is not valid YAML"),
        ("[" * 2000, "", "is not valid YAML"),
        ("- 1", "", "must hold"),
    ],
)
def test_bad_configs_are_one_sentence(tmp_path: Path, text: str, override: str, sentence: str) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text(text)
    with pytest.raises(InputError) as caught:
        load_config(UnetConfig, path, [override] if override else [])
    assert sentence in str(caught.value)


SHIPPED = {
    "vae": VaeConfig,
    "decoder": VaeConfig,
    "unet": UnetConfig,
    "compare": UnetConfig,
    "few": StudentConfig,
    "reader": SegmenterConfig,
    "judge": JudgeConfig,
    "features": FeaturesConfig,
    "autoencoder": AutoencoderConfig,
    "surface_decoder": AutoencoderConfig,
    "denoiser": DenoiserConfig,
}


def test_shipped_configs_are_valid() -> None:
    folder = Path(config_module.__file__).parent / "configs"
    assert {path.stem for path in folder.glob("*.yaml")} == set(SHIPPED)
    for name, kind in SHIPPED.items():
        assert load_config(kind, folder / f"{name}.yaml").out.startswith(("out/train/", "out/surface/"))


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


def test_edges_on_depth_edges_are_seen() -> None:
    depth = torch.full((16, 16), -0.2)
    depth[4:12, 4:12] = 0.4
    picture = depth.repeat_interleave(8, 0).repeat_interleave(8, 1).expand(3, -1, -1) + 0.02 * torch.rand(3, 128, 128)
    assert edge_coincidence(picture, depth) > 2
    assert edge_coincidence(torch.rand(3, 128, 128), depth) == pytest.approx(1.0, abs=0.15)


def test_the_frechet_distance_is_that_of_normal_distributions() -> None:
    g = torch.Generator().manual_seed(0)
    a = torch.randn(20_000, 3, generator=g) * torch.tensor([1.0, 2.0, 3.0])
    b = torch.randn(20_000, 3, generator=g) * torch.tensor([2.0, 2.0, 1.0]) + torch.tensor([0.0, 3.0, 0.0])
    # between normals of independent axes: squared distance of the means plus that of the deviations
    assert frechet(a, b) == pytest.approx(9 + 1 + 0 + 4, rel=0.03)
    assert frechet(a, a) == pytest.approx(0, abs=1e-6)


def test_a_schedule_without_signal_cannot_be_learnt_as_noise(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text("objective: eps\n")
    with pytest.raises(InputError, match=r"objective is eps, which can.t predict a picture"):
        load_config(UnetConfig, tmp_path / "c.yaml")
    assert load_config(UnetConfig, tmp_path / "c.yaml", ["zero_snr=false"]).objective == "eps"


def test_a_student_is_never_written_over_its_teacher(tmp_path: Path) -> None:
    """As it was with `few unet`, which fits: the run was taken for the student's, and its config replaced."""
    (tmp_path / "c.yaml").write_text(f"out: {tmp_path}/run\nteacher: {tmp_path}/run/model\n")
    with pytest.raises(InputError, match="which contains the teacher"):
        load_config(StudentConfig, tmp_path / "c.yaml")
    assert load_config(StudentConfig, tmp_path / "c.yaml", [f"out={tmp_path}/few"]).out == f"{tmp_path}/few"


@pytest.mark.parametrize(
    ("config", "end"), [(VaeConfig(steps=100, warmup=10), 0.05 * 2e-3), (UnetConfig(steps=100, warmup=10), 1e-4)]
)
def test_the_learning_rate_warms_up_and_falls_to_its_end(config, end: float) -> None:
    rates = [learning_rate(config, step) for step in range(101)]
    assert rates[0] == pytest.approx(config.lr / 10) and rates[10] == pytest.approx(config.lr)
    assert rates[100] == pytest.approx(end) == learning_rate(config, 500)
    assert (np.diff(rates[:11]) >= 0).all() and (np.diff(rates[10:]) < 0).all()
