"""Every run of the surface-aware model, tiny: pictures, features, autoencoder, cells, denoiser."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from base.errors import InputError
from base.grid import CELL
from diffusion.introspection.classifier import FILE as JUDGE
from diffusion.loaders.loading import load_model
from diffusion.models.surface_autoencoder import SurfaceAutoencoder
from diffusion.models.surface_unet import SurfaceUNet
from diffusion.settings import DreamSettings
from diffusion.text2image.generate import GenerateSettings, generate
from diffusion.training.config import AutoencoderConfig, DataConfig, DenoiserConfig, FeaturesConfig
from diffusion.training.config_files import build
from diffusion.training.data.dataset import surfaces_from_note, write_chunks
from diffusion.training.data.pictures import DrawnPictures, choose_held_out_worlds
from diffusion.training.data.views import depth_channel, places, trace_world
from diffusion.training.data.world_geometry import compute_world_geometry
from diffusion.training.data.worlds import world_from_note
from diffusion.training.evaluation.scene_views import scene_view
from diffusion.training.evaluation.ship import ship
from diffusion.training.evaluation.subject import open_painter
from diffusion.training.evaluation.trained import DEFAULTS
from diffusion.training.learners.autoencoder import train_autoencoder
from diffusion.training.learners.cells import CAPTIONS, Cells
from diffusion.training.learners.denoiser import encode, train_denoiser
from diffusion.training.learners.encode_cells import cache_folder
from diffusion.training.learners.features import MATERIAL_NAMES, likeness, load_features, make_labels, train_features
from scenes.camera import Camera
from scenes.extrude import extrude_scene
from scenes.load import load_scene

DATA = {"chunks": 1, "pictures": 12, "surfaces": 8, "size": 64, "seed": 5}
RUN = {"steps": 4, "warmup": 1, "batch": 2, "save_every": 2, "sample_every": 4, "log_every": 2, "compiled": False}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which every run has been made once."""
    where = tmp_path_factory.mktemp("surface")
    write_chunks(data_of(where))
    train_features(features(where))
    train_autoencoder(autoencoder(where))
    encode(denoiser(where))
    train_denoiser(denoiser(where))
    return where


def data_of(where: Path) -> DataConfig:
    return build(DataConfig, {"folder": str(where / "data"), **DATA}, "test")


def features(where: Path) -> FeaturesConfig:
    own = {"out": str(where / "features"), "channels": [8, 8, 12], "crop": 32, "data": vars(data_of(where))}
    return build(FeaturesConfig, {**RUN, **own}, "test")


def autoencoder(where: Path, **changes: object) -> AutoencoderConfig:
    own = {
        "out": str(where / "autoencoder"),
        "perceptual": str(where / "features"),
        "data": vars(data_of(where)),
        "latent_channels": 4,
        "encoder_channels": [8, 8, 12],
        "encoder_blocks": [1, 1, 1],
        "decoder_channels": [8, 8, 12],
        "decoder_blocks": [1, 1, 1],
        "crop": 32,
    }
    return build(AutoencoderConfig, {**RUN, **own, **changes}, "test")


def denoiser(where: Path, **changes: object) -> DenoiserConfig:
    own = {
        "out": str(where / "denoiser"),
        "autoencoder": str(where / "autoencoder"),
        "cache": str(where / "cells"),
        "data": vars(data_of(where)),
        "channels": [16, 24],
        "blocks": 1,
        "heads": 2,
        "crop": 4,
        "sample_steps": 2,
    }
    return build(DenoiserConfig, {**RUN, **own, **changes}, "test")


def test_a_chunk_holds_what_its_pictures_geometry_is_computed_from(folder: Path) -> None:
    pictures = DrawnPictures(data_of(folder))
    for index in range(pictures.count):
        world, shifts = world_from_note(pictures.note(index)["world"])
        hit = trace_world(world)
        depth = depth_channel(hit["z"][4::8, 4::8], world.focal / 8).half()
        assert torch.equal(depth, pictures.tensor("depth", index))
        told, slot, _ = compute_world_geometry(world, shifts)
        assert torch.equal(slot, hit["slot"])
        apart = (told.uv - torch.remainder(places(hit, shifts), 8)).abs()
        assert float(torch.minimum(apart, 8 - apart)[:, (told.depth < 300) | told.depth.isinf()].max()) < 1e-3


