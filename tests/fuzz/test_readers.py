"""Every reader of files from outside takes any file or says one sentence: `make fuzz` tries thousands of files on each."""

from __future__ import annotations

import hashlib
import json
import os
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.numpy import save

from app.files import keymap, presets, recent
from app.files.gallery.entry import read_entry
from app.files.picture import read_picture
from app.files.preferences import read_preferences
from app.files.screenshots import has_settings, read_screenshot
from app.session import Session, ViewSettings, describe, load_session
from base.errors import InputError, escape_controls
from base.strict_yaml import dump_yaml
from diffusion.loaders.config_fields import FIELDS, refuse_fields
from diffusion.loaders.embedded import EMBEDDED, OWN, read_few_steps, read_native_size, sidecar_path
from diffusion.loaders.lora import _read
from diffusion.loaders.single_file import SingleFile
from diffusion.text2image.caption_files import read_captions
from diffusion.text2image.latent_files import load_latents
from diffusion.text2image.metadata import read_png, to_json, write_png
from diffusion.text2image.prompt_matching import PromptBank
from diffusion.text2image.recipe import GenerateSettings, Recipe
from diffusion.training.__main__ import CONFIGS
from diffusion.training.config import DenoiserConfig
from diffusion.training.config_files import load_config
from engine.atlas.tiles import TileTexels
from engine.render.film_files import read_metadata
from engine.storage.journal import Journal
from engine.storage.world import WorldHeader, WorldIndex, encode_tile, read_world, write_world
from scenes.import_vox import import_vox
from scenes.load import load_scene
from scenes.nerfstudio import read_path
from scenes.read_mesh import read_mesh
from tests.fuzz.mutations import mutated_bytes, mutated_values, mutated_zip
from tests.scenes.mesh_files import drum, glb_of, obj_of
from tests.scenes.vox_files import group, model, palette, shape, transform, vox

EXAMPLES = int(os.environ.get("RAYVERIE_FUZZ", "60"))  # files in a batch
SECONDS = float(
    os.environ.get("RAYVERIE_FUZZ_SECONDS", "0")
)  # for each reader: batch follows batch until they are over
FUZZ = settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
MATERIALS = {
    "background": {"prompt": "sky", "display": [1, 2, 3]},
    "voxels_per_block": 2,
    "floor": "grass",
    "materials": [
        {"name": "grass", "source": [0, 200, 0], "prompt": "green grass", "height": 0.5},
        {"name": "wall", "source": [200, 0, 0], "prompt": "brick", "height": 2, "start_height": 1, "opacity": 0.5,
         "material_over": "roof", "negative_prompt": "snow"},
        {"name": "roof", "source": [-1, -1, -1], "prompt": "slate", "height": 3, "display": [9, 9, 9]},
    ],
    "meshes": [{"file": "drum.glb", "material": "roof", "position": [1, 0.5, 2], "rotation": [0, 90, 0], "scale": 2}],
}  # fmt: skip
POSE = [1, 0, 0, 3, 0, 1, 0, 2, 0, 0, 1, 1, 0, 0, 0, 1]
PATH = {
    "camera_type": "perspective", "fps": 24, "seconds": 4, "is_cycle": True, "default_fov": 60, "default_transition_sec": 2,
    "keyframes": [
        {"matrix": POSE, "fov": 50, "properties": [["FOV", 50], ["TIME", 0]]},
        {"matrix": json.dumps(POSE), "fov": 60, "override_transition_enabled": True, "override_transition_sec": 1,
         "properties": '[["TIME", 0.5]]'},
        {"matrix": POSE, "fov": 60, "properties": [["TIME", 1]]},
    ],
}  # fmt: skip
RECIPE = Recipe(GenerateSettings(prompt="brick"), None, "m-1", {"init": "0" * 64}, 4, ("a.safetensors:0.5",))
PICTURE = np.full((8, 8, 3), 90, np.uint8)
HEADER = WorldHeader("s", "0" * 64, "0" * 64, "m", 4, 3, 7)
STEM = "lora_unet_mid_block_attentions_0_proj_in"
WEIGHTS = {
    f"{STEM}.lora_down.weight": np.ones((2, 8), np.float32),
    f"{STEM}.lora_up.weight": np.ones((8, 2), np.float32),
}


