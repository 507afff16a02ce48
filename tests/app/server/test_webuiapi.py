"""PyPI's client of A1111's API works against ours unchanged."""

from __future__ import annotations

import threading

import numpy as np
import pytest
import webuiapi
from PIL import Image

from app.server.backend import Backend
from tests.app.server.conftest import Client


@pytest.fixture
def api(client: Client, idle: None) -> webuiapi.WebUIApi:
    return webuiapi.WebUIApi(port=client.port, steps=2)


def test_text_to_image(api) -> None:
    made = api.txt2img(prompt="brick wall", seed=5, width=64, height=48, n_iter=2)
    assert [image.size for image in made.images] == [(64, 48), (64, 48)]
    assert made.info["all_seeds"] == [5, 6]
    assert "Steps: 2, Sampler: euler_ancestral" in made.info["infotexts"][0]
    again = api.txt2img(prompt="brick wall", seed=5, width=64, height=48)
    assert (np.asarray(again.image) == np.asarray(made.image)).all()
    other = api.txt2img(prompt="brick wall", seed=5, width=64, height=48, sampler_name="DPM++ 2M Karras")
    assert (np.asarray(other.image) != np.asarray(made.image)).any()


def test_the_second_pass_enlarges(api) -> None:
    assert api.txt2img(prompt="wall", width=32, height=32, enable_hr=True, hr_scale=2).image.size == (64, 64)


def test_image_to_image(api) -> None:
    red = Image.new("RGB", (40, 20), "red")
    for mode in range(4):
        made = api.img2img(images=[red], prompt="wall", width=48, height=32, resize_mode=mode, denoising_strength=0.5)
        assert made.image.size == (48, 32)


@pytest.mark.parametrize("fill", range(4))
def test_inpainting_keeps_what_is_not_masked(api, fill: int) -> None:
    picture, mask = Image.new("RGB", (96, 64), "red"), Image.new("L", (96, 64), 0)
    mask.paste(255, (8, 8, 24, 24))
    for whole in (True, False):
        made = api.img2img(
            images=[picture], mask_image=mask, mask_blur=2, prompt="moss", width=96, height=64,
            inpainting_fill=fill, inpaint_full_res=whole, denoising_strength=1.0,
        )  # fmt: skip
        pixels = np.asarray(made.image.convert("RGB"))
        assert (pixels[:, 48:] == (255, 0, 0)).all()
        assert (pixels[10:22, 10:22] != (255, 0, 0)).any()
    turned = api.img2img(
        images=[picture], mask_image=mask, inpainting_mask_invert=1, prompt="moss", width=96, height=64, mask_blur=0
    )
    assert (np.asarray(turned.image)[:, 60:] != (255, 0, 0)).any()


def test_png_info_and_upscaling(api) -> None:
    made = api.txt2img(prompt="brick wall", seed=5, width=32, height=32)
    assert api.png_info(made.image).info.startswith("brick wall\nSteps: 2")
    assert api.png_info(Image.new("RGB", (8, 8))).info == ""
    assert api.extra_single_image(made.image, upscaler_1="Lanczos", upscaling_resize=3).image.size == (96, 96)
    learnt = api.extra_single_image(made.image, upscaler_1="Rayverie", upscaling_resize=3).image
    assert learnt.size == (96, 96)
    kept = api.extra_single_image(made.image, upscaler_1="None")
    assert (np.asarray(kept.image) == np.asarray(made.image)).all()
    sized = {"resize_mode": 1, "upscaling_resize_w": 50, "upscaling_resize_h": 60}
    assert api.extra_single_image(made.image, upscaler_1="Nearest", **sized).image.size == (50, 60)


def test_lists_and_options(api, backend: Backend) -> None:
    assert "Euler a" in api.util_get_sampler_names() and "karras" in api.util_get_scheduler_names()
    assert {up["name"] for up in api.get_upscalers()} >= {"None", "Rayverie", "Lanczos"}
    current = api.util_get_current_model()
    assert current in api.util_get_model_names() and backend.maker.model.id.rpartition("-")[0] in current
    api.util_set_model(current)
    api.util_wait_for_ready(check_interval=0.1)
    assert api.refresh_checkpoints() is None
    for name in ("loras", "embeddings", "scripts", "memory", "cmd_flags", "sd_vae", "prompt_styles", "hypernetworks"):
        getattr(api, f"get_{name}")()


def test_a_run_is_watched_and_interrupted(api, backend: Backend) -> None:
    failed: list[BaseException] = []

    def work() -> None:
        try:
            api.txt2img(prompt="brick wall", steps=150, width=256, height=256)
        except RuntimeError as error:
            failed.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    other = webuiapi.WebUIApi(port=int(api.baseurl.split(":")[2].split("/")[0]))
    while not (found := other.get_progress())["progress"] or not found["current_image"]:
        assert thread.is_alive()
    assert 0 < found["progress"] < 1 and found["state"]["sampling_steps"] == 150 and found["eta_relative"] > 0
    other.interrupt()
    thread.join(60)
    assert failed and failed[0].args[0] == 422 and "interrupted" in failed[0].args[1]
    assert other.get_progress()["progress"] == 0


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"sampler_name": "PLMS"}, "sampler_name is 'PLMS'"),
        ({"scheduler": "turbo"}, "scheduler is 'turbo'"),
        ({"script_name": "x/y plot"}, "there are no scripts here"),
        ({"alwayson_scripts": {"ControlNet": {"args": [{"image": "x"}]}}}, "there are no scripts here"),
        ({"n_iter": 5}, "at most 4 pictures"),
        ({"steps": 0}, "steps is 0"),
        ({"width": 100_000}, "--size"),
        ({"cfg_scale": 1000}, "scale is 1000"),
    ],
)
def test_what_is_not_there_is_said(api, change: dict, words: str) -> None:
    with pytest.raises(RuntimeError) as refused:
        api.txt2img(**{"prompt": "wall", "width": 32, "height": 32} | change)
    assert refused.value.args[0] == 422 and words in refused.value.args[1]