def test_cells_are_the_pictures_latents_geometry_and_words(folder: Path) -> None:
    config, pictures = denoiser(folder), DrawnPictures(data_of(folder))
    cells = Cells(cache_folder(config.cache, config.autoencoder), str(config.data.seed))
    assert cells.count == pictures.count == 12
    vae = SurfaceAutoencoder.from_pretrained(folder / "autoencoder" / "vae").eval()
    batch = cells.batch([0, 7], (8, 8), np.random.default_rng(0))
    image = pictures.tensor("images", 7)[None].float() / 127.5 - 1
    assert torch.allclose(batch.latents[1], vae.encode(image).latents[0], atol=0.15)
    told, _, _ = compute_world_geometry(*world_from_note(pictures.note(7)["world"]), CELL)
    assert torch.equal(batch.geometry.uv[1], told.uv) and torch.equal(batch.geometry.kind[1], told.kind)
    assert torch.equal(batch.shares[1], pictures.tensor("slots", 7).float() / 255)
    seen, _ = surfaces_from_note(pictures.note(7))
    heard = {slot for _, slots in seen for slot in slots}
    for slot in range(4):
        silent = torch.equal(batch.contexts[1, slot], cells.unconditional)
        assert silent == (slot not in heard)
    assert CAPTIONS * len(heard) > 0


def test_crops_cut_everything_alike(folder: Path) -> None:
    config = denoiser(folder)
    cells = Cells(cache_folder(config.cache, config.autoencoder), str(config.data.seed))
    whole = cells.batch([3], (8, 8), np.random.default_rng(0))
    part = cells.batch([3], (4, 4), np.random.default_rng(1))
    for y in range(5):
        for x in range(5):
            if torch.equal(whole.latents[..., y : y + 4, x : x + 4], part.latents):
                assert torch.equal(whole.geometry.uv[..., y : y + 4, x : x + 4], part.geometry.uv)
                assert torch.equal(whole.shares[..., y : y + 4, x : x + 4], part.shares)
                return
    pytest.fail("the crop is no part of the whole")


def test_runs_leave_networks_that_load(folder: Path) -> None:
    unet = SurfaceUNet.from_pretrained(folder / "denoiser" / "unet")
    kept = load_file(folder / "denoiser" / "checkpoint.safetensors")
    assert torch.equal(unet.leave.weight, kept["averages.leave.weight"])
    assert len(list((folder / "denoiser" / "samples").glob("*.png"))) == 1
    network = load_features(folder / "features")
    a, b = torch.rand(2, 1, 3, 32, 32)
    assert float(likeness(network, a, a)) == 0 and float(likeness(network, a, b)) > 0


def test_latents_have_zero_mean_and_unit_deviation(folder: Path) -> None:
    config = denoiser(folder)
    cells = Cells(cache_folder(config.cache, config.autoencoder), str(config.data.seed))
    latents = torch.stack([cells.latents(i) for i in range(cells.count)]).float()
    assert float(latents.mean((0, 2, 3)).abs().max()) < 0.3
    assert float((latents.std((0, 2, 3)) - 1).abs().max()) < 0.3


def test_a_decoder_trained_further_keeps_the_latents(folder: Path, tmp_path: Path) -> None:
    config = autoencoder(
        folder,
        out=str(tmp_path),
        start=str(folder / "autoencoder"),
        freeze_encoder=True,
        surface=True,
        drop=0.5,
        adversarial=0.1,
        features=1.0,
    )
    train_autoencoder(config)
    before, after = (
        load_file(f / "vae" / "diffusion_pytorch_model.safetensors") for f in (folder / "autoencoder", tmp_path)
    )
    assert (tmp_path / "log.jsonl").read_text().count("psnr_told") == 1
    assert any(n.startswith("decoder.told") for n in after)
    assert all(torch.equal(before[n], after[n]) == (not n.startswith("decoder.")) for n in before)
    assert cache_folder("c", str(tmp_path)) == cache_folder("c", str(folder / "autoencoder"))


