"""The whole measurement on a tiny scene with a tiny random model: methods, walks, budget and the layout of its JSON."""

from __future__ import annotations

import json

import numpy as np
import pytest

from app.__main__ import main as program
from app.bench.consistency import KEYS, decibels_above, paths
from app.bench.consistency.maps import open_named
from app.bench.consistency.methods import BARE, METHODS, MethodContext
from app.bench.consistency.result_cache import ResultCache
from app.loop.headless_session import open_headless_session
from app.session import ModelChoice, SceneChoice, Session
from base.errors import InputError
from diffusion.settings import DreamSettings
from scenes.extrude import extrude_scene

VIEWS = 4


@pytest.fixture(scope="module")
def headless(tiny_scene, tiny_model):
    session = Session(SceneChoice(str(tiny_scene)), ModelChoice(str(tiny_model), "cpu"), DreamSettings(steps=2))
    with open_headless_session(session) as opened:
        yield opened


@pytest.fixture(scope="module")
def blocks(headless):
    return extrude_scene(headless.scene)


@pytest.fixture(scope="module")
def cameras(headless, blocks):
    return paths.make_walk("orbit", headless.scene, blocks, VIEWS)


@pytest.mark.parametrize("name", METHODS)
def test_every_method_paints_every_view_and_is_the_same_again(name, headless, blocks, cameras) -> None:
    runs = []
    for _ in range(2):
        context = MethodContext(headless, blocks)
        method = METHODS[name](context)
        runs.append([method.paint(camera) for camera in cameras])
        assert context.calls >= 2
    for shown, again in zip(*runs, strict=True):
        assert shown.picture.dtype == np.uint8
        assert shown.picture.shape[:2] == shown.label.shape == context.size[::-1]
        assert (shown.label >= 0).mean() > 0.5
        np.testing.assert_array_equal(shown.picture, again.picture)
        ranks = [np.unique(label, return_inverse=True)[1] for label in (shown.label, again.label)]
        np.testing.assert_array_equal(*ranks)
        np.testing.assert_array_equal(shown.label < 0, again.label < 0)


def test_all_methods_dream_by_the_same_network(headless, blocks, cameras, monkeypatch) -> None:
    """Image-to-image asks for more steps, of which it leaves the first ones out: that must not choose the slower network."""
    model, denoise = headless.model, type(headless.model).denoise
    monkeypatch.setattr(model, "few_step_unet", model.unet)
    for few_steps in (0, headless.session.dream.steps):
        monkeypatch.setattr(model, "few_steps", few_steps)
        chosen = []
        monkeypatch.setattr(
            model,
            "denoise",
            lambda *args, few_step, chosen=chosen, **more: chosen.append(few_step) or denoise(model, *args, **more),
        )
        for method in METHODS.values():
            method(MethodContext(headless, blocks)).paint(cameras[0])
        assert set(chosen) == {few_steps > 0}


@pytest.mark.parametrize("name", METHODS)
def test_nothing_is_dreamed_without_a_budget(name, headless, blocks, cameras) -> None:
    context = MethodContext(headless, blocks, budget=0)
    shown = METHODS[name](context).paint(cameras[0])
    assert context.calls == 0
    assert (shown.label == BARE).all()


def test_methods_that_remember_spend_nothing_on_a_view_they_know(headless, blocks, cameras) -> None:
    for name in ("warp", "ours"):
        context = MethodContext(headless, blocks)
        method = METHODS[name](context)
        first, calls = method.paint(cameras[0]), context.calls
        again = method.paint(cameras[0])
        assert context.calls == calls > 0
        kept = (first.label == again.label) & (first.label >= 0)
        assert kept.mean() > 0.5
        np.testing.assert_array_equal(first.picture[kept], again.picture[kept])


def test_the_warped_picture_is_the_last_one_where_that_saw_the_surface(headless, blocks, cameras) -> None:
    method = METHODS["warp"](MethodContext(headless, blocks))
    first, second = method.paint(cameras[0]), method.paint(cameras[1])
    assert set(np.unique(second.label)) == {1, 2}
    assert set(np.unique(first.label)) == {1}


@pytest.mark.parametrize("name", paths.PATHS)
def test_paths_stay_in_free_air_and_end_where_they_began(name, headless, blocks) -> None:
    found = paths.make_walk(name, headless.scene, blocks, 7)
    assert len(found) == 7
    assert found[0] == found[-1]
    assert len({camera.position for camera in found}) == 6
    assert not blocks.is_solid(np.array([camera.position for camera in found])).any()


@pytest.mark.parametrize("views", [4, 12])
def test_walking_in_gets_nearer_by_the_same_factor(views, headless, blocks) -> None:
    *cameras, _ = paths.make_walk("walk-in", headless.scene, blocks, views)
    left = np.array([paths.distance(blocks, camera) for camera in cameras])
    assert left[-1] == pytest.approx(max(paths.NEAREST, left[0] / paths.MAX_ZOOM ** (views - 2)), abs=0.01)
    np.testing.assert_allclose(left[1:] / left[:-1], left[1] / left[0], rtol=0.02)


