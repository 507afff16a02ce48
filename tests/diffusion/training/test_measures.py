"""The measures of a model: each tells a painter that knows the truth from one that paints noise."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from base.errors import InputError
from base.grid import CELL
from diffusion.introspection.classifier import FILE as JUDGE
from diffusion.introspection.classifier import Classifier, load_classifier
from diffusion.models.surface_view import cell_surface
from diffusion.training.config import DataConfig, DenoiserConfig
from diffusion.training.data.dataset import write_chunk
from diffusion.training.data.materials import MATERIALS
from diffusion.training.data.pictures import choose_held_out_worlds
from diffusion.training.data.views import random_world
from diffusion.training.data.world_geometry import compute_world_geometry
from diffusion.training.evaluation.agreement import pairs, project_onto_picture, shared_psnr
from diffusion.training.evaluation.classifier import NAMES
from diffusion.training.evaluation.evaluate import evaluate, write_page
from diffusion.training.evaluation.figures import ROWS, write_figures
from diffusion.training.evaluation.measures import MEASURES
from diffusion.training.evaluation.obedience import obedience
from diffusion.training.evaluation.samples import plain_asked, three_walls
from diffusion.training.evaluation.sheets import material_views
from diffusion.training.evaluation.subject import open_painter
from diffusion.training.evaluation.view import UNMOVED, View, camera_of, view_of

COUNT = 12


class Knowing:
    """Paints and reconstructs the truth, whatever the settings."""

    def __init__(self, unseen: DataConfig) -> None:
        self.judge, self.unseen = load_classifier(JUDGE), unseen

    def paint(self, views: list[View], seed: int = 0, **changes: object) -> Tensor:
        return torch.stack([v.truth for v in views])

    def reconstruct(self, views: list[View], with_surfaces: bool) -> Tensor:
        return self.paint(views)


class Blind(Knowing):
    """Paints noise."""

    def paint(self, views: list[View], seed: int = 0, **changes: object) -> Tensor:
        generator = torch.Generator().manual_seed(seed)
        shape = (len(views), *views[0].truth.shape)
        return torch.randint(0, 256, shape, generator=generator).to(torch.uint8)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> DataConfig:
    """Some pictures of held-out worlds."""
    folder = tmp_path_factory.mktemp("measures")
    drawn = DataConfig(str(folder), chunks=1, pictures=16, surfaces=6, size=64, seed=7)
    write_chunk(choose_held_out_worlds(drawn), 0)
    return drawn


@pytest.fixture(scope="module")
def figures(data: DataConfig) -> tuple[dict[str, dict[str, float]], dict[str, dict[str, float]]]:
    """What every measure says of the truth and of noise."""
    subjects = [kind(choose_held_out_worlds(data)) for kind in (Knowing, Blind)]
    found = [{name: measure(s, COUNT) for name, measure in MEASURES.items()} for s in subjects]
    return found[0], found[1]


@pytest.mark.parametrize(
    ("measure", "key", "least", "most"),
    [
        ("joints", "period", 1.0, 0.4),
        ("joints", "phase", 1.0, 0.4),
        ("trained_words", "material", 0.8, 0.2),
        ("held_out_words", "material", 0.8, 0.2),
        ("regions", "material", 0.8, 0.2),
        ("judged_reconstruction", "reconstructed", 0.8, 0.2),
        ("reconstruction", "psnr", 60.0, 15.0),
        ("agreement", "psnr", 22.0, 15.0),
        ("edges", "painted", 1.15, 1.1),
    ],
)
def test_the_truth_is_right_and_noise_is_wrong(
    figures: tuple, measure: str, key: str, least: float, most: float
) -> None:
    knowing, blind = figures
    assert knowing[measure][key] >= least and blind[measure][key] <= most


def test_the_truth_has_the_truths_anchors(figures: tuple) -> None:
    knowing, blind = figures
    assert knowing["joints"]["near_over_far"] == pytest.approx(2, abs=0.3)
    assert knowing["reconstruction"]["sharpness"] == pytest.approx(1)
    assert abs(knowing["distance"]["painted"]) < 1e-3 < knowing["distance"]["truth"]
    assert blind["distance"]["painted"] > 2 * knowing["distance"]["truth"]
    for measure, anchor, key in (("edges", "truth", "painted"), ("agreement", "truth", "psnr")):
        assert knowing[measure][key] == knowing[measure][anchor] == blind[measure][anchor]


def test_every_row_of_the_table_is_measured(figures: tuple) -> None:
    for found in figures:
        assert {row.key for row in ROWS} <= {f"{name}.{key}" for name, part in found.items() for key in part}
        assert all(np.isfinite(value) for part in found.values() for value in part.values())


def test_a_model_that_ignores_all_settings_obeys_none(figures: tuple) -> None:
    assert set(figures[0]["obedience"].values()) == {0.0}


def test_a_model_that_uses_all_settings_obeys_all(data: DataConfig) -> None:
    """Grey without a prompt; the truth shows more with the scale, the negative prompt's material less, in few steps less exactly."""

    class Obedient(Knowing):
        def paint(self, views: list[View], seed: int = 0, **changes: Any) -> Tensor:
            scale = 0.15 * changes.get("scale", 1.0) if changes.get("guidance", "cfg") == "cfg" else 0.1
            off = 30 / changes.get("steps", 8) * (changes.get("sampler") == "euler")
            shown = [
                128 + (v.prompts != ("",)) * scale * (v.truth.float() - 128) + off + 60 * bool(v.negative)
                for v in views
            ]
            return torch.stack(shown).clamp(0, 255).to(torch.uint8)

    subject = Obedient(choose_held_out_worlds(data))
    # a judge of brightness: the brighter, the less of every material
    subject.judge = lambda x: (-x.float().mean((1, 2, 3))[:, None].expand(-1, len(NAMES)), None)  # type: ignore[assignment]
    assert obedience(subject, 40) == {"scale": 1.0, "guidance": 1.0, "negative": 1.0, "solver": 1.0}


