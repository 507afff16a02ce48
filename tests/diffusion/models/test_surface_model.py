"""The surface-aware model as a dream uses it: told each pixel's surface and prompt, deaf to none of the settings."""

from __future__ import annotations

import json
import math
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from base.errors import InputError
from base.grid import by_cell
from diffusion.canvas import Canvas, GBuffer, Region, Surface
from diffusion.dream import dream
from diffusion.loaders.loading import load_model
from diffusion.models.model import Model
from diffusion.models.surface_conditions import CONDITIONS, FINE, conditions
from diffusion.models.surface_view import cell_geometry, cell_surface, decoder_hint, with_exact_shares
from diffusion.settings import DreamSettings
from scenes.camera import Camera
from scenes.extrude import Blocks
from scenes.raycast import cast_rays

SIDE = 8  # latent pixels
BASE = DreamSettings(steps=4, guidance_start=0.0, scale=3.0)


def room() -> Blocks:
    """A floor with a wall on it, one voxel a block."""
    solid = np.zeros((5, 12, 12), np.uint8)
    solid[0] = 1
    solid[1:4, 3] = 1
    return Blocks(solid, 1)


def seen_by(camera: Camera) -> GBuffer:
    cells, pixels = (cast_rays(room(), camera, (n * SIDE, n * SIDE)) for n in (1, 8))
    return GBuffer(camera, cells.side, cells.depth, pixels.side, pixels.depth)


@pytest.fixture
def gbuffer() -> GBuffer:
    return seen_by(Camera.from_angles((6.3, 2.6, 9.2), 12, -14, 60))


@pytest.fixture
def canvas(gbuffer: GBuffer, surface: Model) -> Canvas:
    """A view with three prompts: sky, floor and wall."""
    kinds = [gbuffer.side < 0, gbuffer.side == 2, (gbuffer.side >= 0) & (gbuffer.side != 2)]
    ids = np.select(kinds, [0, 1, 2]).astype(np.int16)
    masks = [by_cell(ids == k).mean((1, 3)) >= 0.5 for k in range(3)]
    regions = tuple(Region(prompt, mask.astype(np.float32), "fog") for prompt, mask in zip("abc", masks, strict=True))
    noise = np.random.default_rng(0).standard_normal((surface.channels, SIDE, SIDE), dtype=np.float32)
    return Canvas(regions, noise, np.ones((SIDE, SIDE), np.float32), surface=Surface(region_ids=ids, gbuffer=gbuffer))


def test_geometry_comes_from_the_g_buffer(gbuffer: GBuffer) -> None:
    told = cell_surface(gbuffer)
    assert cell_geometry(gbuffer).shape == (1, CONDITIONS, SIDE, SIDE)
    assert torch.equal(cell_geometry(gbuffer)[0], conditions(told))
    floor = torch.from_numpy(gbuffer.cell_side == 2)
    rays = gbuffer.camera.rays((SIDE, SIDE))
    point = np.asarray(gbuffer.camera.position) + gbuffer.cell_depth[..., None] * rays
    expected = torch.from_numpy(np.stack([point[..., 0] % 8, point[..., 2] % 8])).float()
    assert floor.any() and torch.allclose(told.uv[:, floor], expected[:, floor], atol=1e-4)
    assert torch.isinf(told.depth[torch.from_numpy(gbuffer.cell_side < 0)]).all()


def test_the_decoder_gets_the_borders_of_surfaces_and_regions(gbuffer: GBuffer) -> None:
    plain = decoder_hint(Surface(gbuffer=gbuffer))
    assert plain is not None and plain.shape == (1, FINE, 8 * SIDE, 8 * SIDE)
    outline = plain[0, -2:].bool()
    sides = torch.from_numpy(gbuffer.side)
    assert (outline[0, :, :-1] | (sides[:, 1:] == sides[:, :-1])).all()  # every change of side is a border
    ids = np.zeros(gbuffer.side.shape, np.int16)
    ids[:, 20:] = 1
    split = decoder_hint(Surface(gbuffer=gbuffer, region_ids=ids))
    assert split is not None and split[0, -2, :, 19].all()
    assert decoder_hint(Surface()) is None