NOTHING: Any = st.nothing()


def as_json(value: Any) -> bytes:
    return json.dumps(value).encode()


def as_yaml(value: Any) -> bytes:
    return dump_yaml(value).encode("utf-8", "surrogatepass")


def repeat(run: Callable[[], None]) -> None:
    """Try one batch of files, and further ones until SECONDS are over."""
    end = time.monotonic() + SECONDS
    run()
    while time.monotonic() < end:
        run()


def refused_or_read(act: Callable[[], Any]) -> None:
    """Anything but InputError is a fault; so is a sentence of more than one line."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            act()
    except InputError as error:
        assert escape_controls(str(error)) == str(error) and len(str(error)) < 2000
        str(error).encode()


def fuzz(good: Any, write: Callable[[Any], bytes], read: Callable[[Path], Any], name: str, folder: Path) -> None:
    """Try variants of good values, and of the bytes of their file, on a reader. name: of the file."""
    path = folder / name
    path.write_bytes(write(good))
    read(path)  # the good one is read

    @FUZZ
    @given(mutated_values(good).map(write) | mutated_bytes(write(good)))
    def run(data: bytes) -> None:
        path.write_bytes(data)
        refused_or_read(lambda: read(path))

    repeat(run)


def fuzz_bytes(good: bytes, read: Callable[[Path], Any], name: str, folder: Path, more: Any = NOTHING) -> None:
    path = folder / name
    path.write_bytes(good)
    read(path)

    @FUZZ
    @given(mutated_bytes(good) | more)
    def run(data: bytes) -> None:
        path.write_bytes(data)
        refused_or_read(lambda: read(path))

    repeat(run)


@pytest.fixture
def scene(tmp_path: Path) -> Path:
    from PIL import Image

    picture = Image.new("RGB", (4, 4), (0, 200, 0))
    picture.putpixel((1, 1), (200, 0, 0))
    picture.save(tmp_path / "map.png")
    (tmp_path / "materials.yaml").write_bytes(as_yaml(MATERIALS))
    (tmp_path / "drum.glb").write_bytes(glb_of(*drum(4)))
    return tmp_path


@pytest.mark.parametrize("write", [as_yaml, as_json])
def test_materials(write: Callable[[Any], bytes], scene: Path) -> None:
    assert yaml.safe_load(as_yaml(MATERIALS)) == MATERIALS
    fuzz(MATERIALS, write, lambda _: load_scene(scene), "materials.yaml", scene)


def test_maps(scene: Path) -> None:
    fuzz_bytes((scene / "map.png").read_bytes(), lambda _: load_scene(scene), "map.png", scene)


def test_layers(scene: Path) -> None:
    from PIL import Image

    Image.new("RGB", (4, 12), (200, 0, 0)).save(scene / "layers.png")
    fuzz_bytes((scene / "layers.png").read_bytes(), lambda _: load_scene(scene), "layers.png", scene)


@pytest.mark.parametrize("name", ("a.glb", "a.obj"))
def test_meshes(tmp_path: Path, name: str) -> None:
    arrays = drum(4)
    data = glb_of(*arrays) if name == "a.glb" else obj_of(*arrays).encode()
    fuzz_bytes(data, read_mesh, name, tmp_path)


def test_voxel_models(tmp_path: Path) -> None:
    graph = (transform(0, 1), group(1, 2), transform(2, 3, _t="1 2 3", _r="17"), shape(3, 0))
    tower = model((2, 3, 4), [(0, 0, 0, 1), (1, 2, 3, 9)])
    fuzz_bytes(vox(tower, *graph, palette(c1=(1, 2, 3))), lambda path: import_vox(path, 1, "grass"), "a.vox", tmp_path)


def test_camera_paths(tmp_path: Path) -> None:
    fuzz(PATH, as_json, read_path, "p.json", tmp_path)


def test_paths_in_a_scene(scene: Path) -> None:
    (scene / "paths").mkdir()
    fuzz(PATH, as_json, lambda _: load_scene(scene), "paths/p.json", scene)


def test_sessions(tmp_path: Path) -> None:
    fuzz(describe(Session(), made="now"), as_json, load_session, "s.json", tmp_path)


def test_presets(tmp_path: Path) -> None:
    fuzz({"steps": 8, "sampler": "euler", "scale": 3.0}, as_json, presets.read, "p.json", tmp_path)


def test_keymaps_recent_files_and_preferences(tmp_path: Path) -> None:
    fuzz({"fly": ["g"], "undo": ["ctrl+z", "u"]}, as_json, lambda p: keymap.load(p.parent), keymap.FILE, tmp_path)
    fuzz(["/a", "b"], as_json, lambda p: recent.load(p.parent), recent.FILE, tmp_path)
    view = {"daylight": 0.5, "size": [640, 480], "walk": True}
    fuzz(view, as_json, lambda p: read_preferences(p.parent, ViewSettings()), "view.json", tmp_path)


def test_pictures(tmp_path: Path) -> None:
    write_png(tmp_path / "good.png", PICTURE, RECIPE)
    fuzz_bytes((tmp_path / "good.png").read_bytes(), read_picture, "a.png", tmp_path)
    fuzz_bytes((tmp_path / "good.png").read_bytes(), read_entry, "b.png", tmp_path)


def test_settings_in_a_picture(tmp_path: Path) -> None:
    def write(values: Any) -> bytes:
        from PIL import Image, PngImagePlugin

        info = PngImagePlugin.PngInfo()
        info.add_itxt("rayverie", json.dumps(values))
        Image.fromarray(PICTURE).save(tmp_path / "x.png", pnginfo=info)
        return (tmp_path / "x.png").read_bytes()

    fuzz(json.loads(to_json(RECIPE)), write, read_png, "a.png", tmp_path)
    fuzz(json.loads(to_json(RECIPE)), write, read_entry, "c.png", tmp_path)
    shot = {"session": describe(Session()), "camera": {"pose": np.eye(4).tolist(), "fov": 60}}

    def read(path: Path) -> None:
        has_settings(path)
        read_screenshot(path)

    fuzz(shot, write, read, "b.png", tmp_path)


def test_settings_of_films(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    fuzz({"rayverie": 1, "made": {"fps": 24}}, as_json, lambda _: read_metadata(tmp_path / "a"), "a.json", tmp_path)


def test_what_models_say_of_themselves(tmp_path: Path) -> None:
    def read(path: Path) -> None:
        found = read_few_steps(path.parent), read_native_size(path.parent)
        assert 0 <= found[0] <= 200 and (found[1] is None or 8 <= found[1] <= 4096)

    fuzz(json.loads((EMBEDDED / OWN).read_text()), as_json, read, OWN, tmp_path)


@pytest.mark.parametrize("part", ["unet", "vae"])
def test_configurations(part: str, tmp_path: Path) -> None:
    from base.reading import read_json

    def read(path: Path) -> None:
        config = read_json(path, "a configuration")
        if isinstance(config, dict):
            refuse_fields(path, part, config)

    assert part in FIELDS
    fuzz(json.loads((EMBEDDED / part / "config.json").read_text()), as_json, read, "config.json", tmp_path)


def test_loras(tmp_path: Path) -> None:
    fuzz_bytes(save(WEIGHTS, {"lora_adapter_metadata": '{"unet.lora_alpha": 2}'}), _read, "a.safetensors", tmp_path)


def test_latents(tmp_path: Path) -> None:
    data = save({"latents": np.ones((2, 4, 3, 3), np.float32), "sigmas": np.array([2.0, 0.5])}, {"rayverie": "latents"})
    fuzz_bytes(data, load_latents, "latents.safetensors", tmp_path)


def test_single_files(tmp_path: Path) -> None:
    """No whole model: how far its names are read."""
    names = ("model.diffusion_model.input_blocks.0.0.weight", "cond_stage_model.transformer.x", "v_pred")
    data = save({name: np.ones((4, 4, 3, 3), np.float32) for name in names}, {"modelspec.prediction_type": "v"})

    def read(path: Path) -> None:
        model = SingleFile(path)
        model.own()
        read_native_size(path)

    fuzz_bytes(data, read, "a.safetensors", tmp_path)
    own = sidecar_path(tmp_path / "a.safetensors")
    (tmp_path / "a.safetensors").write_bytes(data)
    fuzz(
        {"native": 768, "prediction": "epsilon"},
        as_json,
        lambda p: read(tmp_path / "a.safetensors"),
        own.name,
        tmp_path,
    )


def world_file(folder: Path) -> bytes:
    journal = Journal(folder / "journal")
    state = np.array([[8, 1, 1, 0]] * 3, np.float32)
    tile = TileTexels(np.arange(3, dtype=np.int32), np.ones((3, 4), np.float32), state, np.ones((3, 8, 8, 3), np.uint8))
    journal.write_tile(tile)
    journal.commit(WorldIndex(HEADER, {(0, 0): encode_tile(tile)[0]}))
    journal.close()
    write_world(journal.folder, folder / "good.world")
    return (folder / "good.world").read_bytes()


def read_whole(path: Path) -> None:
    for _ in read_world(path).tiles():
        pass


def test_worlds(tmp_path: Path) -> None:
    good = world_file(tmp_path)
    fuzz_bytes(good, read_whole, "w.world", tmp_path, mutated_zip(good))


def test_indexes_of_worlds_with_right_seals(tmp_path: Path) -> None:
    world_file(tmp_path)
    record = json.loads((tmp_path / "journal" / "index.json").read_text())
    del record["sha256"]

    def write(values: Any) -> bytes:
        if isinstance(values, dict):
            values = values | {"sha256": hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()}
        return as_json(values)

    fuzz(record, write, lambda p: read_whole(p.parent), "journal/index.json", tmp_path)


def test_tiles_with_right_seals(tmp_path: Path) -> None:
    """The bytes of a tile, named by their own sum, so that only what they hold can be wrong."""
    world_file(tmp_path)
    (tile,) = (tmp_path / "journal" / "tiles").iterdir()
    good = tile.read_bytes()

    @FUZZ
    @given(mutated_bytes(good))
    def run(data: bytes) -> None:
        sha = hashlib.sha256(data).hexdigest()
        (tmp_path / "journal" / "tiles" / sha).write_bytes(data)
        (tmp_path / "journal" / "index.json").write_bytes(WorldIndex(HEADER, {(0, 0): sha}).encode())
        refused_or_read(lambda: read_whole(tmp_path / "journal"))

    repeat(run)


def test_configurations_of_training(tmp_path: Path) -> None:
    text = (CONFIGS / "own.yaml").read_text()
    fuzz(yaml.safe_load(text), as_yaml, lambda path: load_config(DenoiserConfig, path), "own.yaml", tmp_path)


def test_captions(tmp_path: Path) -> None:
    fuzz_bytes(b"mossy wall\n# no\nbricks\n", read_captions, "own.txt", tmp_path)


def test_captions_of_training_folders(tmp_path: Path) -> None:
    entries = [{"file_name": "a.png", "text": "mossy wall"}, {"caption": "bricks"}, {"prompt": "ivy"}]

    def write(value: Any) -> bytes:
        return b"\n".join(map(as_json, value)) if isinstance(value, list) else as_json(value)

    fuzz(entries, write, lambda _: read_captions(tmp_path), "metadata.jsonl", tmp_path)


def test_banks_of_captions(tmp_path: Path) -> None:
    PromptBank(["mossy wall", "bricks"], np.eye(2, 4, dtype=np.float32)).save(tmp_path / "good.safetensors")
    fuzz_bytes((tmp_path / "good.safetensors").read_bytes(), PromptBank.load, "bank.safetensors", tmp_path)