@pytest.mark.parametrize("kind", ["boxes", "wall", "floor", "sky"])
def test_a_view_has_the_conditions_of_training(kind: str) -> None:
    """The program's geometry of a drawn world is that which the denoiser is trained on."""
    world = random_world(np.random.default_rng(2), kind, 64)
    view = view_of(world, torch.zeros(3, 64, 64, dtype=torch.uint8), ["a"] * 4)
    told, expected = cell_surface(view.gbuffer), compute_world_geometry(world, UNMOVED, CELL)[0]
    apart = (told.uv - expected.uv).abs()
    near = (expected.depth < 100) | expected.depth.isinf()
    assert float(torch.minimum(apart, 8 - apart)[:, near].max()) < 1e-2
    assert torch.equal(told.kind, expected.kind)
    assert torch.allclose(told.normal, expected.normal, atol=1e-5)


def test_points_of_a_wall_lie_where_the_camera_sees_them() -> None:
    (worlds, _), *_ = pairs(8)
    world = worlds[1]
    camera = camera_of(world)
    size = (world.size, world.size)
    rays = torch.from_numpy(camera.rays(size)).float()
    points = torch.tensor(world.eye, dtype=torch.float32) + rays * (-float(world.eye[2]) / rays[..., 2:])
    steps = (2 * torch.arange(world.size) + 1) / world.size - 1
    y, x = torch.meshgrid(steps, steps, indexing="ij")
    assert torch.allclose(project_onto_picture(world, points), torch.stack((x, y), -1), atol=1e-3)


def test_shared_texels_of_one_picture_are_equal() -> None:
    (worlds, views), *_ = pairs(8)
    assert shared_psnr(views[0].truth, views[0].truth, (worlds[0], worlds[0])) > 100
    assert shared_psnr(views[0].truth, 255 - views[0].truth, (worlds[0], worlds[0])) < 15


