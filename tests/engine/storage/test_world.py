"""Worlds on disk: what goes in comes out, the same content is the same bytes, and what doesn't fit is refused with its reason."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save, save_file

from base.errors import InputError
from engine.atlas.volume import LatentVolume
from engine.geometry.charts import build_charts
from engine.storage.journal import Journal
from engine.storage.world import WorldHeader, WorldIndex, open_world, read_world, write_world
from engine.storage.world_io import WorldReader, WorldWriter
from scenes.extrude import extrude_scene
from tests.engine.village import CAMERAS, CHANNELS, SIZE, describe, dreamed, same

V1 = Path(__file__).parents[1] / "data" / "village-v1.safetensors"


def walk(volume, seed=0):
    for k, camera in enumerate(CAMERAS.values()):
        volume.scatter(volume.gather(camera, SIZE), dreamed(camera, seed=seed + k))


def kept(volume, scene, folder):
    """The folder of a journal that holds the volume's world."""
    writer = WorldWriter(Journal(folder))
    writer.write_all(volume, describe(scene, volume))
    writer.close()
    return folder


@pytest.fixture
def saved(volume, scene, tmp_path):
    walk(volume)
    write_world(kept(volume, scene, tmp_path / "journal"), tmp_path / "village.world")
    return tmp_path / "village.world"


def load(path, scene, charts, **changes):
    return open_world(path, **({"scene": scene, "charts": charts, "model": "tiny", "channels": CHANNELS} | changes))


def restored(ctx, charts, world):
    volume = LatentVolume(ctx, charts, world.header.channels)
    WorldReader(volume, world).read_all()
    snapshot = volume.snapshot()
    volume.release()
    return snapshot


@pytest.mark.parametrize("name", ["village.world", "journal"])
def test_round_trip(ctx, saved, volume, scene, charts, name):
    world = load(saved.parent / name, scene, charts)
    assert world.header.scene == "village"
    after, before = restored(ctx, charts, world), volume.snapshot()
    assert same(after, before) and (after.seed, after.revision) == (before.seed, before.revision)


def test_five_channels_round_trip(ctx, scene, charts, tmp_path):
    volume = LatentVolume(ctx, charts, 5)
    camera = CAMERAS["wall"]
    volume.scatter(volume.gather(camera, SIZE), dreamed(camera, channels=5))
    kept(volume, scene, tmp_path)
    world = load(tmp_path, scene, charts, channels=5)
    assert next(world.tiles())[1].latents.shape[1] == 5
    assert same(restored(ctx, charts, world), volume.snapshot())
    volume.release()


def test_the_same_walk_is_the_same_file(ctx, saved, scene, charts, tmp_path):
    again = LatentVolume(ctx, charts, CHANNELS, seed=7)
    walk(again)
    write_world(kept(again, scene, tmp_path / "again"), tmp_path / "again.world")
    assert (tmp_path / "again.world").read_bytes() == saved.read_bytes()
    again.release()


def test_a_truncated_file(saved, scene, charts):
    whole = saved.read_bytes()
    for length in (0, 5, 200, len(whole) // 2, len(whole) - 1):
        saved.write_bytes(whole[:length])
        with pytest.raises(InputError, match=r"village\.world"):
            load(saved, scene, charts)


def test_no_flipped_bit_changes_a_world(saved, scene, charts):
    """Most are noticed; the rest hit what a zip says of dates and rights, which nobody reads."""
    whole, wanted = saved.read_bytes(), content(read_world(saved))
    with zipfile.ZipFile(saved) as archive:
        ends = [i.header_offset for i in archive.infolist()] + [archive.start_dir]
    places = [*np.random.default_rng(0).integers(0, len(whole), 60), *(e + k for e in ends for k in range(0, 30, 3))]
    noticed = 0
    for place in places:
        broken = bytearray(whole)
        broken[min(place, len(whole) - 1)] ^= 1 << int(place) % 8
        saved.write_bytes(broken)
        try:
            world = load(saved, scene, charts)
        except InputError:
            noticed += 1
        else:
            assert content(world) == wanted
    assert noticed > 60


def content(world):
    return world.header, [(k, t.index.tobytes(), t.latents.tobytes(), t.colour.tobytes()) for k, t in world.tiles()]


def test_a_damaged_index_is_noticed_by_an_optimised_interpreter_too(saved):
    path = saved.parent / "journal" / "index.json"
    path.write_text(path.read_text().replace('"scene": "village"', '"scene": "hamlet"'))
    code = "import sys; from engine.storage.world import read_world; print(read_world(sys.argv[1]).header.scene)"
    done = subprocess.run([sys.executable, "-O", "-c", code, str(path.parent)], capture_output=True, text=True)
    assert done.returncode != 0 and "is damaged" in done.stderr, done.stdout


@pytest.mark.parametrize("name", ["index.json", "tiles"])
def test_every_flipped_bit_of_a_journal_is_noticed(saved, scene, charts, name):
    path = saved.parent / "journal" / name
    path = path if path.is_file() else next(path.iterdir())
    whole = path.read_bytes()
    for place in np.random.default_rng(0).integers(0, len(whole), 40):
        broken = bytearray(whole)
        broken[place] ^= 1 << int(place) % 8
        path.write_bytes(broken)
        with pytest.raises(InputError, match=r"damaged|version"):
            load(saved.parent / "journal", scene, charts)


def test_another_scene_model_or_version(saved, scene, charts, tmp_path):
    map_ = scene.map.copy()
    map_[0, 0] = 2
    with pytest.raises(InputError, match="painted in the scene 'village'"):
        load(saved, replace(scene, name="town", map=map_), charts)
    with pytest.raises(InputError, match="latents of 'tiny'; those of the loaded model are 'huge'"):
        load(saved, scene, charts, model="huge")
    with pytest.raises(InputError, match="4 channels"):
        load(saved, scene, charts, channels=16)
    other = build_charts(extrude_scene(replace(scene, map=map_)), scene)
    with pytest.raises(InputError, match="laid the atlas out"):
        load(saved, scene, other)
    index = WorldIndex(replace(read_world(saved).header, version=3), {})
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "index.json").write_bytes(index.encode())
    with pytest.raises(InputError, match="version is 3; this program reads versions 1 to 2"):
        load(tmp_path / "new", scene, charts)


