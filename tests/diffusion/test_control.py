"""ControlNets: as diffusers' own pipelines, from exact hints, from folders and files, and refused where they don't fit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from diffusers import (
    ControlNetModel,
    StableDiffusionControlNetPipeline,
    StableDiffusionXLControlNetPipeline,
    UNet2DConditionModel,
)
from PIL import Image
from safetensors.torch import save_file

from base.errors import InputError
from base.step_schedule import StepSchedule
from diffusion.canvas import Region
from diffusion.denoisers.inert import Situation
from diffusion.dream import dream
from diffusion.loaders.additions import parse_control
from diffusion.loaders.ldm_names import original_names
from diffusion.loaders.loading import load_model
from diffusion.models.bare_surface import bare_gbuffer
from diffusion.models.control import pack_hints, unpack_hint
from diffusion.models.control_hints import HINTS, hints_of
from diffusion.models.segment_colours import CLASSES, colour_of
from tests.diffusion.pipelines import SETTINGS, run_pipeline

PIPELINES = {
    "sd1": StableDiffusionControlNetPipeline,
    "sd2": StableDiffusionControlNetPipeline,
    "xl": StableDiffusionXLControlNetPipeline,
}


def write_control(folder, unet_folder, seed: int):
    """A ControlNet with random weights for this U-Net; its zero convolutions aren't zero."""
    torch.manual_seed(seed)
    unet = UNet2DConditionModel.from_pretrained(unet_folder, subfolder="unet")
    net = ControlNetModel.from_unet(unet, conditioning_channels=3)
    for parameter in net.parameters():
        parameter.data += 0.1 * torch.randn(parameter.shape)
    net.save_pretrained(folder)
    return folder


def random_hints(count: int, size: tuple[int, int]) -> tuple[np.ndarray, ...]:
    random = np.random.default_rng(3)
    return tuple(random.integers(0, 256, (*size, 3), dtype=np.uint8) for _ in range(count))


@pytest.mark.parametrize("family", PIPELINES)
def test_two_controlnets_as_in_diffusers(request, tmp_path, canvas_of, family) -> None:
    folder = request.getfixturevalue(f"{family}_folder")
    nets = [write_control(tmp_path / f"{kind}", folder, seed) for seed, kind in enumerate(("depth", "canny"))]
    model = load_model(folder, "cpu", controls=[f"{nets[0]}:0.8", f"edges={nets[1]}:0.5"])
    assert [control.kind for control in model.controls] == ["depth", "edges"]
    hints = random_hints(2, (64, 128))
    canvas = canvas_of(model, (8, 16), hints=hints)
    canvas = replace(canvas, regions=(replace(canvas.regions[0], prompt="moss on it"),))
    settings = replace(SETTINGS, control_strength=0.9, control_start=0.25, control_end=0.75)
    ours = dream(model, canvas, settings).latents

    loaded = [ControlNetModel.from_pretrained(net, local_files_only=True) for net in nets]
    pipe = PIPELINES[family].from_pretrained(folder, controlnet=loaded, local_files_only=True)
    theirs = run_pipeline(
        pipe,
        model,
        canvas.noise,
        "moss on it",
        image=[Image.fromarray(hint) for hint in hints],
        controlnet_conditioning_scale=[0.8 * 0.9, 0.5 * 0.9],
        control_guidance_start=0.25,
        control_guidance_end=0.75,
    )
    assert np.allclose(ours, theirs[0], atol=2e-5, rtol=2e-4)
    plain = dream(load_model(folder, "cpu"), canvas, settings).latents
    assert np.abs(ours - plain).max() > 1e-2