def test_unseen_maps_belong_to_their_seed() -> None:
    first, second = open_named("unseen-1"), open_named("unseen-2")
    np.testing.assert_array_equal(open_named("unseen-1").map, first.map)
    assert first.map.shape == second.map.shape
    assert (first.map != second.map).any()
    assert {"orbit", "walk"} <= first.paths.keys()
    with pytest.raises(InputError, match="unseen-N"):
        open_named("nowhere")


def test_the_report_has_the_layout_that_is_committed(tiny_scene, tiny_model, tmp_path, capsys) -> None:
    words = ["--quick", "--scenes", str(tiny_scene), "--model", str(tiny_model), "--device", "cpu", "--steps", "1"]
    out = tmp_path / "persistence.json"
    assert program(["bench", "consistency", *words, "--json", "--out", str(out), "--pictures", str(tmp_path)]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found == json.loads(out.read_text())
    assert list(found["methods"]) == ["independent", "seed", "warp", "ours"]
    for figures in found["methods"].values():
        assert list(figures)[: len(KEYS)] == list(KEYS)
        assert all(value is None or np.isfinite(value) for value in figures.values())
    assert found["methods"]["independent"]["revisit_error"] == 0  # it is a function of the view
    assert found["methods"]["ours"]["drift_kept"] == 0
    assert found["plan"]["views"] == 3
    assert all(isinstance(aim["met"], bool) for aim in found["aims"].values())
    assert len(list(tmp_path.glob("persistence_*.png"))) == len(paths.PATHS)


def test_a_run_that_was_stopped_goes_on_and_one_method_can_be_measured_by_itself(
    tiny_scene, tiny_model, tmp_path, capsys
) -> None:
    notes = tmp_path / "notes"
    words = ["bench", "consistency", "--quick", "--scenes", str(tiny_scene), "--model", str(tiny_model)]
    words += ["--device", "cpu", "--steps", "1", "--json", "--notes", str(notes), "--pictures", str(tmp_path)]

    def run(*more: str) -> dict:
        assert program([*words, *more]) == 0
        return json.loads(capsys.readouterr().out)

    few = run("--methods", "independent", "warp")
    assert {walk["method"] for walk in few["walks"]} == {"independent", "warp"}
    assert few["methods"]["ours"]["cross_view_psnr"] is None and not few["aims"]["seam_energy"]["met"]
    file = next(notes.glob("*_orbit_warp.json"))
    note = json.loads(file.read_text())
    file.write_text(json.dumps(note | {"figures": note["figures"] | {"sharpness": 123.0}}))
    whole = run()
    told = {(w["path"], w["method"]): w["figures"] for w in whole["walks"]}
    assert told["orbit", "warp"]["sharpness"] == 123.0  # from the note, not measured again
    assert len(whole["walks"]) == 4 * (len(paths.PATHS) + 1) and whole["methods"]["ours"]["cross_view_psnr"] is not None
    assert whole["aims"]["share_of_independent_calls"]["value"] is not None
    again = run("--seed", "5")  # on other terms
    assert all(walk["figures"].get("sharpness") != 123.0 for walk in again["walks"])
    assert program([*words, "--methods", "ours", "theirs"]) == 2
    assert "theirs" in capsys.readouterr().err
    file.write_text("{")
    with pytest.raises(InputError, match="remove it"):
        ResultCache(notes, {}).find(*file.stem.rsplit("_", 2))


def test_ours_is_compared_with_the_best_other_method_where_nothing_is_only_enlarged() -> None:
    rows = [
        {"path": path, "method": method, "figures": {"cross_view_psnr": psnr}}
        for path, method, psnr in (
            ("orbit", "ours", 40.0),
            ("walk-past", "ours", 36.0),
            ("orbit", "warp", 30.0),
            ("walk-past", "warp", 32.0),
            ("orbit", "seed", 20.0),
            ("walk-past", "seed", None),
            ("walk-in", "warp", 60.0),
        )
    ]
    assert decibels_above(rows) == pytest.approx(7.0)
    assert decibels_above(rows[:2]) is None and decibels_above(rows[2:]) is None


def test_materials_are_measured_for_every_execution(tiny_model, capsys) -> None:
    assert program(["bench", "materials", "--quick", "--model", str(tiny_model), "--device", "cpu", "--json"]) == 0
    measured = json.loads(capsys.readouterr().out)["measurements"]["materials"]
    for execution in ("batched", "sequential", "cropped", "attention"):
        assert measured[f"{execution}_1_ratio"] == 1
        assert measured[f"{execution}_4_s"] > 0


def test_a_model_without_a_pipeline_is_measured_alone(capsys) -> None:
    """diffusers has none for the embedded model."""
    assert program(["bench", "pipeline", "--quick", "--json"]) == 0
    figures = json.loads(capsys.readouterr().out)["measurements"]["pipeline"]
    assert list(figures) == ["step_outside_unet_ms"]
