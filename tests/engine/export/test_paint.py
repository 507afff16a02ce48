"""Paint is read from any world of the scene, whichever model painted it, and from no other."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from base.errors import InputError
from engine.atlas.page import STEPS
from engine.export.paint import read_paint, scene_of, settings_of
from engine.geometry.charts import build_charts
from scenes.extrude import extrude_scene
from tests.engine.export.conftest import keep


def test_painted_texels_are_those_of_the_volume(partly, painted) -> None:
    charts, total = partly.charts, 0
    for number in painted.atlas:
        state = painted.atlas[number].read_state()
        for chart in np.flatnonzero(charts.page == number):
            (w, h), x, y = charts.size[chart], charts.x[chart], charts.y[chart]
            rows = partly.paint.texels(charts, int(chart))
            assert np.array_equal(rows >= 0, state[y : y + h, x : x + w, STEPS] > 0)
            total += (rows >= 0).sum()
    assert total == len(partly.paint.colours) > 0
    assert partly.paint.about["scene"] == "village" and partly.paint.about["model"] == "tiny"


def test_reading_tells_how_far_it_is(painted, scene, charts, tmp_path) -> None:
    shares: list[float] = []
    folder = keep(painted, scene, tmp_path / "world")
    read_paint(folder, scene, charts, shares.append)
    assert scene_of(folder) == "village" and shares == sorted(shares) and shares[-1] == 1


def test_a_world_of_other_blocks_is_refused(painted, scene, tmp_path) -> None:
    folder = keep(painted, scene, tmp_path / "world")
    other = replace(scene, map=scene.map.T.copy())
    with pytest.raises(InputError, match="was painted in the scene 'village'"):
        read_paint(folder, other, build_charts(extrude_scene(other), other))


def test_settings_are_plain_values() -> None:
    dream = {"steps": 8, "scale": 7.5, "few_step": True, "sampler": "euler", "further": ["moss:1"]}
    odd = {"nan": float("nan"), "object": {"a": 1}, "none": None, "list": [1]}
    found = settings_of({"settings": {"dream": dream | odd, "paint": {"coverage": 0.9}, "model": {"ref": "a"}}})
    assert found == {"dream": dream, "paint": {"coverage": 0.9}}
    for extras in ({}, {"settings": 3}, {"settings": {"dream": 3}}):
        assert settings_of(extras) == {}
