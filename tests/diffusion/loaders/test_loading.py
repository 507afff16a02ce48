"""Loading models: the layouts that work, and every broken folder in one sentence."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from diffusers import StableDiffusionPipeline
from hypothesis import given
from hypothesis.extra.numpy import arrays

from base.errors import InputError
from diffusion.canvas import Surface
from diffusion.compositing.stored_colours import fill_unknown, find_known_cells
from diffusion.loaders.embedded import OWN, read_native_size
from diffusion.loaders.loading import load_model
from diffusion.models.depth import disparity, log_depth
from diffusion.models.preview import apply_preview_map, colour_fields, fit_preview_map
from diffusion.training.evaluation.classifier import plain_views


def test_what_a_model_says_of_itself(sd, own, wide):
    assert (sd.channels, sd.takes_depth, sd.multiple, sd.native, sd.prediction) == (4, False, 16, 64, "epsilon")
    assert (own.channels, own.depth, own.prediction) == (8, "log", "v_prediction") and own.schedule.sigma_max > 4000
    assert wide.channels == 16 and len({sd.id, own.id, wide.id}) == 3


def test_the_same_folder_has_the_same_id_and_other_weights_another(sd, sd_folder, tmp_path):
    copy = shutil.copytree(sd_folder, tmp_path / sd_folder.name)
    assert load_model(copy, "cpu").id == sd.id
    weights = copy / "unet" / "diffusion_pytorch_model.safetensors"
    data = bytearray(weights.read_bytes())
    data[-1] ^= 1
    weights.write_bytes(bytes(data))
    assert load_model(copy, "cpu").id != sd.id
    assert load_model(copy, "cpu").space == sd.space  # another denoiser paints on in the same world


def test_against_stable_diffusion_pipeline(sd, sd_folder):
    """The same U-Net, text and VAE give the pipeline's own pictures: a whole DDIM run, its noise, its prompt."""
    pipe = StableDiffusionPipeline.from_pretrained(sd_folder, safety_checker=None, local_files_only=True)
    pipe.set_progress_bar_config(disable=True)
    noise = torch.randn((1, 4, 8, 8), generator=torch.Generator().manual_seed(0))
    theirs = pipe(
        "abc", latents=noise, num_inference_steps=4, guidance_scale=3.0, height=64, width=64, output_type="latent"
    ).images
    levels = [float(sd.schedule.sigmas[int(t)]) for t in pipe.scheduler.timesteps]
    positive, negative = sd.context(["abc", ""])
    x = noise * (1 + levels[0] ** 2) ** 0.5
    final = float(((1 - pipe.scheduler.final_alpha_cumprod) / pipe.scheduler.final_alpha_cumprod) ** 0.5)
    for sigma, below in zip(levels, [*levels[1:], final], strict=True):
        cond, uncond = sd.denoise(x, sigma, positive), sd.denoise(x, sigma, negative)
        x0 = uncond + 3.0 * (cond - uncond)
        x = x0 + (x - x0) * (below / sigma)
    ours = x / (1 + final**2) ** 0.5
    scale = theirs.abs().max()
    assert (ours - theirs).abs().max() <= 2e-3 * scale
    decoded = pipe.vae.decode(theirs / pipe.vae.config.scaling_factor).sample
    assert torch.allclose(sd.decode_tensor(theirs), decoded, atol=1e-4)


def test_what_old_folders_leave_out_is_what_diffusers_takes_it_for(sd, sd_folder, tmp_path):
    """Stable Diffusion 1.5's own VAE configuration is older than its scaling factor."""
    folder = shutil.copytree(sd_folder, tmp_path / "old")
    config = json.loads((folder / "vae" / "config.json").read_text())
    del config["scaling_factor"], config["shift_factor"]
    (folder / "vae" / "config.json").write_text(json.dumps(config))
    old = load_model(folder, "cpu")
    assert (old.scale, old.shift) == (sd.scale, 0.0) == (0.18215, 0.0)


@pytest.mark.parametrize("name", ["sd", "xl"])
def test_a_prompts_context_is_the_same_bits_whatever_it_is_asked_with(name, request):
    model = request.getfixturevalue(name)
    alone = [model.text._encoder.encode([prompt]) for prompt in ("moss", "a wall", "")]
    assert torch.equal(torch.cat(alone), model.text._encoder.encode(["moss", "a wall", ""]))


