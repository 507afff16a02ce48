"""The few-step student: what it learns from, what it leaves, and how it is sampled."""

from __future__ import annotations

import shutil
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from base.errors import InputError
from diffusion.loaders.loading import load_model
from diffusion.training.config import SegmenterConfig, StudentConfig, build
from diffusion.training.data.latent_cache import cached, draw_batch
from diffusion.training.evaluation.card import ship
from diffusion.training.learners.distillation import distillation_loss, solve_landing, train_student
from diffusion.training.learners.material_segmenter import train_segmenter
from diffusion.training.learners.noising import make_scheduler, noised, prediction_target, split_prediction
from diffusion.training.learners.sampling import sample_consistency
from diffusion.training.learners.unet import seeded


@pytest.fixture
def few(run_folder: Path, tmp_path: Path, configs: dict):
    for part in ("data", "cache", "vae"):
        shutil.copytree(run_folder / part, tmp_path / part)
    plain = asdict(configs["unet"](tmp_path))

    def config(**changes: object) -> StudentConfig:
        values = {"out": str(tmp_path / "few"), "teacher": str(run_folder / "unet" / "model")}
        return build(StudentConfig, {**plain, **values, **changes}, "test")

    return config


def reader_config(folder: Path, **changes: object) -> SegmenterConfig:
    data = {"folder": str(folder / "data"), "chunks": 1, "pictures": 12, "surfaces": 8, "size": 128, "seed": 5}
    places = {"out": str(folder / "reader"), "vae": str(folder / "vae"), "cache": str(folder / "cache")}
    short = {
        "data": data,
        "width": 8,
        "crop": 8,
        "batch": 4,
        "steps": 4,
        "warmup": 1,
        "save_every": 2,
        "sample_every": 4,
    }
    return build(SegmenterConfig, {**places, **short, **changes}, "test")


METHODS = {
    "progressive": {"intervals": 4, "substeps": 2, "teacher_precision": "bf16", "parted": 0.5},
    "consistency": {"intervals": 10, "substeps": 1},
    "obedient": {"method": "progressive", "obedience": 0.1, "reword": 0.5, "parted": 0.5},
}


@pytest.mark.parametrize("method", METHODS)
def test_a_student_resumes_and_loads_like_any_model(few, tmp_path: Path, method: str) -> None:
    how = {"method": method, "reader": str(tmp_path / "reader"), **METHODS[method]}
    if "obedience" in how:
        train_segmenter(reader_config(tmp_path))
    train_student(few(**how))
    train_student(few(out=str(tmp_path / "parts"), minutes=1e-9, **how))
    train_student(few(out=str(tmp_path / "parts"), **how))
    whole, parts = (
        torch.load(tmp_path / name / "checkpoint.pt", weights_only=True)["model"] for name in ("few", "parts")
    )
    assert all(torch.equal(whole[k], parts[k]) for k in whole)
    assert list((tmp_path / "few" / "samples").glob("*.png"))
    card = (ship(few(**how), tmp_path / "shipped") / "README.md").read_text()
    assert f"{how['method']} distillation): 2 steps" in card and "built in as 7 |" in card
    assert load_model(tmp_path / "shipped", "cpu").takes_depth


def test_without_a_reader_nobody_obeys(few, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="train a segmenter first"):
        train_student(few(obedience=0.1, reader=str(tmp_path / "reader")))


def test_a_reader_that_was_stopped_ends_the_same(few, tmp_path: Path) -> None:
    few()  # the data that it reads
    whole = load_file(train_segmenter(reader_config(tmp_path)))
    again = str(tmp_path / "again")
    train_segmenter(reader_config(tmp_path, out=again, minutes=1e-9))
    parts = load_file(train_segmenter(reader_config(tmp_path, out=again)))
    assert all(torch.equal(whole[k], parts[k]) for k in whole)


