"""What ships: the card, the folder's size, sheets, and the judge that measures samples."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file

from base.errors import InputError
from diffusion.loaders.embedded import SHIPPED
from diffusion.loaders.loading import load_model
from diffusion.training.config import JudgeConfig, StudentConfig, build
from diffusion.training.evaluation.card import LIMIT, ship, ship_student
from diffusion.training.evaluation.classifier import (
    NAMES,
    Classifier,
    Judged,
    judge,
    load_classifier,
    plain_pictures,
    train_classifier,
)
from diffusion.training.evaluation.evaluate import evaluate
from diffusion.training.evaluation.figures import BEGIN, END, ROWS, write_figures
from diffusion.training.evaluation.judging import open_evaluated
from diffusion.training.evaluation.measures import MEASURES
from diffusion.training.evaluation.sheets import samples_sheet
from diffusion.training.learners.unet import train_unet


@pytest.fixture(scope="module")
def judge_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A judge that has learnt nothing: the measures' workings are tested here, not their values."""
    path = tmp_path_factory.mktemp("judge") / "judge.safetensors"
    save_file(Classifier().state_dict(), path)
    return path


@pytest.fixture(scope="module")
def shipped(run_folder: Path, tmp_path_factory: pytest.TempPathFactory, configs: dict) -> Path:
    target = tmp_path_factory.mktemp("ship") / "embedded"
    target.mkdir()
    (target / "bank.safetensors").write_bytes(b"kept")
    return ship(configs["unet"](run_folder), target)


def test_shipping_writes_a_card_and_keeps_what_else_lies_there(shipped: Path) -> None:
    card = (shipped / "README.md").read_text()
    assert "6 steps of 4 crops, mostly 8×8 latents" in card and "8 + 1 (depth) channels in, v-prediction" in card
    assert (shipped / "bank.safetensors").read_bytes() == b"kept"
    assert json.loads((shipped / "rayverie.json").read_text())["depth"] == "log"


def test_our_own_loader_reads_what_ships(shipped: Path) -> None:
    model = load_model(shipped, "cpu")
    assert model.takes_depth and model.channels == 8
    picture = torch.rand(64, 64, 3, generator=torch.Generator().manual_seed(0)).mul(255).byte().numpy()
    assert model.decode(model.encode(picture)).shape == (64, 64, 3)


def test_a_run_without_a_model_cannot_ship(tmp_path: Path, configs: dict) -> None:
    with pytest.raises(InputError, match="holds no model yet"):
        ship(configs["unet"](tmp_path), tmp_path / "embedded")


@pytest.mark.parametrize("name", SHIPPED)
def test_what_ships_is_small_and_loads_by_its_name(name: str) -> None:
    files = [f for f in SHIPPED[name].rglob("*") if f.is_file()]
    assert {"model_index.json", "rayverie.json", "README.md"} <= {f.name for f in files}
    assert sum(f.stat().st_size for f in files) <= LIMIT
    model = load_model(name, "cpu")
    assert model.id.startswith(f"{SHIPPED[name].name if name == 'embedded' else name}-") and model.channels == 8


def test_shipped_models_share_their_latents() -> None:
    models = [load_model(name, "cpu") for name in SHIPPED]
    assert len({model.space for model in models}) == 1  # so that one goes on in a world that the other began
    a, b = (model.vae.state_dict() for model in models)
    assert all(torch.equal(a[k], b[k]) for k in a)


TINY = {"banks": 1, "pictures": 42, "validation": 42, "texels": 8, "width": 4, "crop": 32, "batch": 4, "steps": 4}


def test_the_judge_learns_resumes_and_comes_back_from_disk(tmp_path: Path) -> None:
    whole = build(JudgeConfig, {"out": str(tmp_path / "whole"), **TINY}, "test")
    parts = build(JudgeConfig, {"out": str(tmp_path / "parts"), **TINY}, "test")
    path = train_classifier(whole)
    train_classifier(replace(parts, minutes=1e-9))
    other = load_file(train_classifier(parts))
    assert all(torch.equal(v, other[k]) for k, v in load_file(path).items())
    pictures = plain_pictures(1, 8, NAMES[:4], texels=8)
    assert pictures.material.tolist() == [0, 1, 2, 3, 0, 1, 2, 3]
    found = judge(load_classifier(path), pictures)
    assert set(found) == {"material", "light"} and all(0 <= v <= 1 for v in found.values())