@given(arrays.arrays(np.int16, (16, 24), elements=st.integers(-1, 2)))
def test_exact_shares_sum_to_one_and_are_means_of_pixels(ids: np.ndarray) -> None:
    masks = np.eye(3, dtype=np.float32)[np.zeros((2, 3), int)].transpose(2, 0, 1)
    regions = tuple(Region("x", mask) for mask in masks)
    canvas = Canvas(
        regions, np.zeros((4, 2, 3), np.float32), np.ones((2, 3), np.float32), surface=Surface(region_ids=ids)
    )
    found = np.stack([region.mask for region in with_exact_shares(canvas).regions])
    assert np.allclose(found.sum(0), 1, atol=1e-5) and found.dtype == np.float32
    known = by_cell(ids >= 0).sum((1, 3))
    for k in range(3):
        share = by_cell(ids == k).sum((1, 3)) / np.maximum(known, 1)
        assert np.allclose(found[k], np.where(known > 0, share, masks[k]), atol=1e-5)


def test_one_call_applies_every_prompt_in_its_region(surface: Model, canvas: Canvas) -> None:
    settings = replace(BASE, guidance="none", steps=1)
    before = dream(surface, canvas, settings)
    assert before.calls == 1
    other = replace(canvas, regions=(*canvas.regions[:2], replace(canvas.regions[2], prompt="hedge")))
    moved = np.abs(dream(surface, other, settings).latents - before.latents).mean(0)
    wall = canvas.regions[2].mask > 0.5
    # random weights mix at the lowest level as well, less strongly
    assert moved[wall].mean() > 1.5 * moved[~wall].mean()


@pytest.mark.parametrize(
    "change",
    [
        {"sampler": "euler"},
        {"guidance": "none"},
        {"guidance": "cfg++"},
        {"scale": 6.0},
        {"steps": 5},
        {"spacing": "karras"},
        {"cfg_rescale": 0.7},
        {"seed": 3, "sampler": "euler_ancestral"},
    ],
)
def test_every_choice_changes_the_picture(surface: Model, canvas: Canvas, change: dict) -> None:
    plain = dream(surface, canvas, BASE)
    assert not np.array_equal(dream(surface, canvas, replace(BASE, **change)).image, plain.image)


def test_the_negative_prompt_changes_the_picture(surface: Model, canvas: Canvas) -> None:
    plain = dream(surface, canvas, BASE)
    other = replace(canvas, regions=tuple(replace(r, negative_prompt="snow") for r in canvas.regions))
    assert not np.array_equal(dream(surface, other, BASE).image, plain.image)


def test_a_canvas_without_a_scene_is_dreamed_too(surface: Model, canvas: Canvas) -> None:
    bare = replace(canvas, surface=Surface())
    dreamed = dream(surface, bare, BASE)
    assert dreamed.image.shape == (8 * SIDE, 8 * SIDE, 3)
    assert not np.array_equal(dreamed.image, dream(surface, canvas, BASE).image)


def test_windows_and_other_executions_get_the_same_conditions(surface: Model, canvas: Canvas) -> None:
    """Cut into windows, each window still knows where it lies on its surface: windows of the whole canvas change nothing."""
    whole = dream(surface, canvas, BASE)
    windows = dream(surface, canvas, replace(BASE, window=8 * SIDE))
    assert np.array_equal(whole.image, windows.image)
    for execution in ("batched", "sequential", "cropped"):
        assert np.isfinite(dream(surface, canvas, replace(BASE, execution=execution)).latents).all()


