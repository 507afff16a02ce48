"""Values in requests: whatever they are, the answer is a sentence; nothing runs out of memory, room or words."""

from __future__ import annotations

import base64
import io
import json
import re
import threading
from pathlib import Path

import pytest
from PIL import Image

from app.server.backend import Backend
from app.server.pictures import PictureStore
from app.server.worlds import WorldNote, Worlds
from base.errors import InputError
from tests.app.server.conftest import Client, png

NAN, INFINITE = float("nan"), float("inf")
INIT = {"prompt": "x", "init_images": [png()], "steps": 1}
HIRES = {"prompt": "x", "steps": 1, "width": 32, "height": 32, "enable_hr": True}
SCENE = (Path(__file__).parents[3] / "scenes/builtin/hamlet/materials.yaml").read_text()


def wide(width: int, height: int = 1) -> str:
    target = io.BytesIO()
    Image.new("1", (width, height)).save(target, "PNG")
    return base64.b64encode(target.getvalue()).decode()


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("/sdapi/v1/img2img", INIT | {"width": 100_000, "height": 100_000}, "--size"),
        ("/sdapi/v1/img2img", INIT | {"width": -8}, "--size"),
        ("/sdapi/v1/img2img", INIT | {"mask": png(), "mask_blur": NAN}, "mask_blur"),
        ("/sdapi/v1/img2img", INIT | {"mask": png(), "mask_blur": 1e9}, "mask_blur"),
        ("/sdapi/v1/img2img", INIT | {"mask": png(), "mask_blur": -4}, "mask_blur"),
        ("/sdapi/v1/img2img", INIT | {"denoising_strength": NAN}, "strength"),
        ("/sdapi/v1/img2img", INIT | {"inpainting_fill": 9, "mask": png()}, "inpainting_fill"),
        ("/sdapi/v1/txt2img", HIRES | {"hr_scale": NAN}, "hr_scale"),
        ("/sdapi/v1/txt2img", HIRES | {"hr_resize_x": -5}, "size"),
        ("/sdapi/v1/txt2img", HIRES | {"hr_resize_x": 10**9}, "size"),
        ("/sdapi/v1/txt2img", HIRES | {"hr_second_pass_steps": -1}, "steps"),
        ("/sdapi/v1/txt2img", HIRES | {"denoising_strength": 7}, "strength"),
        ("/sdapi/v1/txt2img", {"prompt": "x", "cfg_scale": INFINITE}, "scale"),
        ("/sdapi/v1/txt2img", {"prompt": "x", "steps": 10**30}, "steps"),
        ("/sdapi/v1/txt2img", {"prompt": "x", "width": 10**30}, "size"),
        ("/sdapi/v1/txt2img", {"prompt": "moss <lora:moss:0.5>"}, "prompt"),
        ("/sdapi/v1/extra-single-image", {"image": png(), "upscaling_resize": NAN}, "upscaling_resize"),
        (
            "/sdapi/v1/extra-single-image",
            {"image": png(), "resize_mode": 1, "upscaler_1": "Lanczos", "upscaling_resize_w": 0},
            "size",
        ),
        ("/v1/generate", {"prompt": "x", "size": [100_000, 100_000]}, "--size"),
        ("/v1/generate", {"prompt": "x", "size": [4096, 4096]}, "size"),
        ("/v1/upscale", {"picture": png(), "size": [4096, 4096], "upscaler": "Dream"}, "size"),
        ("/sdapi/v1/txt2img", HIRES | {"hr_resize_x": 4096, "hr_resize_y": 2048}, "size"),
        ("/v1/generate", {"prompt": "x", "size": [64]}, "size"),
        ("/v1/generate", {"prompt": "x", "dream": {"scale": "0:7, nan:3"}}, "scale"),
        ("/v1/generate", {"prompt": "x", "dream": {"scale": NAN}}, "scale"),
        ("/v1/generate", {"prompt": "moss <style:/etc/passwd:0.5>"}, "prompt"),
        ("/v1/generate", {"prompt": "x", "dream": {"further": ["moss <lora:moss>:0.5"]}}, "prompt"),
        ("/v1/generate", {"prompt": "x", "dream": {"steps": 4, "end_at": 9}}, "--end-at"),
        ("/v1/upscale", {"picture": png(), "size": [10**9, 10**9]}, "size"),
        ("/v1/upscale", {"picture": png(), "upscaler": "x" * 5000}, "upscaler"),
        ("/v1/generate", {"prompt": "wall", "size": [4096, 1024], "upscale": 4}, "upscale"),
        ("/v1/generate", {"prompt": "wall", "upscaler": "/etc/passwd"}, "upscaler"),
        ("/v1/pictures", {"data": wide(20_000)}, "data"),
        ("/v1/scenes", {"map": png(), "materials": "materials: [" * 1000}, "materials.yaml"),
        ("/v1/scenes", {"map": wide(5000, 5000), "materials": SCENE}, "map.png"),
        ("/v1/scenes", {"map": png(), "materials": SCENE.replace("prompt: ", "prompt: <style:map.png> ")}, "style"),
        ("/v1/worlds", {"scene": "hamlet", "paint": {"coverage": NAN}}, "coverage"),
        ("/v1/worlds", {"scene": "hamlet", "dream": {"seed": 1e400}}, "seed"),
    ],
    ids=lambda value: json.dumps(value)[-60:] if isinstance(value, dict) else str(value),
)
def test_values_that_mean_nothing_are_one_sentence(client: Client, path: str, body: dict, field: str) -> None:
    before = len(client.backend.jobs.all())
    detail = client.json("POST", path, body, 422)["detail"]
    assert field in detail and detail.endswith(".") and "\n" not in detail and len(detail) < 1000
    assert len(client.backend.jobs.all()) == before


