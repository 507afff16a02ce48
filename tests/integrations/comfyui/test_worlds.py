"""Scenes, cameras, views, gathering and scattering: what this project's functions give, as values that never change."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from base.errors import InputError
from diffusion.models.control_hints import depth_hint, normal_hint
from engine.atlas.views import PaintedView
from engine.atlas.volume import LatentVolume
from integrations.comfyui.pictures import as_picture
from integrations.comfyui.scene_nodes import EXAMPLE, CameraAt, CameraOnPath, LoadScene, SceneFromMap
from integrations.comfyui.view_nodes import Gather, LookAt, MaterialMask, Scatter
from integrations.comfyui.world_nodes import LoadWorld, NewWorld, SaveWorld
from integrations.comfyui.worlds import View, World
from scenes.camera import Camera
from scenes.load import load_scene
from scenes.paths import sample_path
from scenes.scene import SKY, Scene

SIZE = (128, 96)
STEPS = 8


def painting(seed: int = 0) -> dict[str, Any]:
    """What a view's dream gives, as Scatter takes it."""
    random = np.random.default_rng(seed)
    latent = torch.from_numpy(random.normal(size=(1, 4, SIZE[1] // 8, SIZE[0] // 8)).astype(np.float32))
    image = torch.from_numpy(random.integers(0, 256, (1, SIZE[1], SIZE[0], 3)).astype(np.float32) / 255)
    return {"latent": {"samples": latent}, "image": image}


@pytest.fixture(scope="module")
def painted(world: World, view: View) -> World:
    return Scatter().scatter(world, view, **painting(), steps=STEPS)[0]


def look(world: World, camera: Camera) -> View:
    return LookAt().look(world, camera, *SIZE)[0]


def test_built_in_scenes_and_those_in_the_input_folder(comfy: Path, tiny_scene: Path) -> None:
    assert LoadScene().load("hamlet")[0] == load_scene("hamlet")
    (comfy / "input" / "mine").symlink_to(tiny_scene)
    with pytest.raises(InputError, match="is not inside"):  # a link that leads out
        LoadScene().load("mine")
    (comfy / "input" / "mine").unlink()
    (comfy / "input" / "mine").mkdir()
    for file in ("map.png", "materials.yaml"):
        (comfy / "input" / "mine" / file).write_bytes((tiny_scene / file).read_bytes())
    assert LoadScene().load("mine")[0].hash == load_scene(tiny_scene).hash


@pytest.mark.parametrize("name", ["../secret", "/etc", "", " ", ".", "a/../.."])
def test_no_path_leads_out_of_comfyuis_folders(name: str, scene: Scene, world: World) -> None:
    for act in (LoadScene().load, lambda n: LoadWorld().load(scene, n), lambda n: SaveWorld().save(world, n)):
        with pytest.raises(InputError, match="is not inside"):
            act(name)


def test_a_scene_from_a_picture_and_a_text(tiny_scene: Path) -> None:
    pixels = np.array(Image.open(tiny_scene / "map.png").convert("RGBA"))
    image = torch.from_numpy(pixels[None, ..., :3].astype(np.float32) / 255)
    empty = torch.from_numpy(1 - pixels[None, ..., 3].astype(np.float32) / 255)  # as Load Image gives transparency
    (made,) = SceneFromMap().make(image, (tiny_scene / "materials.yaml").read_text(), empty)
    assert made.hash == load_scene(tiny_scene).hash
    assert SceneFromMap().make(torch.full((1, 3, 3, 3), 0.5), EXAMPLE)[0].map.tolist() == [[0] * 3] * 3


def test_cameras(scene: Scene) -> None:
    (camera,) = CameraAt().make(x=1.0, y=2.0, z=3.0, yaw=40.0, pitch=-10.0, fov=50.0)
    assert camera == Camera.from_angles((1.0, 2.0, 3.0), 40.0, -10.0, 50.0)
    walk = scene.paths["walk"]
    assert CameraOnPath().sample(scene, "walk", 0.25)[0] == sample_path(walk, walk.seconds / 4)


def test_a_view_is_what_the_engine_gathers(world: World, camera: Camera, context: Any) -> None:
    view, noise, depth, normals, masks = LookAt().look(world, camera, *SIZE)
    with context:
        volume = LatentVolume(context, world.charts, 4, seed=3)
        gathered = volume.gather(camera, SIZE)
        volume.release()
    assert (view.gathered.noise == gathered.noise).all()
    assert (view.gathered.material == gathered.material).all()
    assert torch.from_numpy(gathered.noise)[None].equal(noise.generate_noise({"samples": torch.zeros(1, 4, 12, 16)}))
    assert (as_picture(depth) == depth_hint(view.gbuffer, gathered.pixel_material, ())).all()
    assert (as_picture(normals) == normal_hint(view.gbuffer, gathered.pixel_material, ())).all()
    assert masks.shape == (4, SIZE[1], SIZE[0]) and (masks.sum(0) == 1).all()
    names = ("floor", "wall", "pond", "sky")
    for mask, name, number in zip(masks, names, (0, 1, 2, SKY), strict=True):
        assert mask.numpy().astype(bool).tolist() == (gathered.pixel_material == number).tolist()
        assert MaterialMask().find(view, name)[0][0].equal(mask)
    assert masks[1].any() and masks[3].any()


def test_an_unpainted_view_is_free(view: View) -> None:
    latent, picture, change, coverage = Gather().gather(view, STEPS)
    assert not latent["samples"].any() and not picture.any() and coverage == 0
    assert (change == 1).all() and latent["noise_mask"].shape == (1, 1, 12, 16)


def test_what_is_scattered_is_gathered_again(world: World, painted: World, camera: Camera, context: Any) -> None:
    latent, picture, change, coverage = Gather().gather(look(painted, camera), STEPS)
    with context:
        volume = LatentVolume(context, world.charts, 4, seed=3)
        gathered = volume.gather(camera, SIZE)
        colours = as_picture(painting()["image"])
        latents = painting()["latent"]["samples"][0].numpy()
        volume.scatter(gathered, PaintedView(camera, SIZE, latents, colours, STEPS))
        again = volume.gather(camera, SIZE)
        volume.release()
    assert coverage > 0.8 and (change == 0).float().mean() > 0.5
    assert (latent["samples"][0].numpy() == again.latents).mean() > 0.99
    assert (as_picture(picture) == again.colours[..., :3]).mean() > 0.99


def test_worlds_are_values(world: World, painted: World, camera: Camera, view: View) -> None:
    """ComfyUI keeps what nodes gave, so a world that was painted stays as it was, in whatever order worlds are asked."""
    assert Gather().gather(look(world, camera), STEPS)[3] == 0
    assert Gather().gather(look(painted, camera), STEPS)[3] > 0.8
    assert Gather().gather(look(world, camera), STEPS)[3] == 0
    one, texels = Scatter().scatter(world, view, **painting(), steps=STEPS)
    other, same = Scatter().scatter(world, view, **painting(), steps=STEPS)
    assert texels == same > 100
    assert all((one.paint.pages[n]["latents"] == other.paint.pages[n]["latents"]).all() for n in one.paint.pages)


def test_finished_paint_stays(painted: World, camera: Camera) -> None:
    again, texels = Scatter().scatter(painted, look(painted, camera), **painting(seed=1), steps=STEPS)
    assert texels == 0 and again.paint.revision == painted.paint.revision
    _, more = Scatter().scatter(painted, look(painted, camera), **painting(seed=1), steps=2 * STEPS)
    assert more > 100  # paint of more steps replaces it


def test_a_world_comes_back_from_its_file(painted: World, scene: Scene, camera: Camera, comfy: Path) -> None:
    shown = SaveWorld().save(painted, "deep/down.world")
    assert shown["result"] == (painted,) and shown["ui"]["text"] == ["down.world: 1 pages"]
    (loaded,) = LoadWorld().load(scene, "deep/down.world")
    assert (loaded.space, loaded.paint.seed, loaded.paint.channels) == ("ComfyUI", 3, 4)
    one, other = (Gather().gather(look(world, camera), STEPS) for world in (painted, loaded))
    assert one[0]["samples"].equal(other[0]["samples"]) and one[1].equal(other[1])


def test_latents_of_other_models_stay_where_they_are(painted: World, camera: Camera) -> None:
    foreign = replace(painted, space="AutoencoderTiny-1")
    view = look(foreign, camera)
    latent, picture, change, coverage = Gather().gather(view, STEPS)
    assert not latent["samples"].any() and (latent["noise_mask"] == 1).all()
    _, same, known, share = Gather().gather(look(painted, camera), STEPS)
    assert picture.equal(same) and change.equal(known) and coverage == share
    with pytest.raises(InputError, match="holds latents of 'AutoencoderTiny-1'"):
        Scatter().scatter(foreign, view, **painting(), steps=STEPS)


@pytest.mark.parametrize(
    ("act", "sentence"),
    [
        (lambda w, v: LoadWorld().load(w.scene, "missing.world"), "missing.world"),
        (lambda w, v: SaveWorld().save(w, "world.zip"), "file is 'world.zip'; the name of a world ends in .world"),
        (lambda w, v: MaterialMask().find(v, "gras"), "material is 'gras'; the scene has sky, floor, wall, pond"),
        (lambda w, v: CameraOnPath().sample(w.scene, "wolk", 0.0), "perhaps walk was meant"),
        (lambda w, v: LookAt().look(w, Camera(), 100, 96), "multiples of 8"),
        (lambda w, v: SceneFromMap().make(torch.zeros(1, 4, 4, 3), "materials: ["), "is not valid YAML"),
        (lambda w, v: SceneFromMap().make(torch.zeros(1, 4, 4, 3), EXAMPLE, torch.ones(1, 8, 8)), "empty is 8×8 pixels; the map is 4×4"),
        (
            lambda w, v: Scatter().scatter(w, v, {"samples": torch.zeros(1, 4, 8, 8)}, torch.zeros(1, 96, 128, 3), 8),
            "latent has 4 channels of 8×8; the view needs 4 channels of 12×16",
        ),
        (
            lambda w, v: Scatter().scatter(w, v, painting()["latent"], torch.zeros(1, 96, 96, 3), 8),
            "image is 96×96 pixels; the view has 128×96",
        ),
        (
            lambda w, v: Scatter().scatter(w, v, {"samples": torch.full((1, 4, 12, 16), torch.nan)}, painting()["image"], 8),
            "latent holds numbers that are not finite",
        ),
        (
            lambda w, v: Scatter().scatter(NewWorld().make(load_scene("hamlet"), 4, 0)[0], v, **painting(), steps=8),
            "the world is of 'hamlet'",
        ),
        (
            lambda w, v: LookAt().look(w, Camera(), *SIZE)[1].generate_noise({"samples": torch.zeros(1, 16, 12, 16)}),
            "noise is of 4×12×16 latents; those of the run are 16×12×16",
        ),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_said_in_a_sentence(act: Any, sentence: str, world: World, view: View) -> None:
    with pytest.raises(InputError) as refused:
        act(world, view)
    assert sentence in str(refused.value)