def test_labels_name_the_surface_of_pure_cells(folder: Path) -> None:
    pictures = DrawnPictures(data_of(folder))
    for index in range(pictures.count):
        note, slots = pictures.note(index), pictures.tensor("slots", index)
        found = make_labels(note, slots)
        for surface, places_ in surfaces_from_note(note)[0]:
            inside = slots[places_].int().sum(0) == 255
            assert bool((found[0][inside] == MATERIAL_NAMES.index(surface.material)).all())
        assert bool((found[0][slots.amax(0) < 100] == -1).all()) or len(surfaces_from_note(note)[0]) < 3


def test_missing_pictures_and_latents_are_said(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no pictures of seed 5"):
        DrawnPictures(data_of(tmp_path))
    with pytest.raises(InputError, match="train the autoencoder first"):
        train_denoiser(denoiser(tmp_path))
    with pytest.raises(InputError, match="holds no pictures"):
        DrawnPictures(choose_held_out_worlds(data_of(tmp_path)))


def test_a_run_is_opened_with_the_decoder_it_names(folder: Path, tmp_path: Path) -> None:
    config = denoiser(folder, judge=str(JUDGE))
    painter = open_painter(config)
    assert (painter.settings.steps, painter.settings.scale) == (DEFAULTS["steps"], DEFAULTS["scale"])
    assert painter.model.text.readings(["ocean"])  # after its folder of links is gone, too
    kept = load_file(folder / "denoiser" / "unet" / "diffusion_pytorch_model.safetensors")
    weight = painter.model.unet.state_dict()["leave.weight"]
    assert torch.equal(weight, kept["leave.weight"].to(weight.dtype))
    with pytest.raises(InputError, match="vae isn't there yet"):
        open_painter(denoiser(folder, decoder=str(tmp_path)))


def test_a_scene_is_painted_with_every_prompt_in_one_call(folder: Path, tiny_scene: Path) -> None:
    scene = load_scene(tiny_scene)
    camera = Camera.look_at((4, 5, 9), (4, 0.5, 3))
    view = scene_view(scene, extrude_scene(scene), camera, (96, 64))
    assert {"red brick wall", "green grass"} <= set(view.prompts)
    painter = open_painter(denoiser(folder, judge=str(JUDGE)))
    before = painter.model.calls
    shown = painter.paint([view], seed=1, guidance="none")
    assert shown.shape == (1, 3, 64, 96) and shown.dtype == torch.uint8
    assert painter.model.calls - before == painter.settings.steps


def test_what_ships_loads_and_dreams_and_names_no_place(folder: Path, tmp_path: Path) -> None:
    target = ship(denoiser(folder, target=str(tmp_path / "shipped")))
    told = "".join(p.read_text() for p in target.rglob("*") if p.suffix in (".json", ".md"))
    assert str(folder) not in told
    model = load_model(target, "cpu")
    assert [reading.known for reading in model.text.readings(["ocean, noon"])] == ["sea"]
    assert model.knows_surfaces and model.defaults["scale"] == DEFAULTS["scale"]
    made = generate(model, GenerateSettings("stone", size=(64, 64), dream=DreamSettings(steps=2)))
    assert made.image.shape == (64, 64, 3)
    unet = SurfaceUNet.from_pretrained(Path(denoiser(folder).out) / "unet")
    for ours, trained in zip(model.unet.parameters(), unet.parameters(), strict=True):
        assert torch.equal(ours, trained.half().to(ours.dtype))


def test_a_decoder_of_another_encoder_does_not_ship(folder: Path, tmp_path: Path) -> None:
    other = SurfaceAutoencoder.from_pretrained(folder / "autoencoder" / "vae")
    next(other.encoder.parameters()).data += 1
    other.save_pretrained(tmp_path / "other" / "vae")
    with pytest.raises(InputError, match="another encoder"):
        ship(denoiser(folder, decoder=str(tmp_path / "other"), target=str(tmp_path / "shipped")))