def test_contexts_are_remembered(sd):
    before = sd.text.seconds
    first = sd.context(["a word", "", "a word"])
    assert first[0] is first[2] and sd.text.seconds > before
    spent = sd.text.seconds
    assert sd.context(["a word"])[0] is first[0] and sd.text.seconds == spent


def test_encode_and_decode_shapes(sd, wide):
    image = np.random.default_rng(0).integers(0, 256, (32, 48, 3), dtype=np.uint8)
    for model in (sd, wide):
        latents = model.encode(image)
        assert latents.shape == (model.channels, 4, 6) and torch.equal(latents, model.encode(image))
        assert model.decode(latents).shape == (32, 48, 3)


def break_unet(folder):
    (folder / "unet" / "diffusion_pytorch_model.safetensors").write_bytes(b"not weights")


def edit(name, **values):
    def change(folder):
        path = folder / name
        path.write_text(json.dumps(json.loads(path.read_text()) | values))

    return change


BROKEN = {
    "no unet": (lambda f: shutil.rmtree(f / "unet"), "unet/config.json is missing"),
    "no vae": (lambda f: shutil.rmtree(f / "vae"), "vae/config.json is missing"),
    "no scheduler": (lambda f: shutil.rmtree(f / "scheduler"), "scheduler_config.json is missing"),
    "no text": (lambda f: shutil.rmtree(f / "text_encoder"), "text_encoder and tokenizer are missing"),
    "no weights": (
        lambda f: (f / "unet" / "diffusion_pytorch_model.safetensors").unlink(),
        "has no .safetensors weights",
    ),
    "damaged weights": (break_unet, "is not a safetensors file"),
    "no JSON": (lambda f: (f / "vae" / "config.json").write_text("{"), "is not JSON"),
    "a list": (lambda f: (f / "vae" / "config.json").write_text("[]"), "not a JSON object"),
    "a pixel vae": (edit("vae/config.json", _class_name="VQModel"), "vae._class_name is VQModel"),
    "half of SDXL": (
        edit("unet/config.json", addition_embed_type="text_time"),
        "text_encoder_2/config.json is missing",
    ),
    "an image prompt": (edit("unet/config.json", addition_embed_type="image"), "addition_embed_type is 'image'"),
    "classes": (edit("unet/config.json", class_embed_type="projection"), "unet is another network"),
    "a transformer": (lambda f: (f / "unet").rename(f / "transformer"), "is a diffusion transformer"),
    "EDM": (edit("scheduler/scheduler_config.json", sigma_data=0.5), "noise of another kind"),
    "an inpainting unet": (edit("unet/config.json", in_channels=9), "unet.in_channels is 9"),
    "channels": (edit("unet/config.json", out_channels=8), "unet.out_channels is 8"),
    "a prediction": (edit("scheduler/scheduler_config.json", prediction_type="flow"), "prediction_type is 'flow'"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_folder_is_one_sentence(sd_folder, tmp_path, case):
    damage, words = BROKEN[case]
    folder = shutil.copytree(sd_folder, tmp_path / "model")
    damage(folder)
    with pytest.raises(InputError, match=words):
        load_model(folder, "cpu")


def test_a_hub_id_is_what_lies_in_the_local_cache(sd, sd_folder, tmp_path, monkeypatch):
    cached = tmp_path / "models--someone--painter"
    (cached / "refs").mkdir(parents=True)
    (cached / "refs" / "main").write_text("0" * 40)
    shutil.copytree(sd_folder, cached / "snapshots" / ("0" * 40))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    model = load_model("someone/painter", "cpu")
    assert model.id == f"someone/painter-{sd.id.rpartition('-')[2]}" and model.space == sd.space
    assert (
        read_native_size("someone/painter") == 64
        and read_native_size("someone/else") is None
        and read_native_size("..//x") is None
    )


def test_names_that_lead_nowhere(tmp_path):
    for name in ("file", "pickle.ckpt"):
        (tmp_path / name).write_text("x")
    for ref, words in (
        (tmp_path / "file", "is no .safetensors file"),
        (tmp_path / "pickle.ckpt", "is a pickle"),
        ("nobody/nothing", "nothing is downloaded"),
        ("...", "nothing is"),
    ):
        with pytest.raises(InputError, match=words):
            load_model(ref, "cpu")


def test_an_unknown_device(sd_folder):
    with pytest.raises(InputError, match="--device quantum is not usable"):
        load_model(sd_folder, "quantum")


def test_half_precision_weights_alone_are_enough(sd_folder, tmp_path):
    from safetensors.torch import load_file, save_file

    folder = shutil.copytree(sd_folder, tmp_path / "half")
    for part in ("unet", "vae"):
        plain = folder / part / "diffusion_pytorch_model.safetensors"
        save_file(
            {k: v.half() for k, v in load_file(plain).items()},
            plain.with_name("diffusion_pytorch_model.fp16.safetensors"),
        )
        plain.unlink()
    model = load_model(folder, "cpu")
    assert model.unet.dtype == torch.float32 == model.vae.dtype


# --- depth, colours, preview


def test_depth_channels():
    near, far, sky = (
        log_depth(np.array([[0.5, 0.1], [64.0, 1000.0]])),
        log_depth(np.array([8.0])),
        log_depth(np.array([np.inf])),
    )
    assert near.tolist() == [[1, 1], [-1, -1]] and sky[0] == -1 and far[0] == pytest.approx(1 - 8 / 7)
    view = disparity(np.array([[1.0, 2.0, np.inf]]))
    assert view.tolist() == [[1.0, 0.0, -1.0]] and disparity(np.full((2, 2), 3.0)).tolist() == [[0, 0], [0, 0]]


def test_depth_reaches_the_model(own):
    x, context = torch.ones((1, 8, 8, 8)), own.context(["stone"])[0]
    near, far = (
        own.denoise(x, 2.0, context, own.geometry(Surface(np.full((8, 8), z, np.float32)), 8, 8)) for z in (1.0, 30.0)
    )
    assert not torch.allclose(near, far)
    wall = np.full((8, 8), 1.0, np.float32)
    assert own.geometry(Surface(wall), 8, 8).unique().item() == pytest.approx(1 - 2 / 7)
    faded = own.geometry(Surface(wall, opacity=np.full((8, 8), 0.5, np.float32)), 8, 8)
    assert faded.unique().item() == pytest.approx(-1 / 7)
    unknown = own.denoise(x, 2.0, context, own.geometry(Surface(), 8, 8))
    assert torch.isfinite(unknown).all()


@given(alpha=arrays(bool, (16, 24)))
def test_unknown_colours_are_filled_from_known_ones(alpha):
    colours = np.full((16, 24, 4), 0, np.uint8)
    colours[..., 0], colours[..., 1] = 200, 40
    colours[~alpha] = 7
    colours[..., 3] = np.where(alpha, 255, 0)
    full = fill_unknown(colours)
    if alpha.any():
        assert (full == [200, 40, 0]).all()
    else:
        assert (full == 128).all()
    assert find_known_cells(colours).tolist() == alpha.reshape(2, 8, 3, 8).all((1, 3)).tolist()


def test_filling_takes_the_near_side():
    colours = np.zeros((16, 64, 4), np.uint8)
    colours[:, :8], colours[:, -8:] = (255, 0, 0, 255), (0, 0, 255, 255)
    full = fill_unknown(colours)
    assert (full[:, 8:16, 0] > full[:, 8:16, 2]).all() and (full[:, 48:56, 2] > full[:, 48:56, 0]).all()


def test_preview_recovers_a_linear_encoder():
    """For an encoder that is linear in the mean colour of a cell, the fitted map is its inverse."""
    mix = torch.randn((4, 3), generator=torch.Generator().manual_seed(0))

    def encode(pictures):
        return torch.einsum("kc,bchw->bkhw", mix, torch.nn.functional.avg_pool2d(pictures, 8))

    picture = colour_fields(count=1, seed=99)
    painted = apply_preview_map(fit_preview_map(encode), encode(picture)[0]).float() / 127.5 - 1
    wanted = torch.nn.functional.avg_pool2d(picture, 8)[0].movedim(0, -1)
    assert (painted - wanted).abs().max() < 0.02


@pytest.mark.parametrize("rows", [[[1, 2, 3]] * 8, [[1, 2]] * 9, "red", [[1, 2, float("nan")]] * 9])
def test_a_model_brings_its_own_preview_or_says_what_is_wrong_with_it(depth_folder: Path, tmp_path: Path, rows) -> None:
    folder = Path(shutil.copytree(depth_folder, tmp_path / "model"))
    facts = json.loads((folder / OWN).read_text())
    mine = [[0.1 * k, 0.0, -0.5] for k in range(9)]
    (folder / OWN).write_text(json.dumps(facts | {"preview": mine}))
    assert torch.equal(load_model(folder, "cpu").linear_preview, torch.tensor(mine))
    (folder / OWN).write_text(json.dumps(facts | {"preview": rows}))
    with pytest.raises(InputError, match=r"preview must be|NaN is no number"):
        load_model(folder, "cpu")


def test_the_embedded_models_quick_preview_shows_the_colours_that_its_decoder_does() -> None:
    """Of pictures that the map wasn't fitted to."""
    model = load_model(None, "cpu")
    latents = model.encode_tensor(plain_views(4, 12)[0].images / 127.5 - 1)
    wanted = torch.nn.functional.avg_pool2d(model.decode_tensor(latents), 8).movedim(1, -1)
    shown = torch.stack([apply_preview_map(model.linear_preview, x) for x in latents]) / 127.5 - 1
    unexplained = (shown - wanted).square().mean() / (wanted - wanted.mean((0, 1, 2))).square().mean()
    assert unexplained < 0.35  # 0.65 with a map fitted to the encoder


def test_previews_of_fast_and_slow_decoders(own, monkeypatch):
    latents = torch.zeros((8, 16, 24))
    assert own.preview(latents).shape == (64, 96, 3)  # every second latent pixel, decoded
    monkeypatch.setitem(own.__dict__, "decodes_fast", False)
    assert own.preview(latents).shape == (16, 24, 3)  # one pixel for each, by the linear map


def test_large_pictures_go_through_the_vae_in_tiles(sd1_folder, monkeypatch):
    """No piece is larger than a tile; what is small enough goes through whole, bit for bit, before and after."""
    model = load_model(sd1_folder, "cpu")
    latents = torch.randn((1, 4, 24, 40), generator=torch.Generator().manual_seed(0))
    whole = model.decode_tensor(latents)
    seen = []
    model.vae.decoder.register_forward_pre_hook(lambda _, inputs: seen.append(tuple(inputs[0].shape[-2:])))
    monkeypatch.setattr("diffusion.models.codec.TILED", 128 * 128)
    monkeypatch.setattr("diffusion.models.codec.TILE", 128)
    tiled = model.decode_tensor(latents)
    assert tiled.shape == whole.shape and len(seen) > 1 and max(max(shape) for shape in seen) == 16
    assert (tiled - whole).abs().mean() < 0.1 * whole.std()
    assert model.encode_tensor(whole.clamp(-1, 1)).shape == latents.shape
    seen.clear()
    small = latents[..., :8, :8]
    assert torch.equal(model.decode_tensor(small), load_model(sd1_folder, "cpu").decode_tensor(small))
    assert seen == [(8, 8)]


def test_an_autoencoder_in_stable_diffusion_1s_own_old_words(sd1_folder, tmp_path):
    """Its published folder is older than diffusers' present names of attention."""
    from safetensors.torch import load_file, save_file

    folder = shutil.copytree(sd1_folder, tmp_path / "old")
    weights = folder / "vae" / "diffusion_pytorch_model.safetensors"
    words = {".to_q.": ".query.", ".to_k.": ".key.", ".to_v.": ".value.", ".to_out.0.": ".proj_attn."}
    tensors = load_file(weights)
    for new, old in words.items():
        tensors = {name.replace(new, old): tensor for name, tensor in tensors.items()}
    assert any(".query." in name for name in tensors)
    save_file(tensors, weights)
    latents = torch.randn((1, 4, 8, 8), generator=torch.Generator().manual_seed(0))
    old, new = (load_model(f, "cpu") for f in (folder, sd1_folder))
    assert torch.equal(old.decode_tensor(latents), new.decode_tensor(latents)) and old.space == new.space


def test_a_model_of_an_earlier_version_says_what_to_use() -> None:
    with pytest.raises(InputError, match="embedded-fast is no longer needed"):
        load_model("embedded-fast", "cpu")