@pytest.mark.parametrize("text", [r'"\ud800"', r'"a\ud83e b"', "1" * 5000, "1e999999", '{"a":' * 500, "nul", '"\x01"'])
def test_json_that_is_none_is_refused(client: Client, text: str) -> None:
    for path in ("/v1/generate", "/sdapi/v1/txt2img", "/v1/match"):
        status, data = client.ask("POST", path, b'{"prompt": ' + text.encode() + b"}")
        assert status in (400, 422) and "detail" in json.loads(data)


def test_sentences_name_no_folder_of_this_machine(client: Client, backend: Backend) -> None:
    id = client.json("POST", "/v1/scenes", {"map": png((8, 8)), "materials": SCENE}, 201)["id"]
    world = client.json("POST", "/v1/worlds", {"scene": id}, 201)["id"]
    file = next(backend.worlds._scenes.rglob(f"{id}/materials.yaml"))
    file.write_text("materials: 3")
    backend.worlds.file(world).write_bytes(b"no world")
    for path in (f"/v1/scenes/{id}", "/v1/scenes"):
        assert str(backend.worlds._scenes) not in json.dumps(client.ask("GET", path)[1].decode())
    assert client.ask("GET", f"/v1/scenes/{id}")[0] == 422
    job = client.finish(f"/v1/worlds/{world}/render", {"camera": {"position": [1, 2, 3]}, "size": [16, 16]})
    assert job["state"] == "failed" and not re.search(r"internal|/\w+/", job["error"]), job
    assert client.finish(f"/v1/worlds/{world}", method="DELETE")["state"] == "done"
    assert client.json("DELETE", f"/v1/scenes/{id}") == {}


PLACE = {"position": [1, 2, 3]}


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("dream", {"camera": PLACE, "views": 2}, "views"),
        ("dream", {"camera": PLACE, "until": 0.5}, "until"),
        ("dream", {"camera": PLACE | {"path": "orbit"}}, "camera.position"),
        ("dream", {"camera": {"path": "orbit", "yaw": 9}}, "camera.yaw"),
        ("render", {"camera": PLACE | {"seconds": 2}}, "camera.seconds"),
        ("render", {"camera": PLACE, "path": "orbit"}, "path"),
        ("render", {"camera": PLACE, "frames": 2}, "camera"),
        ("render", {"path": "orbit", "fps": 12}, "fps"),
    ],
)
def test_fields_that_would_do_nothing_are_refused(client: Client, path: str, body: dict, field: str) -> None:
    world = client.json("POST", "/v1/worlds", {"scene": "hamlet"}, 201)["id"]
    detail = client.json("POST", f"/v1/worlds/{world}/{path}", body, 422)["detail"]
    assert field in detail and "has no effect" in detail and detail.endswith(".")
    assert client.finish(f"/v1/worlds/{world}", method="DELETE")["state"] == "done"


def test_a_world_that_was_deleted_meanwhile_is_a_sentence(client: Client, backend: Backend, idle: None) -> None:
    world = client.json("POST", "/v1/worlds", {"scene": "hamlet"}, 201)["id"]
    gate = threading.Event()
    backend.worlds.lane.submit(gate.wait)
    jobs = [
        client.json("DELETE", f"/v1/worlds/{world}", None, 202)["id"],
        client.json("POST", f"/v1/worlds/{world}/dream", {"camera": {"position": [1, 2, 3]}}, 202)["id"],
    ]
    gate.set()
    assert all(backend.jobs.get(id).ended.wait(60) for id in jobs)  # type: ignore[union-attr]
    later = client.json("GET", f"/v1/jobs/{jobs[1]}")
    assert later["state"] == "failed" and "is gone" in later["error"]
    assert not list(backend.worlds._worlds.glob(f"{world}*"))


def test_worlds_and_scenes_are_bounded(backend: Backend, tmp_path: Path) -> None:
    worlds = Worlds(backend.maker, tmp_path, backend.worlds.lane, most=2)
    ids = [worlds.create(WorldNote()) for _ in range(2)]
    with pytest.raises(InputError, match="2 worlds"):
        worlds.create(WorldNote())
    assert sorted(ids) == worlds.worlds()
    map = backend.store.take(png((8, 8)), "map")
    for _ in range(2):
        worlds.add_scene(map, SCENE)
    with pytest.raises(InputError, match="2 scenes"):
        worlds.add_scene(map, SCENE)


def test_pictures_are_bounded_in_number_and_size(tmp_path: Path) -> None:
    store = PictureStore(tmp_path, 3, 1000)
    ids = [store.add(lambda path: path.write_bytes(bytes(400)), ".bin") for _ in range(4)]
    assert [store.find(id) is not None for id in ids] == [False, False, True, True]
    large = store.add(lambda path: path.write_bytes(bytes(4000)), ".bin")  # what was just made is there
    assert [store.find(id) is not None for id in (*ids, large)] == [False] * 4 + [True]
    assert len(list(tmp_path.iterdir())) == 1


def test_a_large_picture_is_opened_smaller(backend: Backend) -> None:
    assert backend.store.open(backend.store.take(wide(8000, 2), "init")).size == (4096, 1)