def test_without_a_teacher_there_is_no_student(few, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no denoiser to learn from"):
        train_student(few(teacher=str(tmp_path)))


class Knowing(torch.nn.Module):
    """A denoiser that knows the one picture there is, whatever it is told; `wrong` is what it adds to it."""

    def __init__(self, picture: torch.Tensor, abar: torch.Tensor, wrong: float = 0.0) -> None:
        super().__init__()
        self.picture, self.abar, self.wrong = picture, abar, wrong
        self.config = {"out_channels": picture.shape[0], "block_out_channels": (1, 1)}
        self.device, self.dtype = torch.device("cpu"), torch.float32

    def forward(self, seen: torch.Tensor, t: torch.Tensor | int, words: torch.Tensor, cross_attention_kwargs=None):
        x = seen[:, :-1]
        a = self.abar[torch.as_tensor(t)].expand(len(x))
        side = x.shape[-1]
        x0 = (self.picture.view(1, -1, 1, 1) + self.wrong).expand(len(x), -1, side, side)
        noise = (x - a.view(-1, 1, 1, 1).sqrt() * x0) / (1 - a).view(-1, 1, 1, 1).sqrt().clamp_min(1e-6)
        return type("Said", (), {"sample": prediction_target("v", x0, noise, a)})


@pytest.mark.parametrize("method", METHODS)
def test_a_student_that_agrees_with_its_teacher_has_nothing_to_learn(few, method: str) -> None:
    config = few(**{"method": method, **METHODS[method]})
    batch = draw_batch(cached(config, config.data), 16, 8, 0.5, np.random.default_rng(0))
    abar = make_scheduler("scaled_linear", "v", True).alphas_cumprod
    right = Knowing(torch.linspace(-1, 1, 8), abar)
    wrong = Knowing(torch.linspace(-1, 1, 8), abar, wrong=0.5)

    def loss(student: Knowing) -> float:
        arguments = (batch, batch.context[0], abar, config, seeded(0, 0), torch.device("cpu"))
        return float(distillation_loss(student, right, *arguments)[0])

    # a constant answer is consistent everywhere but at the last interval, whose end is the teacher's own picture
    assert loss(right) < 1e-3 < loss(wrong)


@pytest.mark.parametrize("ends", [(0.0, 0.2), (0.2, 0.7), (0.7, 1.0), (0.0, 1.0)])
def test_one_step_towards_the_landing_picture_lands(ends: tuple[float, float]) -> None:
    g = torch.Generator().manual_seed(0)
    x, end = torch.randn(2, 3, 4, 4, generator=g), torch.randn(2, 3, 4, 4, generator=g)
    a, a_end = (torch.full((2,), e) for e in ends)
    picture = solve_landing(x, a, end, a_end)
    noise = (x - ends[0] ** 0.5 * picture) / (1 - ends[0]) ** 0.5
    assert torch.allclose(noised(picture, noise, a_end), end, atol=1e-4)


@pytest.mark.parametrize("steps", [1, 2, 4])
def test_few_steps_end_at_what_the_model_sees(steps: int) -> None:
    noise_schedule = make_scheduler("scaled_linear", "v", True)
    picture = torch.linspace(-1, 1, 8)
    model = Knowing(picture, noise_schedule.alphas_cumprod)
    got = sample_consistency(model, noise_schedule, torch.zeros(2, 3, 4), torch.zeros(2, 1, 6, 6), steps=steps, seed=0)
    assert torch.allclose(got, picture.view(1, -1, 1, 1).expand_as(got), atol=1e-3)


@pytest.mark.parametrize("objective", ["v", "eps", "x0"])
def test_every_objective_says_picture_and_noise(objective: str) -> None:
    g = torch.Generator().manual_seed(0)
    x0, noise = torch.randn(3, 2, 4, 4, generator=g), torch.randn(3, 2, 4, 4, generator=g)
    abar = torch.tensor([0.1, 0.5, 0.9])
    got = split_prediction(objective, prediction_target(objective, x0, noise, abar), noised(x0, noise, abar), abar)
    assert torch.allclose(got[0], x0, atol=1e-5) and torch.allclose(got[1], noise, atol=1e-5)