def test_three_walls_have_a_region_each() -> None:
    view, chosen, _ = three_walls(np.random.default_rng(1))
    assert view.truth.shape == (3, 128, 384) and view.gbuffer.cell_side.shape == (16, 48)
    assert len(set(chosen)) == 3 == len(view.prompts)
    for prompt, material in zip(view.prompts, chosen, strict=True):
        assert any(prompt.startswith(noun) for noun in MATERIALS[NAMES[material]].nouns)
    canvas = view.canvas(np.zeros((4, 16, 48), np.float32))
    assert [float(r.mask.sum()) for r in canvas.regions] == [256.0] * 3


def test_held_out_words_are_in_no_caption() -> None:
    for view in plain_asked(COUNT, held_out=True):
        noun = view.prompts[0].split(",")[0]
        assert not any(noun in material.nouns for material in MATERIALS.values())


def test_every_material_stands_on_the_sheet() -> None:
    views = material_views(32)
    assert [v.prompts[0] for v in views] == [m.nouns[0] for m in MATERIALS.values()]


def test_an_evaluation_goes_on_and_belongs_to_its_model_settings_and_judge(
    surface_folder: Path, data: DataConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    for name in ("first", "second"):
        measure = lambda subject, count, name=name: asked.append(name) or {"figure": float(count)}  # noqa: E731
        monkeypatch.setitem(MEASURES, name, measure)
    config = DenoiserConfig(
        out=str(tmp_path / "run"),
        model=str(surface_folder),
        judge=str(JUDGE),
        data=data,
        count=3,
        measures=("first", "second"),
    )
    path = evaluate(replace(config, measures=("first",)))
    assert json.loads(path.read_text())["first"] == {"figure": 3.0, "count": 3}
    assert "second" in json.loads(evaluate(config).read_text()) and asked == ["first", "second"]
    evaluate(replace(config, count=5))
    assert asked == ["first", "second", "first", "second"]
    other = tmp_path / "judge.safetensors"
    save_file(Classifier(8).state_dict(), other)
    evaluate(replace(config, count=5, judge=str(other)))
    assert len(asked) == 6
    same_weights = Path(shutil.copytree(surface_folder, tmp_path / "copy" / surface_folder.name))
    facts = json.loads((same_weights / "rayverie.json").read_text())
    (same_weights / "rayverie.json").write_text(json.dumps(facts | {"defaults": {"scale": 1.5}}))
    evaluate(replace(config, count=5, judge=str(other), model=str(same_weights)))
    assert len(asked) == 8
    with pytest.raises(InputError, match="known are joints"):
        evaluate(replace(config, measures=("beauty",)))


def test_a_model_folder_paints_and_reconstructs(surface_folder: Path, data: DataConfig) -> None:
    painter = open_painter(DenoiserConfig(model=str(surface_folder), judge=str(JUDGE), data=data))
    views = plain_asked(3)[:2]
    shown = painter.paint(views, 1, steps=2)
    assert shown.shape == (2, 3, 128, 128) and shown.dtype == torch.uint8
    assert torch.equal(shown, painter.paint(views, 1, steps=2)) and not torch.equal(
        shown, painter.paint(views, 2, steps=2)
    )
    assert not torch.equal(
        painter.reconstruct(views, with_surfaces=True), painter.reconstruct(views, with_surfaces=False)
    )


def test_figures_stand_beside_their_aims(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- figures -->\nold\n<!-- end -->\nafter\n")
    found = {"trained_words": {"material": 0.5, "count": 40}, "agreement": {"psnr": 24.321, "count": 8}}
    write_figures(page, found)
    lines = page.read_text().splitlines()
    assert lines[0] == "before" and lines[-1] == "after" and "old" not in lines
    assert "| material recognised, trained words | ≥ 90 % | 50.0 % | 40 |" in lines
    assert "| two views of one wall painted independently agree | ≥ 22 dB | 24.3 dB | 8 |" in lines
    assert len(lines) == 2 + 2 + 2 + 2
    page.write_text("no marks")
    with pytest.raises(InputError, match="no place for figures"):
        write_figures(page, found)


def test_figures_of_no_evaluation_are_asked_for(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="evaluate first"):
        write_page(DenoiserConfig(out=str(tmp_path)))