def test_a_missing_judge_is_asked_for(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no judge"):
        load_classifier(tmp_path / "judge.safetensors")


def test_the_judge_counts_right_answers() -> None:
    class Sure(Classifier):
        def forward(self, pictures):
            return torch.eye(len(NAMES))[[0] * len(pictures)], torch.eye(4)[[1] * len(pictures)]

    images = torch.zeros(4, 3, 32, 32, dtype=torch.uint8)
    found = judge(Sure(), Judged(images, torch.tensor([0, 0, 1, 2]), torch.tensor([1, 1, 1, 0])))
    assert found == {"material": 0.5, "light": 0.75}


@pytest.mark.parametrize("name", list(MEASURES))
def test_every_measure_measures(run_folder: Path, judge_file: Path, tmp_path: Path, name: str) -> None:
    for run in ("unet", "few"):  # the model, and a student beside it
        shutil.copytree(run_folder / "unet", tmp_path / run)
    found = MEASURES[name](open_evaluated(tmp_path / "unet" / "model", judge_file), 4)
    assert found and all(v == v for v in found.values())


def test_without_a_student_there_is_nothing_to_say_of_it(run_folder: Path, judge_file: Path) -> None:
    parts = open_evaluated(run_folder / "unet" / "model", judge_file)
    assert MEASURES["student_regions"](parts, 4) == MEASURES["student"](parts, 4) == {}


def test_the_sample_sheet_is_a_picture(shipped: Path, judge_file: Path, tmp_path: Path) -> None:
    parts = open_evaluated(shipped, judge_file)
    samples_sheet(replace(parts, steps=1), tmp_path / "s.png")
    with Image.open(tmp_path / "s.png") as page:
        assert page.width > 1000 and page.height > 1000


def test_a_folder_above_the_limit_is_refused(
    run_folder: Path, tmp_path: Path, configs: dict, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(run_folder / "unet", tmp_path / "unet")
    monkeypatch.setattr("diffusion.training.evaluation.card.LIMIT", 1000)
    with pytest.raises(InputError, match="at most"):
        ship(configs["unet"](tmp_path), tmp_path / "embedded")


def test_a_run_may_begin_with_shipped_weights(shipped: Path, run_folder: Path, tmp_path: Path, configs: dict) -> None:
    shutil.copytree(run_folder / "data", tmp_path / "data")
    train_unet(
        configs["unet"](
            tmp_path, start=str(shipped), vae=str(shipped), steps=1, lr=1e-12, lr_end=1e-12, weight_decay=0.0
        )
    )
    before, after = (
        load_file(f / "unet" / "diffusion_pytorch_model.safetensors") for f in (shipped, tmp_path / "unet" / "model")
    )
    assert all(torch.allclose(before[k].float(), after[k].float(), atol=1e-3) for k in before)
    with pytest.raises(InputError, match="can't be started from"):
        train_unet(configs["unet"](tmp_path, out=str(tmp_path / "other"), start=str(tmp_path), vae=str(shipped)))


def test_figures_stand_beside_their_aims(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    write_figures(
        page, {"adherence": {"material": 0.5, "light": 0.25, "count": 40}, "reconstruction": {"psnr_db": 24.321}}
    )
    lines = page.read_text().splitlines()
    assert lines[0] == "before" and lines[-1] == "after" and "old" not in lines
    assert "| samples' material, trained words | ≥ 90 % | 50.0 % | 40 |" in lines
    assert "| reconstruction, PSNR | ≥ 27 dB | 24.3 dB |  |" in lines
    assert len(lines) == 2 + 2 + 2 + 3
    page.write_text("no marks")
    with pytest.raises(InputError, match="no place for figures"):
        write_figures(page, {})


def test_every_row_of_the_table_is_measured(run_folder: Path, judge_file: Path) -> None:
    parts = open_evaluated(run_folder / "unet" / "model", judge_file)
    for name in ("reconstruction", "depth", "colours"):
        wanted = {row.key.partition(".")[2] for row in ROWS if row.key.startswith(f"{name}.")}
        assert wanted <= MEASURES[name](parts, 4).keys()


def test_the_judge_that_is_kept_knows_pictures_that_it_has_not_seen() -> None:
    found = judge(load_classifier(Path(__file__).parents[1] / "data" / "judge.safetensors"), plain_pictures(777, 84))
    assert found["material"] > 0.88 and found["light"] > 0.85


def test_an_evaluation_goes_on_and_is_not_kept_for_another_judge(
    run_folder: Path, judge_file: Path, tmp_path: Path, configs: dict, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(run_folder / "unet", tmp_path / "unet")
    asked = []
    for name in ("first", "second"):
        measure = lambda parts, count, name=name: asked.append(name) or {"figure": float(count)}  # noqa: E731
        monkeypatch.setitem(MEASURES, name, measure)
    for name in MEASURES.keys() - {"first", "second"}:
        monkeypatch.delitem(MEASURES, name)
    config = configs["unet"](tmp_path, judge=str(judge_file))
    found = evaluate(replace(config, count=3))
    path = tmp_path / "unet" / "evaluation.json"
    assert found["first"] == {"figure": 3.0, "count": 3}
    path.write_text(json.dumps({k: v for k, v in found.items() if k != "second"}))
    again = evaluate(replace(config, count=5))
    assert asked == ["first", "second", "second"] and (again["first"]["count"], again["second"]["count"]) == (3, 5)
    other = tmp_path / "judge.safetensors"
    save_file(Classifier(8).state_dict(), other)
    assert evaluate(replace(config, judge=str(other), count=5))["first"]["count"] == 5


def test_a_shipped_student_is_its_teachers_few_step_network_until_there_is_another(
    shipped: Path, tmp_path: Path, configs: dict
) -> None:
    teacher = Path(shutil.copytree(shipped, tmp_path / "home" / "model"))
    few = build(StudentConfig, {"out": str(tmp_path / "few"), "teacher": str(teacher), "sample_steps": 3}, "test")
    source = Path(shutil.copytree(shipped, tmp_path / "few" / "model"))
    notes = json.loads((source / "training.json").read_text())
    notes |= {"few": 3, "config": {"method": "progressive", "guidance": 7.0}}
    (source / "training.json").write_text(json.dumps(notes))
    student = ship_student(few, tmp_path / "home" / "student", teacher)
    model = load_model(teacher, "cpu")
    assert model.few_steps == 3 and all(
        torch.equal(a, b)
        for a, b in zip(model.few_step_unet.parameters(), load_model(student, "cpu").unet.parameters(), strict=True)
    )
    shutil.copytree(teacher, tmp_path / "run" / "unet" / "model")
    (tmp_path / "run" / "unet" / "model" / "rayverie.json").write_text((shipped / "rayverie.json").read_text())
    ship(configs["unet"](tmp_path / "run"), teacher)
    assert load_model(teacher, "cpu").few_steps == 3