def test_strength_changes_over_the_steps_in_every_execution(sd_folder, tmp_path, canvas_of) -> None:
    model = load_model(sd_folder, "cpu", controls=[f"depth={write_control(tmp_path / 'net', sd_folder, 0)}"])
    gbuffer = bare_gbuffer("floor", 8, 8)
    canvas = canvas_of(model, (8, 8), 2, gbuffer=gbuffer)
    off, on = replace(SETTINGS, control_strength=0.0), replace(SETTINGS, execution="batched")
    for execution in ("attention", "batched", "sequential", "cropped"):
        how = {"execution": execution, "window": 32 if execution == "batched" else 0}
        assert (
            dream(model, canvas, replace(SETTINGS, **how)).latents != dream(model, canvas, replace(off, **how)).latents
        ).any()
    late = replace(on, control_strength=StepSchedule(((0.0, 0.0), (0.9, 0.0), (1.0, 1.0))))
    assert (dream(model, canvas, late).latents != dream(model, canvas, replace(on, control_strength=0.0)).latents).any()
    ends = replace(on, control_end=0.0)
    assert (dream(model, canvas, ends).latents == dream(model, canvas, replace(on, control_strength=0.0)).latents).all()


def test_hints_are_packed_and_cut_as_latents_are() -> None:
    (hint,) = random_hints(1, (32, 48))
    packed = pack_hints([hint])
    assert packed.shape == (1, 192, 4, 6)
    part = unpack_hint(packed[..., 1:3, 2:5])[0].movedim(0, -1)
    assert np.allclose(part.numpy() * 255, hint[8:24, 16:40], atol=1e-3)


def test_a_floors_depth_is_exact() -> None:
    gbuffer = bare_gbuffer("floor", 8, 8)
    regions = np.zeros((64, 64), np.int16)
    regions[:, 32:] = 1
    depth, normal, edges, segments = (hint(gbuffer, regions, ("fine sand", "blue grass")) for hint in HINTS.values())
    assert depth[0, 0, 0] == 0 and depth[-1, 0, 0] == 255 and (np.diff(depth[:, 0, 0].astype(int)) >= 0).all()
    up = np.asarray(gbuffer.camera.axes) @ (0, 1, 0)
    assert np.abs(normal[5, 5] - ((up * (-1, 1, -1)) + 1) / 2 * 255).max() <= 0.5
    assert (edges[:, 31] == 255).all() and (np.delete(edges, 31, 1) == 0).all()
    assert tuple(segments[0, 0]) == (160, 150, 20) and tuple(segments[0, -1]) == (4, 250, 7)
    sky = bare_gbuffer("sky", 8, 8)
    assert not depth_of(sky).any() and (HINTS["normal"](sky, regions, ()) == 128).all()


def test_depth_fades_with_opacity() -> None:
    floor = bare_gbuffer("floor", 8, 8)
    opacity = np.ones(floor.side.shape, np.float32)
    opacity[:, :20] = 0.25
    plain, faded = (depth_of(replace(floor, opacity=given)).astype(float) for given in (None, opacity))
    assert (faded[:, 20:] == plain[:, 20:]).all() and np.abs(faded[:, :20] - 0.25 * plain[:, :20]).max() <= 0.75


def depth_of(gbuffer) -> np.ndarray:
    return HINTS["depth"](gbuffer, np.zeros(gbuffer.side.shape), ())


def test_prompts_name_classes() -> None:
    assert colour_of("mossy stone wall, old") == (120, 120, 120)
    assert colour_of("a wall of bricks with ivy") == (120, 120, 120)
    assert colour_of("green moss on something") == (204, 255, 4) and colour_of("quartz") is None
    words = [word for group in CLASSES.values() for word in group]
    assert len(words) == len(set(words))


def test_a_canvas_without_surface_or_hint_is_not_controlled(sd_folder, tmp_path, canvas_of) -> None:
    model = load_model(sd_folder, "cpu", controls=[f"depth={write_control(tmp_path / 'net', sd_folder, 0)}"])
    assert hints_of(model.controls, canvas_of(model)) is None
    wrong = canvas_of(model, hints=random_hints(1, (32, 32)))
    with pytest.raises(ValueError, match="hint has the shape"):
        dream(model, wrong, SETTINGS)