def test_the_decoder_uses_the_surface(surface: Model, canvas: Canvas) -> None:
    latents = torch.randn(1, surface.channels, SIDE, SIDE, generator=torch.Generator().manual_seed(2))
    told = surface.decode_surface(latents, canvas.surface)  # type: ignore[attr-defined]
    assert told.shape == (3, 8 * SIDE, 8 * SIDE)
    assert not torch.equal(told, surface.decode_tensor(latents)[0])
    assert torch.equal(surface.decode_surface(latents, Surface()), surface.decode_tensor(latents)[0])  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("part", "field", "value", "words"),
    [
        ("unet", "harmonics", 7, "unet.harmonics"),
        ("unet", "channels", [0, 16], "unet.channels"),
        ("unet", "channels", 16, "unet.channels is 16; it must be a list of 1 to 8"),
        ("unet", "heads", 3, "unet.heads is 3; it must divide"),
        ("unet", "latent_channels", 5, "unet.latent_channels"),
        ("vae", "_class_name", "AutoencoderKL", "vae._class_name"),
        ("vae", "surface_channels", 9, "vae.surface_channels"),
        ("vae", "decoder_blocks", "many", "vae.decoder_blocks"),
        ("vae", "decoder_blocks", None, "vae.decoder_blocks is None"),
        ("vae", "encoder_channels", [8, 8], "vae.encoder_channels .*a list of 3 whole numbers"),
        ("vae", "scaling_factor", None, "vae.scaling_factor"),
        (".", "few", {"folder": ".", "steps": 4}, "few has no meaning"),
        (".", "prediction", "epsilon", "prediction has no meaning"),
        (".", "version", 2, "version is 2, but this program reads up to 1: the model needs a newer Rayverie"),
        (".", "version", "1", "version is '1'; it must be a whole number"),
        (".", "nativ", 256, "nativ is no field that a model can have here; perhaps native was meant"),
        ("unet", "said_to", 4, "unet.said_to is no field"),
        ("vae", "tiles", 4, "vae.tiles is no field"),
    ],
)
def test_configurations_that_do_not_fit_are_named(
    surface_folder: Path, tmp_path: Path, part: str, field: str, value: object, words: str
) -> None:
    folder = shutil.copytree(surface_folder, tmp_path / "copy")
    path = folder / part / ("rayverie.json" if part == "." else "config.json")
    path.write_text(json.dumps(json.loads(path.read_text()) | {field: value}))
    with pytest.raises(InputError, match=words):
        load_model(folder, "cpu")


@pytest.mark.parametrize("part", ["unet", "vae"])
def test_a_tensor_too_many_is_named(surface_folder: Path, tmp_path: Path, part: str) -> None:
    from safetensors.torch import load_file, save_file

    folder = shutil.copytree(surface_folder, tmp_path / "copy")
    file = folder / part / "diffusion_pytorch_model.safetensors"
    save_file(load_file(file) | {"extra.weight": torch.zeros(2)}, file, metadata={"format": "pt"})
    with pytest.raises(InputError, match=rf"extra.weight is a tensor that the {part} of this model does not have"):
        load_model(folder, "cpu")


def test_a_lora_is_refused_by_name(surface_folder: Path, tmp_path: Path) -> None:
    from safetensors.torch import save_file

    save_file({"lora_unet_x.lora_up.weight": torch.zeros(2, 2)}, tmp_path / "style.safetensors")
    with pytest.raises(InputError, match=r"style\.safetensors"):
        load_model(surface_folder, "cpu", [str(tmp_path / "style.safetensors")])


def test_latents_far_from_the_origin_know_their_phase() -> None:
    """u and v are known modulo 8 blocks: a scene moved by 8 blocks, however far, tells the network the same."""
    near, far = (Camera.from_angles((6.3 + x, 2.6, 9.2), 12, -14, 60) for x in (0.0, 8.0 * 4096))
    buffer = seen_by(near)
    moved = replace(buffer, camera=far)
    a, b = (cell_surface(g).uv for g in (buffer, moved))
    apart = (a - b).abs()
    assert float(torch.minimum(apart, 8 - apart).max()) < 1e-3
    assert math.isfinite(float(a.sum()))
