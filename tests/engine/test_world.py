"""World files: what goes in comes out, the same content is the same bytes, and what doesn't fit is refused with its reason."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from safetensors.numpy import save_file

from engine import world as module
from engine.charts import build_charts
from engine.volume import LatentVolume
from engine.world import load_world, read_header, save_world
from scenes.errors import InputError
from scenes.extrude import extrude
from tests.engine.village import CAMERAS, CHANNELS, SIZE, dreamed, same


@pytest.fixture
def painted(volume):
    for k, camera in enumerate(CAMERAS.values()):
        volume.scatter(volume.gather(camera, SIZE), dreamed(camera, seed=k))
    return volume.snapshot()


@pytest.fixture
def saved(painted, scene, charts, tmp_path):
    path = tmp_path / "village.world"
    save_world(path, painted, scene=scene, charts=charts, model="tiny")
    return path


def load(path, scene, charts, **changes):
    return load_world(path, **({"scene": scene, "charts": charts, "model": "tiny", "channels": CHANNELS} | changes))


def test_round_trip(saved, painted, scene, charts):
    world = load(saved, scene, charts)
    assert same(world, painted)
    assert (world.seed, world.revision, world.channels) == (painted.seed, painted.revision, CHANNELS)
    assert read_header(saved).scene == "village"


def test_the_same_walk_is_the_same_file(ctx, saved, scene, charts, tmp_path):
    again = LatentVolume(ctx, charts, CHANNELS, seed=7)
    for k, camera in enumerate(CAMERAS.values()):
        again.scatter(again.gather(camera, SIZE), dreamed(camera, seed=k))
    save_world(tmp_path / "again", again.snapshot(), scene=scene, charts=charts, model="tiny")
    assert (tmp_path / "again").read_bytes() == saved.read_bytes()
    again.free()


def test_a_truncated_file(saved, scene, charts):
    whole = saved.read_bytes()
    for length in (0, 5, 200, len(whole) // 2, len(whole) - 1):
        saved.write_bytes(whole[:length])
        with pytest.raises(InputError, match=r"village\.world"):
            load(saved, scene, charts)


def test_every_flipped_bit_is_noticed(saved, scene, charts):
    whole = saved.read_bytes()
    rng = np.random.default_rng(0)
    header = int.from_bytes(whole[:8], "little") + 8
    places = [*rng.integers(0, header, 60), *rng.integers(header, len(whole), 20)]
    for place in places:
        broken = bytearray(whole)
        broken[place] ^= 1 << int(rng.integers(8))
        saved.write_bytes(broken)
        with pytest.raises(InputError):
            load(saved, scene, charts)


def test_another_scene_model_or_version(saved, scene, charts, tmp_path):
    map_ = scene.map.copy()
    map_[0, 0] = 2
    with pytest.raises(InputError, match="painted in the scene 'village'"):
        load(saved, replace(scene, name="town", map=map_), charts)
    with pytest.raises(InputError, match="model 'tiny'; now 'huge'"):
        load(saved, scene, charts, model="huge")
    with pytest.raises(InputError, match="4 channels"):
        load(saved, scene, charts, channels=16)
    other = build_charts(extrude(replace(scene, map=map_)), scene)
    with pytest.raises(InputError, match="laid the atlas out"):
        load(saved, scene, other)
    header = replace(read_header(saved), version=2)
    save_file({}, tmp_path / "new", metadata={"rayverie": module.json.dumps(module.asdict(header))})
    with pytest.raises(InputError, match="version is 2; this program reads version 1"):
        load(tmp_path / "new", scene, charts)


def test_other_files(scene, charts, tmp_path):
    with pytest.raises(InputError, match="doesn't exist"):
        load(tmp_path / "nothing", scene, charts)
    save_file({"a": np.zeros(3)}, tmp_path / "model.safetensors")
    with pytest.raises(InputError, match="not a Rayverie world"):
        load(tmp_path / "model.safetensors", scene, charts)
    (tmp_path / "text").write_text("hello")
    with pytest.raises(InputError, match="not a world file"):
        load(tmp_path / "text", scene, charts)


def test_an_empty_world(volume, scene, charts, tmp_path):
    save_world(tmp_path / "empty", volume.snapshot(), scene=scene, charts=charts, model="tiny")
    assert load(tmp_path / "empty", scene, charts).pages == {}