@pytest.mark.parametrize("names", ["diffusers", "original"])
def test_a_single_file_is_the_same_net(sd1_folder, tmp_path, names, canvas_of) -> None:
    folder = write_control(tmp_path / "depth", sd1_folder, 0)
    net = ControlNetModel.from_pretrained(folder)
    tensors = {name: tensor.clone() for name, tensor in net.state_dict().items()}
    if names == "original":
        tensors = original_tensors(net, UNet2DConditionModel.from_pretrained(sd1_folder, subfolder="unet"))
    save_file(tensors, tmp_path / "depth.safetensors")
    hints = random_hints(1, (64, 64))
    one, other = (
        load_model(sd1_folder, "cpu", controls=[str(path)]) for path in (folder, tmp_path / "depth.safetensors")
    )
    canvas = canvas_of(one, hints=hints)
    assert (dream(one, canvas, SETTINGS).latents == dream(other, canvas, SETTINGS).latents).all()


def original_tensors(net, unet) -> dict[str, torch.Tensor]:
    """A ControlNet's tensors by the original code's names."""
    names = original_names(unet)
    tensors = {}
    for name, tensor in net.state_dict().items():
        layer, _, kind = name.rpartition(".")
        parts = layer.split(".")
        if parts[0] == "controlnet_cond_embedding":
            places = {"conv_in": 0, "conv_out": 14}
            place = places[parts[1]] if parts[1] in places else 2 * (int(parts[2]) + 1)
            new = f"input_hint_block.{place}"
        elif parts[0] == "controlnet_down_blocks":
            new = f"zero_convs.{parts[1]}.0"
        elif parts[0] == "controlnet_mid_block":
            new = "middle_block_out.0"
        else:
            new = names[layer]
        tensors[f"control_model.{new}.{kind}"] = tensor.contiguous().clone()
    return tensors


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("net:0.5", "doesn't say what it sees"),
        ("depth=net:3", "allowed is 0 to 2"),
        ("depth=net:nan", "allowed is 0 to 2"),
        ("depth=nothing", "is neither a file nor a folder"),
    ],
)
def test_what_a_flag_says(tmp_path, monkeypatch, text, problem) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "net").mkdir()
    with pytest.raises(InputError, match=problem):
        parse_control(text)
    assert parse_control("normal=net:0.25").weight == 0.25


def test_a_net_of_another_family_is_refused(sd_folder, sd1_folder, tmp_path) -> None:
    net = write_control(tmp_path / "depth", sd1_folder, 0)
    with pytest.raises(InputError, match="made for another family"):
        load_model(sd_folder, "cpu", controls=[str(net)])
    save_file(
        {name: t.clone() for name, t in ControlNetModel.from_pretrained(net).state_dict().items()},
        tmp_path / "depth.safetensors",
    )
    with pytest.raises(InputError, match="made for another family"):
        load_model(sd_folder, "cpu", controls=[str(tmp_path / "depth.safetensors")])
    with pytest.raises(InputError, match="is no ControlNet"):
        load_model(sd_folder, "cpu", controls=[f"depth={sd_folder}"])
    (tmp_path / "depth" / "diffusion_pytorch_model.safetensors").write_bytes(b"x" * 40)
    with pytest.raises(InputError):
        load_model(sd1_folder, "cpu", controls=[str(net)])


def test_settings_take_effect_with_a_controlnet(sd_folder, tmp_path, canvas_of) -> None:
    from diffusion.denoisers.inert import find_inert

    names = ("control_strength", "control_start", "control_end")
    assert all(name in find_inert(SETTINGS, Situation()) for name in names)
    assert not any(name in find_inert(SETTINGS, Situation(controls=True)) for name in names)
    assert "control_end" in find_inert(replace(SETTINGS, control_strength=0.0), Situation(controls=True))
    model = load_model(sd_folder, "cpu", controls=[f"depth={write_control(tmp_path / 'net', sd_folder, 0)}"])
    canvas = canvas_of(model, hints=random_hints(1, (64, 64)), regions=(Region("a", np.ones((8, 8), np.float32)),))
    before = dream(model, canvas, SETTINGS).latents
    for name in names:
        assert (dream(model, canvas, replace(SETTINGS, **{name: 0.5})).latents != before).any()