def test_other_voxels_per_block_are_named(saved, scene):
    finer = replace(scene, voxels_per_block=2 * scene.voxels_per_block)
    charts = build_charts(extrude_scene(finer), finer)
    words = rf"with {scene.voxels_per_block} voxels per block; '{scene.name}' has {finer.voxels_per_block}: set voxels_per_block"
    with pytest.raises(InputError, match=words):
        load(saved, finer, charts)


def test_a_world_of_version_1_is_still_read(ctx, scene, charts):
    """Painted and written when there was no other version."""
    snapshot = restored(ctx, charts, load(V1, scene, charts))
    digest = hashlib.sha256(
        b"".join(snapshot.pages[n][k].tobytes() for n in sorted(snapshot.pages) for k in sorted(snapshot.pages[n]))
    )
    assert digest.hexdigest() == "1a207f8b61f8d298feeb308143348a9d0e8620e1374b537c6a35104e79456d06"
    assert (snapshot.seed, snapshot.revision) == (7, 1)


def test_a_half_written_or_damaged_world_of_version_1(scene, charts, tmp_path):
    whole, path = V1.read_bytes(), tmp_path / "old.safetensors"
    for length in (0, 7, 300, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:length])
        with pytest.raises(InputError, match=r"old\.safetensors"):
            load(path, scene, charts)
    for place in np.random.default_rng(0).integers(0, len(whole), 20):
        broken = bytearray(whole)
        broken[place] ^= 1 << int(place) % 8
        path.write_bytes(broken)
        with pytest.raises(InputError):
            load(path, scene, charts)


def test_other_files(scene, charts, tmp_path):
    with pytest.raises(InputError, match="does not exist"):
        load(tmp_path / "nothing", scene, charts)
    save_file({"a": np.zeros(3)}, tmp_path / "model.safetensors")
    with pytest.raises(InputError, match="not a Rayverie world"):
        load(tmp_path / "model.safetensors", scene, charts)
    (tmp_path / "text").write_text("hello")
    with pytest.raises(InputError, match="not a world file"):
        load(tmp_path / "text", scene, charts)
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("index.json", "{}" * 1000)
    with pytest.raises(InputError, match="not compressed"):
        load(tmp_path / "a.zip", scene, charts)
    (tmp_path / "folder").mkdir()
    with pytest.raises(InputError, match="a part of it is missing"):
        load(tmp_path / "folder", scene, charts)


def forged(folder, tiles, header):
    """A journal whose checksums are right, whatever is in it. tiles: (page, tile) → bytes."""
    names = {}
    (folder / "tiles").mkdir(parents=True)
    for key, data in tiles.items():
        names[key] = hashlib.sha256(data).hexdigest()
        (folder / "tiles" / names[key]).write_bytes(data)
    (folder / "index.json").write_bytes(WorldIndex(header, names).encode())
    return folder


def arrays(n=1, place=0, **changes):
    whole = {
        "index": np.full(n, place, np.int32),
        "latents": np.ones((n, CHANNELS), np.float32),
        "state": np.ones((n, 4), np.float32),
        "colour": np.ones((n, 8, 8, 3), np.uint8),
    }
    return save({k: v for k, v in (whole | changes).items() if v is not None})


@pytest.mark.parametrize(
    ("key", "data"),
    [
        ((0, 0), b"nothing of the kind"),
        ((0, 0), arrays(place=70)),
        ((0, 0), arrays(place=-1)),
        ((0, 0), arrays(latents=None)),
        ((0, 0), arrays(latents=np.ones((1, 7), np.float32))),
        ((0, 0), arrays(state=np.ones((1, 4)))),
        ((0, 0), arrays(index=np.zeros((1, 1), np.int32))),
        ((9999, 0), arrays()),
        ((0, 0), arrays(2)),  # one texel twice
        *(((0, 0), arrays(latents=np.full((1, CHANNELS), wrong, np.float32))) for wrong in (np.nan, np.inf)),
        *(
            ((0, 0), arrays(state=np.array([state], np.float32)))
            for state in (
                (np.nan, 1, 1, 0),
                (0, 1, 1, 0),
                (-1, 1, 1, 0),
                (1e9, 1, 1, 0),
                (1, np.inf, 1, 0),
                (1, -1, 1, 0),
                (1, 1, -1, 0),
                (1, 1, 0.5, 0),
                (1, 1, 1, 2),
                (1, 1, 1, 0.5),
            )
        ),
    ],
)
def test_forged_worlds_are_refused(scene, charts, tmp_path, key, data):
    header = WorldHeader.of(scene, charts, "tiny", CHANNELS, 0, 1)
    assert forged(tmp_path / "good", {(0, 0): arrays()}, header)
    load(tmp_path / "good", scene, charts)
    with pytest.raises(InputError, match="damaged"):
        load(forged(tmp_path / "bad", {key: data}, header), scene, charts)


def test_an_index_that_points_elsewhere_is_refused(scene, charts, tmp_path):
    header = WorldHeader.of(scene, charts, "tiny", CHANNELS, 0, 1)
    for tiles in ({(0, 0): "../../secret"}, {(0, 99): "ab"}, {(-1, 0): "ab"}):
        with pytest.raises(InputError, match="damaged"):
            WorldIndex.decode(WorldIndex(header, tiles).encode(), "x")
    record = json.loads(WorldIndex(header, {}).encode())
    with pytest.raises(InputError, match="damaged"):
        WorldIndex.decode(json.dumps(record | {"extras": {"a": 1}}).encode(), "x")


def test_an_empty_world(ctx, volume, scene, charts, tmp_path):
    write_world(kept(volume, scene, tmp_path / "journal"), tmp_path / "empty.world")
    assert restored(ctx, charts, load(tmp_path / "empty.world", scene, charts)).pages == {}


HEADER = WorldHeader("village", "0" * 64, "0" * 64, "tiny", CHANNELS, 3, 7)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("seed", -1), ("seed", 2**63), ("seed", "3"), ("seed", 1.5), ("seed", True), ("revision", -1), ("revision", 1e300),
        ("channels", 0), ("channels", 1000), ("scene", 3), ("scene", None), ("model", ["tiny"]), ("saved", {}),
    ],
)  # fmt: skip
def test_a_header_that_no_world_has_is_named(name, value, tmp_path):
    folder = forged(tmp_path / "j", {}, replace(HEADER, **{name: value}))
    with pytest.raises(InputError, match=f"header.{name} is"):
        read_world(folder)


@pytest.mark.parametrize(
    "tiles",
    [
        {"0.0": "a" * 64, "00.0": "b" * 64},
        {"0.0": "a" * 63},
        {"0.0": "../" + "a" * 61},
        {"0.0": 3},
        {"0.16": "a" * 64},
        {"-1.0": "a" * 64},
        {"9999999.0": "a" * 64},
        {"0": "a" * 64},
        {"0.0.0": "a" * 64},
        ["0.0"],
    ],
)
def test_an_index_whose_tiles_are_none_is_damaged(tiles, tmp_path):
    record = json.loads(WorldIndex(HEADER, {}).encode())
    del record["sha256"]
    record["tiles"] = tiles
    seal = hashlib.sha256(json.dumps(record, sort_keys=True).encode()).hexdigest()
    (tmp_path / "index.json").write_text(json.dumps(record | {"sha256": seal}))
    with pytest.raises(InputError, match="damaged"):
        read_world(tmp_path)


def test_a_zip_that_lies_is_damaged(saved, scene, charts):
    with zipfile.ZipFile(saved) as archive:
        parts = {info.filename: archive.read(info) for info in archive.infolist()}
    twice = saved.with_name("twice.world")
    with pytest.warns(UserWarning, match="Duplicate name"), zipfile.ZipFile(twice, "w") as archive:
        for name in (*parts, next(iter(parts))):
            archive.writestr(name, parts[name])
    with pytest.raises(InputError, match="two parts of one name"):
        load(twice, scene, charts)
    large = saved.with_name("large.world")
    with zipfile.ZipFile(large, "w") as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
        for info in archive.infolist()[1:]:
            info.file_size = info.compress_size = 1 << 40
    with pytest.raises(InputError, match="sizes of its parts are not true"):
        load(large, scene, charts)


def test_what_is_no_regular_file_is_no_world(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", Path("/dev/zero")):
        with pytest.raises(InputError, match=r"is a (FIFO|device); it must be a world file"):
            read_world(path)
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "folder" / "index.json")
    with pytest.raises(InputError, match="damaged"):
        read_world(tmp_path / "folder")
